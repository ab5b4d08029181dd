"""Files of instruments and drive cycles: whatever bytes they hold there is a record of numbers, or a refusal."""

from pathlib import Path

import fuzzing
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import cellsim as cs
from cellsim.fitting.spectra import UnreadableSpectrum, load_spectra
from cellsim.protocols.files import UnreadableProfile, profile_in

N = 24
T = [10.0 * k for k in range(N)]
I = [0.0 if k < 5 or k > 18 else 2.0 for k in range(N)]
V = [3.9 - 0.002 * k - 0.02 * i for k, i in zip(range(N), I, strict=True)]


def table(header: str, mark: str, *columns: list) -> str:
    rows = [mark.join(map(str, row)) for row in zip(*columns, strict=True)]
    return "\n".join([header.replace(",", mark), *rows, ""])


def clock(t: float) -> str:
    return f"{int(t) // 3600:02d}:{int(t) // 60 % 60:02d}:{int(t) % 60:02d}"


CHARGED = [-i for i in I]
STATES = ["D" if i else "R" for i in I]
RECORDS = {
    "plain": table("time_s,current_A,voltage_V", ",", T, I, V),
    "decimal commas": table("Zeit/s,I/mA,U/V", ";", T, [1e3 * i for i in CHARGED], V).replace(".", ","),
    "clock": table("time,current(mA),voltage(V),step", "\t", [clock(t) for t in T], [1e3 * i for i in I], V, STATES),
    "maccor": "Today's Date 03/02/2024\n"
    + table("Rec#,Cyc#,Step,Test (Sec),Step (Sec),Amps,Volts,State", "\t", T, [1] * N, [1] * N, T, T, I, V, STATES),
    "arbin": table("Test_Time(s),Cycle_Index,Step_Index,Current(A),Voltage(V)", ",", T, [1] * N, [1] * N, CHARGED, V),
    "biologic": "EC-Lab ASCII FILE\nNb header lines : 3\n" + table("time/s,Ecell/V,I/mA", "\t", T, V, CHARGED),
}
BINARY = (b"PK\x03\x04", b"PAR1", b"BIO-LOGIC MODULAR FILE\x1a", b"NEWARE", b"\xd0\xcf\x11\xe0")
BINARY = (*BINARY, b"\xff\xfe", b"\x80\x04\x95", b"")
MARKS = st.sampled_from((*(bytes([k]) for k in b',;\t"\n\r\0#-\xff'), b"nan", b"1e999", b"1.234,5"))


@st.composite
def spoiled(draw: st.DrawFn, content: bytes) -> bytes:
    """Bytes of which some are taken out, doubled, replaced, moved or written in another encoding."""
    for _ in range(draw(st.integers(1, 5))):
        i = draw(st.integers(0, len(content)))
        j = draw(st.integers(i, min(i + 40, len(content))))
        match draw(st.sampled_from(("remove", "insert", "any", "double", "cut", "swap", "encode"))):
            case "remove":
                content = content[:i] + content[j:]
            case "insert":
                content = content[:i] + draw(MARKS) + content[i:]
            case "any":
                content = content[:i] + draw(st.binary(max_size=8)) + content[j:]
            case "double":
                content = content[:j] + content[i:]
            case "cut":
                content = content[:i]
            case "swap":
                mark, other = draw(MARKS), draw(MARKS)
                content = content.replace(mark, other)
            case "encode":
                known = draw(st.sampled_from(("utf-16", "utf-16-le", "utf-8-sig", "utf-32")))
                content = content.decode("latin-1").encode(known)
    return content


def read(content: bytes, file: Path) -> None:
    file.write_bytes(content)
    try:
        record = cs.read_record(file)
    except cs.UnreadableRecord as error:
        assert "a.csv" in str(error)
    else:
        assert len(record) >= 2 and np.all(np.diff(record.t) > 0)
        assert all(np.isfinite(x).all() for x in (record.t, record.I, record.V))
        assert record.T is None or not np.isinf(record.T).any()


@pytest.mark.parametrize("kind", RECORDS)
def test_the_records_that_are_spoiled_are_read_whole(kind, tmp_path):
    (tmp_path / "a.csv").write_text(RECORDS[kind], encoding="utf-8")
    record = cs.read_record(tmp_path / "a.csv")
    assert len(record) == N and record.V[0] == pytest.approx(3.9)


@fuzzing.examples(600)
@given(content=st.one_of(*(spoiled(text.encode()) for text in RECORDS.values())))
def test_a_spoiled_record_is_read_or_refused(content, tmp_path):
    read(content, tmp_path / "a.csv")


@fuzzing.examples(200)
@given(content=st.builds(lambda a, b: a + b, st.sampled_from(BINARY), st.binary(max_size=300)))
@example(content=b"\n" * 100_000)
@example(content=b"1," * 100_000)
def test_any_bytes_are_a_record_or_refused(content, tmp_path):
    read(content, tmp_path / "a.csv")


@fuzzing.examples(250)
@given(content=spoiled(table("time_s,current_A", ",", T, I).encode()))
def test_a_spoiled_drive_cycle_is_read_or_refused(content, tmp_path):
    (tmp_path / "a.csv").write_bytes(content)
    try:
        profile = profile_in(tmp_path, "a.csv").profile
    except UnreadableProfile as error:
        assert "a.csv" in str(error)
    else:
        assert np.isfinite(np.asarray(profile.t)).all() and np.isfinite(np.asarray(profile.values)).all()


@fuzzing.examples(250)
@given(content=spoiled(table("freq/Hz,Re(Z)/Ohm,-Im(Z)/Ohm", "\t", [2.0**k for k in range(N)], V, I).encode()))
def test_a_spoiled_spectrum_is_read_or_refused(content, tmp_path):
    (tmp_path / "a.mpt").write_bytes(content)
    try:
        spectra = load_spectra(tmp_path / "a.mpt")
    except UnreadableSpectrum as error:
        assert "a.mpt" in str(error)
    else:
        assert all(np.isfinite(np.asarray(each.Z)).all() for each in spectra)
