"""Spectra are data of a fit, alone and beside records over time."""

import numpy as np
import pytest

import cellsim as cs
from cellsim.fitting.bootstrap import bootstrap
from cellsim.fitting.problem import Problem

F = np.geomspace(1e-3, 1e3, 25)
SHARE, INDUCTANCE = 0.003, 2e-7
SOC = 0.4


@pytest.fixture(scope="module")
def spectrum(true_cell, known):
    """Of the cell that made the records, through leads, with noise."""
    Z = np.asarray(cs.impedance(known.BUILD(true_cell), F, soc=SOC).Z) + 2j * np.pi * F * INDUCTANCE
    draw = np.random.default_rng(3)
    noise = draw.standard_normal(len(F)) + 1j * draw.standard_normal(len(F))
    return cs.Spectrum(F, Z + SHARE * np.abs(Z) * noise, name="EIS", said=("as it was",))


@pytest.fixture(scope="module")
def measured(spectrum, known):
    return cs.ImpedanceExperiment(spectrum, known.BUILD, soc=SOC, share=SHARE)


@pytest.fixture(scope="module")
def free(known):
    return (*known.FREE[:2], cs.Free("soc", 0.8, 1.0, of=("1C",)), cs.Free("inductance", 0.0, 1e-5, of=("EIS",)))


@pytest.fixture(scope="module")
def both(experiments, measured, free):
    return cs.fit(cs.load_cell("Chen2020"), [experiments[0], measured], free, is_noise_known=True)


def test_a_record_and_a_spectrum_are_answered_by_one_cell(both, known):
    truth = {**known.TRUTH, "EIS.inductance": INDUCTANCE}
    assert both.converged and set(both.values) == set(truth) - {"0.5C.soc"}
    for name, value in both.values.items():
        assert abs(value - truth[name]) < 4 * both.std_errors[name], name
    assert both.fisher.noise == pytest.approx(1.0, rel=0.2)
    assert set(both.predicted) == {"1C"} and both.rmse_V == pytest.approx(known.NOISE, rel=0.2)


def test_both_together_know_more_than_either_alone(both, measured, free, experiments, known):
    cell = cs.load_cell("Chen2020")
    record = cs.fit(cell, experiments[0], known.FREE, is_noise_known=True)
    name = "negative.particle.D_s"
    assert both.std_errors[name] < record.std_errors[name]
    alone = cs.fit(cell, measured, (free[0], free[1], free[3]), is_noise_known=True)
    assert both.std_errors[name] < alone.std_errors[name]
    assert abs(alone.values[name] - known.TRUTH[name]) < 4 * alone.std_errors[name]
    assert np.isnan(alone.rmse_V) and not alone.predicted


def test_what_is_told_of_a_spectrum_is_the_spectrum_of_the_cell_that_was_found(both, spectrum, known):
    there, found = both.spectra["EIS"]
    assert there is spectrum
    leads = 2j * np.pi * F * both.values["EIS.inductance"]
    np.testing.assert_allclose(found.Z, cs.impedance(known.BUILD(both.cell), F, soc=SOC).Z + leads, rtol=1e-8)
    (compared,) = both.compared["EIS"]
    assert compared.label == "Impedance [Ohm]" and len(compared.measured) == 2 * len(F)
    assert compared.over_expected == pytest.approx(1.0, rel=0.3)
    assert "EIS, Impedance [Ohm]" in both.report()


def test_made_anew_a_spectrum_scatters_as_the_errors_say(both):
    again = bootstrap(both, 30, seed=1)
    error = both.std_errors["EIS.inductance"]
    assert again.std_errors["EIS.inductance"] == pytest.approx(error, rel=0.4)


def test_the_gradient_of_the_cost_of_a_spectrum_is_that_of_differences(measured, free):
    problem = Problem(cs.load_cell("Chen2020"), [measured], (free[0], free[1], free[3]))
    z, h, differences = problem.start + 0.1, 1e-3, []
    for step in h * np.eye(len(z)):
        f = [problem.linearised(z + n * step).cost for n in (-2, -1, 1, 2)]
        differences.append((f[0] - 8 * f[1] + 8 * f[2] - f[3]) / (12 * h))
    gradient = problem.linearised(z).gradient
    assert np.all(gradient != 0)
    np.testing.assert_allclose(gradient, differences, rtol=1e-6, atol=1e-8 * np.max(np.abs(gradient)))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda each: each._replace(share=0.0), "EIS: the noise is a share of the modulus above zero"),
        (
            lambda each: each._replace(spectrum=cs.Spectrum(F, np.full(25, np.nan)), name="a"),
            "a: needed is one spectrum",
        ),
        (lambda each: each._replace(spectrum=cs.Spectrum(-F, np.ones(25))), "spectrum: needed is one spectrum"),
    ],
    ids=["noise", "holes", "frequencies"],
)
def test_a_spectrum_that_is_none_is_refused(measured, change, said):
    with pytest.raises(ValueError, match=said):
        change(measured).prepared(cs.load_cell("Chen2020"))
