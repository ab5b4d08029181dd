"""Every format that is known: what an instrument of it would write of one and the same test is read back."""

import dataclasses
import datetime
import io
import json
import struct
import subprocess
import sys

import numpy as np
import pytest

import cellsim as cs
from cellsim import output
from cellsim.fitting.readers import format as formats_module
from cellsim.fitting.readers import formats
from cellsim.fitting.readers.format import Format
from cellsim.fitting.readers.names import lacks
from cellsim.fitting.readers.sample import Sample


def truth():
    """A rest, a discharge at 2.5 A, a rest, a charge at 1.25 A with a hold at its end, and a rest."""
    t = np.arange(0.0, 700.0, 10.0)
    I = np.zeros_like(t)
    I[(t >= 60) & (t < 300)] = 2.5
    I[(t >= 360) & (t < 540)] = -1.25
    I[(t >= 540) & (t < 600)] = -1.25 * np.exp(-(t[(t >= 540) & (t < 600)] - 530) / 40)
    Q = np.concatenate([[0.0], np.cumsum(np.diff(t) * I[1:])]) / 3600
    V = 3.9 - 0.8 * Q - 0.02 * I
    V[(t >= 540) & (t < 600)] = V[53]
    step = np.select([t < 60, t < 300, t < 360, t < 600], [1, 2, 3, 4], 5)
    return cs.Record(t, I, V, 298.15 + 0.1 * np.abs(I), step, np.where(t < 360, 1, 2))


TRUTH = truth()
STATES = np.select([TRUTH.I > 0, TRUTH.I < 0], ["D", "C"], "R")
START = np.datetime64("2024-03-01T12:00:00")


def lines(header, *columns, mark=","):
    """Text with a header and these columns, the numbers to their last digit."""
    text = lambda x: x if isinstance(x, str) else repr(x.item() if isinstance(x, np.generic) else x)
    rows = [mark.join(text(x) for x in row) for row in zip(*columns, strict=True)]
    return "\n".join([header, *rows, ""])


def stamps(form="%Y-%m-%d %H:%M:%S"):
    return [(START + np.timedelta64(int(t), "s")).item().strftime(form) for t in TRUTH.t]


def charges():
    """What was taken in and given off until each row [A.h]."""
    dt = np.diff(TRUTH.t, prepend=0.0)
    return np.cumsum(np.maximum(-TRUTH.I, 0) * dt) / 3600, np.cumsum(np.maximum(TRUTH.I, 0) * dt) / 3600


def step_time():
    starts = {n: TRUTH.t[TRUTH.step == n][0] for n in range(1, 6)}
    return TRUTH.t - np.array([starts[n] for n in TRUTH.step])


def plain():
    r = TRUTH
    columns = (r.t / 3600, -1e3 * r.I, 1e3 * r.V, r.T - 273.15, r.step, r.cycle)
    return "a.csv", lines("elapsed time (h);I [mA];U/mV;Temp_C;step;cycle", *columns, mark=";")


def bdf():
    r = TRUTH
    header = "Test Time / s,Voltage / V,Current / A,Ambient Temperature / degC,Step Index / 1,Cycle Count / 1"
    return "a.bdf.csv", lines(header, r.t, r.V, -r.I, r.T - 273.15, r.step, r.cycle)


def maccor():
    r = TRUTH
    head = "Today's Date 03/02/2024  Date of Test:\t03/01/2024\t Filename:\tC:\\Data\\a.001\n"
    header = "Rec#\tCyc#\tStep\tTest (Min)\tStep (Min)\tAmp-hr\tWatt-hr\tAmps\tVolts\tState\tES\tDPt Time\tTemp 1"
    zero = np.zeros(len(r))
    columns = (np.arange(1, len(r) + 1), r.cycle, r.step, r.t / 60, step_time() / 60, zero, zero, np.abs(r.I), r.V)
    return "a.001", head + lines(header, *columns, STATES, zero, stamps("%m/%d/%Y %H:%M:%S"), r.T - 273.15, mark="\t")


def arbin():
    r = TRUTH
    header = (
        "Data_Point,Date_Time,Test_Time(s),Step_Time(s),Cycle_Index,Step_Index,Current(A),Voltage(V),"
        "Charge_Capacity(Ah),Discharge_Capacity(Ah),Aux_Temperature_1(C)"
    )
    columns = (np.arange(len(r)), stamps(), r.t, step_time(), r.cycle, r.step, -r.I, r.V, *charges(), r.T - 273.15)
    return "a.csv", lines(header, *columns)


def clock(seconds):
    return [f"{int(s // 3600):02d}:{int(s // 60) % 60:02d}:{int(s) % 60:02d}" for s in seconds]


def neware():
    r = TRUTH
    names = {"D": "CC DChg", "C": "CCCV Chg", "R": "Rest"}
    header = "DataPoint,Cycle Index,Step Index,Step Type,Time,Total Time,Current(mA),Voltage(V),Date,T1(?)"
    columns = (np.arange(len(r)), r.cycle, r.step, [names[s] for s in STATES], clock(step_time()), clock(r.t))
    return "a.csv", lines(header, *columns, -1e3 * r.I, r.V, stamps(), r.T - 273.15)


def neware_binary():
    """What the package makes of a file stands in for one: the reader begins where the package ends."""
    return "a.nda", b"NEWARE" + bytes(64)


def neware_frame():
    import pandas as pd

    r = TRUTH
    names = {"D": "CC_DChg", "C": "CC_Chg", "R": "Rest"}
    columns = {
        "Index": np.arange(len(r)),
        "Cycle": r.cycle,
        "Step": r.step,
        "Status": [names[s] for s in STATES],
        "Time": r.t,
        "Voltage": r.V,
        "Current(mA)": -1e3 * r.I,
        "Timestamp": pd.to_datetime(stamps()),
        "T1": r.T - 273.15,
    }
    return pd.DataFrame(columns)


def biologic():
    r = TRUTH
    head = "EC-Lab ASCII FILE\nNb header lines : 5\n\nAcquisition started on : 03/01/2024 12:00:00.000\n"
    columns = (np.zeros(len(r)), r.step, r.t, r.V, -1e3 * r.I, r.cycle, r.T - 273.15)
    header = "mode\tNs\ttime/s\tEcell/V\tI/mA\tcycle number\tTemperature/°C"
    text = head + lines(header, *columns, mark="\t")
    return "a.mpt", text.replace(".", ",").replace("03/01/2024 12:00:00,000", "03/01/2024 12:00:00.000").encode(
        "latin-1"
    )


def mpr(types, columns, kinds):
    """A modular file of BioLogic's in the layout that galvani reads."""

    def module(name, version, data):
        head = struct.pack("<10s25sII8s", name.ljust(10), name.ljust(25), len(data), version, b"03/01/24")
        return b"MODULE" + head + data

    rows = np.zeros(len(TRUTH), dtype=[(str(k), kind) for k, kind in enumerate(kinds)])
    for k, column in enumerate(columns):
        rows[str(k)] = column
    head = struct.pack("<IB", len(TRUTH), len(types)) + struct.pack(f"<{len(types)}H", *types)
    data = head.ljust(405, b"\x00") + rows.tobytes()
    magic = b"BIO-LOGIC MODULAR FILE\x1a".ljust(48) + bytes(4)
    return magic + module(b"VMP Set", 0, b"") + module(b"VMP data", 2, data)


def biologic_binary():
    r = TRUTH
    columns = (r.t, r.V, -1e3 * r.I, r.cycle, r.step, r.T - 273.15)
    return "a.mpr", mpr((4, 6, 11, 24, 131, 462), columns, ("<f8", "<f4", "<f8", "<f8", "<u2", "<f4"))


def basytec():
    r = TRUTH
    head = "~Resultfile from Basytec Battery Test System\n~Start of Test: 01.03.2024 12:00:00\n~\n"
    names = {"D": "Discharge", "C": "Charge", "R": "Pause"}
    columns = (r.t, np.arange(len(r)), r.step, [names[s] for s in STATES], r.V, -r.I, r.T - 273.15, r.cycle)
    header = "~Time[s]\tDataSet\tLine\tCommand\tU[V]\tI[A]\tT1[°C]\tCyc-Count"
    return "a.txt", (head + lines(header, *columns, mark="\t")).encode("latin-1")


def digatron():
    r = TRUTH
    names = {"D": "DCH", "C": "CHA", "R": "PAU"}
    head = "\n\nMeasurement ID,6310\nBattery Name,A cell\nProgram,189 - rate\n\n"
    header = "Step,Status,Step Time,Prog Time,Cycle,Procedure,Voltage,Current,AhAccu,LogTemp001,"
    units = "[],[],[ss.xxx],[ss.xxx],[],[],[V],[A],[Ah],[T1],\n"
    status, words, end = [names[s] for s in STATES], ["rate"] * len(r), [""] * len(r)
    columns = (r.step, status, step_time(), r.t, r.cycle, words, r.V, -r.I, np.zeros(len(r)), r.T - 273.15, end)
    text = head + lines(header, *columns)
    return "a.csv", text.replace(header + "\n", header + "\n" + units)


def bitrode():
    r = TRUTH
    names = {"D": "DCHG", "C": "CHRG", "R": "REST"}
    header = "Exclude,Time(s),Cycle,Loop,Loop,Loop,Step,StepTime(s),Current(A),Voltage(V),Mode,Temperature(C),"
    one, words = np.ones(len(r), dtype=int), [names[s] for s in STATES]
    columns = (["No"] * len(r), r.t, r.cycle, one, one, one, r.step, step_time(), -r.I, r.V, words, r.T - 273.15)
    return "a.csv", lines(header, *columns, [""] * len(r))


def novonix():
    r = TRUTH
    head = "[Summary]\nNovonix UHPC data file\nCapacity (Ah): 5\n[End Summary]\n[Data]\n"
    header = "Date and Time,Cycle Number,Step Type,Run Time (h),Current (A),Potential (V),Temperature (°C),Step Number"
    columns = (stamps(), r.cycle, np.ones(len(r), dtype=int), r.t / 3600, -r.I, r.V, r.T - 273.15, r.step)
    return "a.csv", head + lines(header, *columns)


def pec():
    r = TRUTH
    head = "Request Year:,2019\nTestRegime Name:,rate\n#RESULTS CHECK\n2019,187,1,1,3272,3,\n#END RESULTS CHECK\n"
    header = (
        "Test,Cell,Step,Cycle,Total Time (Seconds),Real Time,Voltage (mV),Current (mA),Cell surface temperature (°C),"
    )
    test, cell = np.full(len(r), 187), ["SBT0550"] * len(r)
    columns = (test, cell, r.step, r.cycle, r.t, stamps("%m/%d/%Y %H:%M:%S"), 1e3 * r.V, -1e3 * r.I, r.T - 273.15)
    return "a.csv", head + lines(header, *columns, [""] * len(r))


def parquet():
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    r, file = TRUTH, io.BytesIO()
    columns = {"Time": r.t, "Amps": -r.I, "Volts": r.V, "Temperature K": r.T, "Step": r.step, "Cycle": r.cycle}
    pq.write_table(pa.table({**columns, "remark": ["x"] * len(r)}), file)
    return "a.parquet", file.getvalue()


def excel():
    openpyxl = pytest.importorskip("openpyxl")
    r, file = TRUTH, io.BytesIO()
    book = openpyxl.Workbook()
    book.active.title = "Info"
    book.active.append(["a test of a cell"])
    half = len(r) // 2
    for name, rows in (("Channel_1_1", range(half)), ("Channel_1_2", range(half, len(r)))):
        sheet = book.create_sheet(name)
        sheet.append(["Date_Time", "Test_Time(s)", "Step_Index", "Cycle_Index", "Current(A)", "Voltage(V)", "Temp(K)"])
        for k in rows:
            moment = (START + np.timedelta64(int(r.t[k]), "s")).item()
            numbers = [r.t[k], int(r.step[k]), int(r.cycle[k]), -r.I[k], r.V[k], r.T[k]]
            sheet.append([moment, *numbers])
    book.save(file)
    return "a.xlsx", file.getvalue()


EXAMPLES = {
    "plain": plain,
    "bdf": bdf,
    "maccor": maccor,
    "arbin": arbin,
    "neware": neware,
    "neware_binary": neware_binary,
    "biologic": biologic,
    "biologic_binary": biologic_binary,
    "basytec": basytec,
    "digatron": digatron,
    "bitrode": bitrode,
    "novonix": novonix,
    "pec": pec,
    "parquet": parquet,
    "excel": excel,
}
DIGITS = {"neware": 1e-12, "biologic_binary": 1e-6}  # volts of single precision


def put(folder, name, content):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.fixture
def example(tmp_path, monkeypatch):
    """The file of a format, and what reads it."""

    def made(name):
        if name == "neware_binary":
            package = pytest.importorskip("NewareNDA")
            monkeypatch.setattr(package, "read", lambda path, log_level: neware_frame())
        elif name == "biologic_binary":
            pytest.importorskip("galvani")
        if name == "bpx":
            return bpx_in(tmp_path)
        return put(tmp_path, *EXAMPLES[name]())

    return made


def bpx_in(folder):
    """A BPX file with two measured runs."""
    from cellsim.cells import bpx

    path = folder / "cell.json"
    bpx.write(cs.load_cell("Marquis2019"), path)
    contents = json.loads(path.read_text())
    keys = ("Time [s]", "Current [A]", "Voltage [V]", "Temperature [K]")
    run = dict(zip(keys, ((x.tolist()) for x in (TRUTH.t, -TRUTH.I, TRUTH.V, TRUTH.T)), strict=True))
    contents["Validation"] = {"the test": run}
    path.write_text(json.dumps(contents))
    return path


def test_every_format_of_the_library_has_an_example_here():
    assert sorted([*EXAMPLES, "bpx"]) == formats()


@pytest.mark.parametrize("name", formats())
def test_a_format_recognises_its_own_files_and_no_other_does(name, example):
    sample = Sample(example(name))
    found = formats_module.format_of(sample)
    assert found is formats_module.format_called(name, "")
    others = [other for other in formats() if other not in (name, "plain")]
    assert not [other for other in others if formats_module.format_called(other, "").recognises(sample)]


@pytest.mark.parametrize("name", formats())
def test_the_record_in_a_file_of_each_format_is_the_one_that_was_measured(name, example):
    record = cs.read_record(example(name))
    tolerance = DIGITS.get(name, 1e-12)
    np.testing.assert_allclose(record.t, TRUTH.t, atol=1e-9)
    np.testing.assert_allclose(record.I, TRUTH.I, atol=tolerance)
    np.testing.assert_allclose(record.V, TRUTH.V, atol=tolerance)
    np.testing.assert_allclose(record.T, TRUTH.T, atol=1e3 * tolerance if name == "biologic_binary" else 1e-9)
    if name != "bpx":  # the standard numbers no steps
        np.testing.assert_array_equal(record.step, TRUTH.step)
        np.testing.assert_array_equal(record.cycle, TRUTH.cycle)
    assert record.said[0] == f"Read as {formats_module.format_called(name, '').name}."
    assert any("sign" in line or "positive on" in line for line in record.said)


@pytest.mark.parametrize("name", formats())
def test_a_format_says_what_it_is_and_finds_its_columns(name, example):
    found = formats_module.format_called(name, "")
    assert isinstance(found, Format) and found.name and found.current_sign in (-1, 0, 1)
    assert not lacks(found.table(Sample(example(name))), found)


def test_a_format_can_be_said(example):
    path = example("maccor")
    np.testing.assert_array_equal(cs.read_record(path, format="Maccor").I, cs.read_record(path).I)
    with pytest.raises(cs.UnreadableRecord, match=r"no format 'macor'.* Did you mean 'maccor'\?"):
        cs.read_record(path, format="macor")


def test_a_record_that_was_written_is_read_back_to_its_last_digits(tmp_path):
    output.write_record(TRUTH, tmp_path / "record.csv")
    record = cs.read_record(tmp_path / "record.csv")
    for key in ("t", "I", "V", "T", "step", "cycle"):
        np.testing.assert_allclose(getattr(record, key), getattr(TRUTH, key), rtol=1e-11)


def test_the_steps_of_a_record_without_numbers_or_temperature_are_written_as_they_are_recognised(tmp_path):
    bare = dataclasses.replace(TRUTH, T=None, step=None, cycle=None)
    output.write_record(bare, tmp_path / "record.csv")
    record = cs.read_record(tmp_path / "record.csv")
    assert record.T is None
    assert len(set(record.step.tolist())) == len(bare.steps)
    np.testing.assert_allclose(record.V, bare.V, rtol=1e-11)


def test_a_file_of_biologic_without_a_current_has_that_of_its_charges(tmp_path):
    pytest.importorskip("galvani")
    r = TRUTH
    charge = -r.I * np.diff(r.t, prepend=0.0) / 3.6  # mA.h since the row above
    content = mpr((4, 6, 7), (r.t, r.V, charge), ("<f8", "<f4", "<f8"))
    record = cs.read_record(put(tmp_path, "a.mpr", content))
    assert any("holds no current" in line for line in record.said)
    assert any(
        "1 row of 70 without a number for current" in line for line in record.said
    )  # the first has no time before
    np.testing.assert_allclose(record.I, r.I[1:], atol=1e-12)


def test_rows_that_an_instrument_excludes_are_left_out_and_counted(tmp_path):
    name, text = bitrode()
    record = cs.read_record(put(tmp_path, name, text.replace("No,20.0", "Yes,20.0")))
    assert len(record) == len(TRUTH) - 1 and 20.0 not in record.t
    assert any("1 row marked as excluded (line 4) left out" in line for line in record.said)


def test_the_machine_readable_names_of_the_battery_data_format_are_known(tmp_path):
    r = TRUTH
    header = (
        "test_time_second,voltage_volt,current_ampere,temperature_t1_celsius,step_index,cycle_count,"
        "charging_capacity_ah,discharging_capacity_ah"
    )
    text = lines(header, r.t, r.V, -r.I, r.T - 273.15, r.step, r.cycle, *charges())
    record = cs.read_record(put(tmp_path, "a.csv", text))
    assert record.said[0] == "Read as Battery Data Format."
    for key in ("t", "I", "V", "T", "step", "cycle"):
        np.testing.assert_allclose(getattr(record, key), getattr(r, key), atol=1e-9)


def test_a_spreadsheet_of_neware_with_durations_is_read_from_its_sheet_of_rows(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    r, file = TRUTH, io.BytesIO()
    book = openpyxl.Workbook()
    book.active.title = "step"
    book.active.append(["Cycle Index", "Step Index", "Step Type", "Step Time", "Oneset Volt.(V)"])
    for k in range(5):
        book.active.append([1, k, "Rest", "00:10:00", 3.7])
    sheet = book.create_sheet("record")
    sheet.append(
        ["DataPoint", "Cycle Index", "Step Index", "Step Type", "Time", "Total Time", "Current(A)", "Voltage(V)"]
    )
    names = {"D": "CC DChg", "C": "CC Chg", "R": "Rest"}
    for k, t in enumerate(step_time()):
        times = [datetime.timedelta(seconds=float(t)), datetime.timedelta(seconds=float(r.t[k]))]
        sheet.append([k, int(r.cycle[k]), int(r.step[k]), names[STATES[k]], *times, -r.I[k], r.V[k]])
    book.save(file)
    record = cs.read_record(put(tmp_path, "a.xlsx", file.getvalue()))
    assert any("Read from sheet 'record'" in line for line in record.said)
    for key in ("t", "I", "V", "step", "cycle"):
        np.testing.assert_allclose(getattr(record, key), getattr(r, key), atol=1e-9)


def test_a_nested_table_gives_each_row_its_cycle_and_its_step(tmp_path):
    r = TRUTH
    names = {1: "Rest", 2: "CC DChg", 3: "Rest", 4: "CCCV Chg", 5: "Rest"}
    text = [
        "Cycle Index,Chg. Cap.(Ah),DChg. Cap.(Ah)",
        ",Step Index,Step Type,Step Time",
        ",,DataPoint,Total Time,Current(A),Voltage(V)",
    ]
    for k, when in enumerate(clock(r.t)):
        if k == 0 or r.cycle[k] != r.cycle[k - 1]:
            text.append(f"{r.cycle[k]},0.1,0.2")
        if k == 0 or r.step[k] != r.step[k - 1]:
            text.append(f",{r.step[k]},{names[r.step[k]]},00:10:00")
        text.append(f",,{k},{when},{-r.I[k]!r},{r.V[k]!r}".replace("np.float64(", "").replace(")", ""))
    record = cs.read_record(put(tmp_path, "a.csv", "\n".join(text)))
    for key in ("t", "I", "V", "step", "cycle"):
        np.testing.assert_allclose(getattr(record, key), getattr(r, key), atol=1e-12)


def test_runs_of_a_bpx_file_are_chosen_by_their_name(tmp_path):
    path = bpx_in(tmp_path)
    contents = json.loads(path.read_text())
    contents["Validation"]["another"] = contents["Validation"]["the test"]
    path.write_text(json.dumps(contents))
    with pytest.raises(cs.UnreadableRecord, match=r"told apart by 'run': read one with where=\{'run': 'the test'\}"):
        cs.read_record(path)
    np.testing.assert_allclose(cs.read_record(path, where={"run": "another"}).V, TRUTH.V)
    with pytest.raises(cs.UnreadableRecord, match=r"column 'run': no row has a third; there are: the test, another"):
        cs.read_record(path, where={"run": "a third"})


def test_the_package_is_imported_without_the_libraries_that_read_files():
    heavy = ("pandas", "pyarrow", "openpyxl", "galvani", "NewareNDA", "bpx")
    program = f"import sys, cellsim; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_package_that_is_not_there_is_named_with_the_line_that_installs_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(
        cs.UnreadableRecord, match=r"spreadsheets need the package openpyxl: pip install 'cellsim\[data\]'"
    ):
        cs.read_record(put(tmp_path, "a.xlsx", b"PK\x03\x04" + bytes(99)))
