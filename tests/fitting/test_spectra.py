"""Measured spectra: the files of instruments, and whether what they hold can be an impedance."""

from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

import cellsim as cs
from cellsim.fitting.kramers_kronig import kramers_kronig
from cellsim.fitting.spectra import UnreadableSpectrum, load_spectra, load_spectrum

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
F = np.array([100.0, 10.0, 1.0, 0.1])
Z = 0.02 + 0.03 / (1 + 1j * F / 3)

ROWS = list(zip(F, Z.real, Z.imag, strict=True))
FILES = {
    "three columns": "".join(f"{f!r},{re!r},{im!r}\n" for f, re, im in np.array(ROWS).tolist()),
    "its own table": "frequency_Hz,z_real_Ohm,z_imag_Ohm\n" + "".join(f"{f},{re},{im}\n" for f, re, im in ROWS),
    "semicolons and decimal commas": "Freq [Hz];Re(Z) [Ohm];-Im(Z) [Ohm]\n"
    + "".join(f"{f};{re};{-im}\n".replace(".", ",") for f, re, im in ROWS),
    "tabs, a row of units, other columns": "Header: 3\n\tPt\tFreq\tZreal\tZimag\tZmod\n\t#\tHz\tohm\tohm\tohm\n"
    + "".join(f"\t{k}\t{f}\t{re}\t{im}\t0\n" for k, (f, re, im) in enumerate(ROWS))
    + "END\n\t9\t1\t5\t5\t0\n",
    "milliohms and kilohertz": "f / kHz, Z' / mOhm, Z'' / mOhm\n"
    + "".join(f"{f / 1e3},{1e3 * re},{1e3 * im}\n" for f, re, im in ROWS),
    "the other sign, unsaid": "frequency\treal\timag\n" + "".join(f"{f}\t{re}\t{-im}\n" for f, re, im in ROWS),
    "rows of rest before": "Potential (V)\tFrequency (Hz)\tZre (ohms)\tZim (ohms)\n3.4\t0\t0\t0\n3.4\t0\t0\t0\n"
    + "".join(f"3.4\t{f}\t{re}\t{im}\n" for f, re, im in ROWS),
}
SAID = {
    "semicolons and decimal commas": "was written with the opposite sign",
    "the other sign, unsaid": "positive at low frequencies",
    "rows of rest before": "2 rows without a frequency",
}


@pytest.mark.parametrize("kind", FILES)
def test_a_table_is_found_whatever_stands_around_it(kind, tmp_path):
    file = tmp_path / "cell.txt"
    file.write_text(FILES[kind], encoding="latin-1")
    spectrum = load_spectrum(file)
    np.testing.assert_allclose(spectrum.frequencies, F[::-1], rtol=1e-12)
    np.testing.assert_allclose(spectrum.Z, Z[::-1], rtol=1e-12)
    assert spectrum.name == "cell"
    said = " ".join(spectrum.said)
    assert SAID[kind] in said if kind in SAID else not said


def test_what_is_written_is_read_again(tmp_path):
    spectrum = cs.Spectrum(jnp.asarray(F), jnp.asarray(Z))
    spectrum.to_csv(tmp_path / "it.csv")
    np.testing.assert_allclose(load_spectrum(tmp_path / "it.csv").Z, Z[::-1], rtol=1e-9)


def test_several_spectra_in_a_file_are_parted_where_the_frequencies_begin_anew(tmp_path):
    file = tmp_path / "many.csv"
    rows = [f"{soc},{f},{re},{im * soc}\n" for soc in (10, 20) for f, re, im in ROWS]
    file.write_text("soc,frequency,Z_re,Z_im\n" + "".join(rows))
    found = load_spectra(file)
    assert [each.name for each in found] == ["soc 10", "soc 20"]
    np.testing.assert_allclose(found[1].Z.imag, 20 * Z.imag[::-1])
    with pytest.raises(UnreadableSpectrum, match=r"holds 2 spectra.*0 \(soc 10\), 1 \(soc 20\)"):
        load_spectrum(file)
    with pytest.raises(UnreadableSpectrum, match="numbered from 0; found number 2"):
        load_spectrum(file, 2)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Re(Z)/Ohm\t-Im(Z)/Ohm\n1\t2\n", "holds no spectrum: needed is a row of names"),
        ("freq,Zre,Zim\nnothing\nof\nthe\nkind\n", "no rows of numbers follow"),
        ("freq,Zre,Zim\n1,2,3\n", "1 rows"),
        ("", "holds no spectrum"),
    ],
)
def test_a_file_without_a_spectrum_says_what_is_missing(text, said, tmp_path):
    (tmp_path / "no.txt").write_text(text)
    with pytest.raises(UnreadableSpectrum, match=said):
        load_spectra(tmp_path / "no.txt")


def test_a_file_that_is_not_there_is_said_so(tmp_path):
    with pytest.raises(UnreadableSpectrum, match="cannot be read: No such file"):
        load_spectra(tmp_path / "none.csv")


# ---- of real instruments: file, points, first and last frequency, impedance at the highest


INSTRUMENTS = {
    "exampleData.csv": (66, 0.0031623, 1e4, 0.015771 + 0.010157j),
    "exampleDataAutolab.txt": (41, 0.1, 1e4, 0.0137859 + 0.0071919j),
    "exampleDataBioLogic.mpt": (43, 0.01689554, 1000.3201, 65.470886 - 0.38998979j),
    "exampleDataCHInstruments.txt": (73, 0.1, 9.961e4, 98.91 - 2.748j),
    "exampleDataGamry.DTA": (72, 0.0158898, 200015.6, 825.8584 - 1367.239j),
    "exampleDataGamryABORT.DTA": (72, 0.0158898, 200015.6, 825.8584 - 1367.239j),
    "exampleDataParstat.txt": (31, 10.0, 1e4, -0.00049816 + 0.0175143j),
    "exampleDataPowersuite.txt": (30, 0.1, 2e6, -470.54113 - 1397.7358j),
    "exampleDataVersaStudio.par": (61, 0.0215443, 1e5, 55.31571 + 4.575431j),
    "exampleDataZPlot.z": (21, 3e3, 3e5, 147.77 - 11.335j),
    "exampleDataZPlot_noComments.z": (31, 300.0, 3e5, 642.62 - 85.821j),
}


def shared(*parts):
    file = SHARED.joinpath(*parts)
    if not file.exists():
        pytest.skip(f"the measured spectra are not here: {file}")
    return file


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_files_of_instruments_are_read(name):
    points, low, high, at_high = INSTRUMENTS[name]
    spectrum = load_spectrum(shared("eis_formats", name))
    assert len(spectrum.frequencies) == points
    np.testing.assert_allclose([spectrum.frequencies[0], spectrum.frequencies[-1]], [low, high], rtol=1e-4)
    np.testing.assert_allclose(spectrum.Z[-1], at_high, rtol=1e-4)


def test_a_file_without_frequencies_is_refused():
    with pytest.raises(UnreadableSpectrum, match="holds no spectrum"):
        load_spectra(shared("eis_formats", "exampleDataBioLogic_MissingFreq.mpt"))


@pytest.mark.parametrize(
    ("folder", "name", "count"),
    [
        ("lgm50lt_eis_oxford", "impedanceLGM50LT_Hybrid_4h_3mVrms.csv", 9),
        ("eis_halfcells", "Kuhn2026_MJ1_anode_EIS.csv", 36),
        ("eis_halfcells", "Gunther2025_monolayer17um_GITT_as_EIS.csv", 20),
    ],
)
def test_tables_of_many_spectra_are_parted(folder, name, count):
    assert len(load_spectra(shared(folder, name))) == count


# ---- Kramers and Kronig


def drawn(noise, seed=0):
    """A series of semicircles, a Warburg element, an inductor and a capacitor, with noise of the modulus."""
    f = np.geomspace(1e-3, 1e4, 60)
    s = 2j * np.pi * f
    Z = 0.01 + 0.02 / (1 + (0.05 * s) ** 0.9) + 0.01 / (1 + 3 * s) + 2e-3 / s**0.5 + 1e-8 * s + 1e-4 / s
    rng = np.random.default_rng(seed)
    return cs.Spectrum(jnp.asarray(f), jnp.asarray(Z * (1 + noise * (rng.normal(size=60) + 1j * rng.normal(size=60)))))


def test_an_impedance_without_noise_obeys_the_kramers_kronig_relations():
    test = kramers_kronig(drawn(0.0))
    assert test.worst < 2e-3 and test.is_consistent() and test.mu >= 0.85


@pytest.mark.parametrize("noise", [1e-3, 5e-3])
def test_the_residuals_of_a_noisy_one_are_its_noise(noise):
    assert 0.5 * noise < kramers_kronig(drawn(noise)).rms < 1.3 * noise


def test_what_drifted_while_it_was_measured_is_told():
    """The resistance grows by a third as the slow half of the spectrum is measured."""
    still = drawn(1e-3)
    f = np.asarray(still.frequencies)
    drifted = still.Z + 0.012 * np.clip(-np.log10(f) / 3, 0, 1) ** 2 * 1j
    assert not kramers_kronig(cs.Spectrum(still.frequencies, drifted)).is_consistent()


def test_a_conjugate_spectrum_is_not_causal():
    still = drawn(0.0)
    assert kramers_kronig(cs.Spectrum(still.frequencies, jnp.conj(still.Z))).worst > 0.1


def test_a_test_of_few_points_is_refused():
    with pytest.raises(ValueError, match="ten frequencies at least; found 4"):
        kramers_kronig(cs.Spectrum(jnp.asarray(F), jnp.asarray(Z)))


def test_a_computed_spectrum_obeys_them():
    model = cs.SPM(cs.load_cell("Chen2020"), cs.Mesh.spectral())
    assert kramers_kronig(cs.impedance(model, np.geomspace(1e-4, 1e3, 71))).worst < 1e-3
