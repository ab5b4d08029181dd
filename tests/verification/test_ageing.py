"""Cells that age: films against their closed form, lithium that plates and comes back, and where all of it went."""

import numpy as np
import pytest

import cellsim as cs
from cellsim.constants import F, R

pytestmark = pytest.mark.xdist_group("ageing")
MESH = cs.Mesh(3, 2, 3, 4)
HOUR = 3600.0
CYCLE = ("Charge at 1.5C until 4.2 V", "Rest for 30 minutes", "Discharge at C/2 until 2.8 V", "Rest for 1 hour")


def ageing_cell(decay=None):
    cell = cs.load_cell("OKane2022_ageing")
    return cell if decay is None else cs.replace(cell, "negative.side_reactions.1.decay", decay)


@pytest.fixture(scope="module")
def stored():
    """A cell with a film alone, that rests for 1000 hours."""
    cell = ageing_cell()
    cell = cs.replace(cell, "negative.side_reactions", cell.negative.side_reactions[:1])
    return cs.simulate(cs.DFN(cell, MESH), "Rest for 1000 hours", soc=0.8, T=308.15)


@pytest.fixture(scope="module")
def cycled():
    """A fast charge and a discharge with plating that is reversible to the last."""
    return cs.simulate(cs.DFN(ageing_cell(decay=0.0), MESH), [CYCLE], soc=0.3, rtol=1e-8)


@pytest.fixture(scope="module")
def dying():
    """The same with plated lithium that dies, a hundred times as quickly as it was published."""
    return cs.simulate(cs.DFN(ageing_cell(decay=1e-4), MESH), [CYCLE], soc=0.3, rtol=1e-8)


def test_at_rest_the_square_of_the_thickness_of_a_film_grows_in_proportion_to_time(stored):
    t, L = np.asarray(stored.t), np.asarray(stored.profile("negative SEI thickness"))
    warmed = np.exp(38000.0 / R * (1 / 298.15 - 1 / 308.15))
    expected = np.sqrt(5e-9**2 + 2 * 9.585e-5 * 2.5e-22 * warmed * 2636.0 * t)
    assert expected[-1] > 3 * expected[0]
    np.testing.assert_allclose(L, np.broadcast_to(expected[:, None], L.shape), rtol=1e-6)


def test_a_cell_that_rests_loses_the_lithium_of_its_film_from_its_particles(stored):
    held, lost = stored._seen[2], {name: float(x) for name, x in stored.ageing.items()}
    negative = stored.model.cell.negative
    L = np.asarray(stored.profile("negative SEI thickness"))[-1, 0]
    walls = float(stored.model.cell.area * negative.L * negative.a)
    assert lost["lithium_in_negative_SEI_mol"] == pytest.approx(walls * (L - 5e-9) / 9.585e-5, rel=1e-9)
    gone = float(held.solid_negative[0] - held.solid_negative[-1])
    assert gone == pytest.approx(lost["lithium_in_negative_SEI_mol"], rel=1e-4)  # the rest is in the double layer
    assert lost["loss_of_lithium_inventory"] == pytest.approx(
        gone / float(held.solid_negative[0] + held.solid_positive[0]), rel=1e-4
    )
    assert lost["capacity_taken_Ah"] == pytest.approx(F * lost["lithium_in_negative_SEI_mol"] / HOUR, rel=1e-12)
    assert float(stored.V[-1]) < float(stored.V[0]) - 1e-5
    assert max(map(abs, (stored.balance.lithium_relative_drift, stored.balance.salt_relative_drift))) < 1e-11


def test_all_lithium_that_plates_reversibly_is_stripped(cycled):
    assert cycled.succeeded
    plated = np.asarray(cycled.profile("negative plated lithium"))
    eta = np.asarray(cycled.profile("negative plating overpotential"))
    assert plated.max() > 50 and eta.min() < -0.01
    assert np.max(np.abs(plated[-1])) < 1e-8 * plated.max()
    assert np.max(np.abs(np.asarray(cycled.profile("negative dead lithium")))) == 0.0
    # while it plates the overpotential is below what the plated lithium is in equilibrium with, and above as it strips
    j = np.asarray(cycled.profile("negative plating current density"))
    c = np.asarray(cycled.profile("electrolyte concentration"))[:, : MESH.negative]
    driven = eta - R * 298.15 / F * np.log(c / np.maximum(plated, 1e-12))
    assert np.all((np.sign(j) == np.sign(driven))[np.abs(j) > 1e-6])


@pytest.mark.parametrize("name", ["cycled", "dying"])
def test_a_cycle_loses_exactly_the_lithium_that_side_reactions_hold(name, request):
    solution = request.getfixturevalue(name)
    held, lost = solution._seen[2], solution.ageing
    solid = np.asarray(held.solid_negative + held.solid_positive)
    layers = np.asarray(held.layer_negative + held.layer_positive) / F
    gained = sum(float(x) for key, x in lost.items() if key.endswith("_mol"))
    assert gained > 1e-6
    assert solid[0] - solid[-1] + layers[-1] - layers[0] == pytest.approx(gained, rel=1e-9)
    assert max(map(abs, solution.balance)) < 1e-10


def test_dead_lithium_is_the_integral_of_what_dies(dying):
    """dead = integral of decay (L_ref / L) c_Li dt, by Simpson's rule within every step of the protocol."""
    total, mean = 0.0, lambda name, s: np.asarray(s.profile(f"negative {name}")).mean(axis=1)
    start = mean("dead lithium", dying)[0]
    for leg in dying.legs:
        seen = leg.at(np.linspace(float(leg.t[0]), float(leg.t[-1]), 2001))
        rate = np.mean(
            1e-4
            * 5e-9
            / np.asarray(seen.profile("negative SEI thickness"))
            * np.asarray(seen.profile("negative plated lithium")),
            axis=1,
        )
        h = np.diff(np.asarray(seen.t))[0]
        total += h / 3 * (rate[0] + rate[-1] + 4 * rate[1::2].sum() + 2 * rate[2:-1:2].sum())
    dead = mean("dead lithium", dying)[-1] - start
    assert dead > 1.0 and dead == pytest.approx(total, rel=1e-5)
