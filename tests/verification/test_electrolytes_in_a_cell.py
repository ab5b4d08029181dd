"""A few electrolytes of the library in a cell; `make studies STUDY=electrolytes` runs all of them."""

import importlib.util
from pathlib import Path

import equinox as eqx
import jax
import numpy as np
import pytest

import cellsim as cs
from cellsim import registry
from cellsim.electrolyte import library as electrolyte_library

STUDY = Path(__file__).parents[1] / "studies" / "study_electrolytes.py"
pytestmark = pytest.mark.xdist_group("electrolytes")


@pytest.fixture(scope="module")
def study():
    spec = importlib.util.spec_from_file_location("electrolytes_study", STUDY)
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(STUDY.parent)  # where the module that its rows are made of lies
        spec.loader.exec_module(module)
    return module


def test_every_lithium_electrolyte_is_run_by_the_study_within_its_measured_range(study):
    assert len(study.names()) >= 23 and "edman2000_peo_litfsi" not in study.names()
    for name in study.names():
        electrolyte = cs.load_electrolyte(name)
        assert electrolyte.outside_measured_range(*study.conditions(electrolyte)) is None


@pytest.fixture(scope="module")
def three(study):
    """Three electrolytes of very different forms, in one compiled cell."""
    return study.Library(tuple(cs.load_electrolyte(name) for name in study.DIFFERENCED))


def at(study, name):
    return study.DIFFERENCED.index(name)


def test_a_transference_number_that_turns_negative_lets_a_cell_run_to_its_cut_off(study, three):
    run = study.discharged(three, at(study, "landesfeind2019_emc_fec"), "2C")
    assert run.succeeded and run.stop_reason.startswith("lower cut-off voltage 2.5 V reached")
    assert max(map(abs, run.balance)) < 1e-10
    salt = np.asarray(run.profile("electrolyte concentration"))
    t_plus = np.asarray(cs.load_electrolyte("landesfeind2019_emc_fec").t_plus(salt, run.T[0]))
    assert t_plus.min() < 0 < t_plus.max()


def test_a_slow_electrolyte_stops_a_cell_with_the_sentence_on_depletion(study, three):
    index = at(study, "calisol2024_libf4_pc")
    run = study.discharged(three, index, "2C")
    assert run.succeeded and "the electrolyte is depleted in the positive electrode" in run.stop_reason
    assert "measured 328 to 1522 mol/m3" in study.left_its_range(three.electrolytes[index], run)
    assert max(map(abs, run.balance)) < 1e-10


def test_the_voltage_moves_with_all_numbers_of_an_electrolyte_as_differences_say(study):
    electrolyte = cs.load_electrolyte("colclasure2020")  # the one with most numbers, whose terms cancel most strongly
    conditions, alone = study.conditions(electrolyte), study.Library((study.nameless(electrolyte),))
    found = study.gradient(alone, 0, conditions)
    assert 3.0 < found.voltage < 4.2 and study.is_finite(found.derivative)
    leaves, shape = jax.tree.flatten(alone.electrolytes[0])
    random = np.random.default_rng(0)
    shares = [random.uniform(0.5, 1.0, leaf.shape) * random.choice([-1.0, 1.0], leaf.shape) for leaf in leaves]
    slopes = jax.tree.leaves(found.derivative)
    assert all(np.any(np.asarray(slope) != 0) for slope in slopes)
    exact = sum(float(np.sum(d * leaf * s)) for d, leaf, s in zip(slopes, leaves, shares, strict=True))

    def moved(step):
        others = [leaf * (1 + step * share) for leaf, share in zip(leaves, shares, strict=True)]
        changed = eqx.tree_at(lambda held: held.electrolytes[0], alone, jax.tree.unflatten(shape, others))
        return study.gradient(changed, 0, conditions).voltage

    h = 1e-5  # of every number at once; terms of the fits cancel strongly
    difference = (8 * (moved(h) - moved(-h)) - (moved(2 * h) - moved(-2 * h))) / (12 * h)
    assert exact == pytest.approx(difference, rel=1e-5)


def test_every_electrolyte_of_the_library_has_its_cell_in_the_study(study):
    between, waiting = set(study.BETWEEN_METALS), set(study.IN_ITS_OWN_CELL)
    assert set(study.names()) | between | waiting == set(registry.names(electrolyte_library))
    for name in between:
        cell = study.between_metals(name)
        assert cell.electrolyte.outside_measured_range(float(cell.c0), float(cell.T_ref)) is None
        assert cell.electrolyte.name == cs.load_electrolyte(name).name


@pytest.mark.parametrize("name", ["edman2000_peo_litfsi", "sloop1999_pemo_litfsi", "paxton1997_koh"])
def test_polymers_and_potassium_hydroxide_run_between_metals_and_run_dry_above_their_limiting_current(study, name):
    cell = study.between_metals(name)
    settled, dry = (study.polarised(cell, share) for share in (0.25, 1.3))
    assert settled.succeeded and settled.stop_reason.startswith("duration of")
    assert settled.outside_measured_range is None
    assert dry.succeeded and "the electrolyte is depleted at the right metal" in dry.stop_reason
    assert max(settled.balance.salt_relative_drift, dry.balance.salt_relative_drift) < 1e-12
    # at steady state the salt flux vanishes: D dc/dx = -(1 - t_plus) i/F everywhere
    c, x = np.asarray(settled.profile("electrolyte concentration"))[-1], np.asarray(settled.coordinates["x"])
    mean, T = 0.5 * (c[1:] + c[:-1]), cell.T_ref
    D, t_plus = (np.asarray(getattr(cell.electrolyte, law)(mean, T)) for law in ("D", "t_plus"))
    i = study.carried(cell)[0] * 0.25 / float(cell.area)
    np.testing.assert_allclose(D * np.diff(c) / np.diff(x), -(1 - t_plus) * i / cs.constants.F, rtol=5e-3)


def test_gradients_between_metals_are_finite_in_every_number_of_the_electrolyte(study):
    cell = study.between_metals("edman2000_peo_litfsi")
    found = study.gradient_between_metals(cell)
    assert -0.2 < found.voltage < 0 and study.is_finite(found.derivative)
    assert all(np.any(np.asarray(slope) != 0) for slope in jax.tree.leaves(found.derivative))
