"""Cells whose materials remember whether they were filled or emptied."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import cellsim
from cellsim.discretisation import local
from cellsim.discretisation.jacobian import product
from cellsim.electrode.hysteresis import Branches, OneState
from cellsim.laws import Sum

MESH = cellsim.Mesh(4, 3, 5, 5)
DECAY, HALF = 12.0, 0.03  # -, V


def with_hysteresis(particle, h0=0.0, half=HALF, decay=DECAY):
    """`particle` with branches on either side of its curve."""
    branches = Branches(Sum(particle.U, -half), Sum(particle.U, half))
    return dataclasses.replace(particle, U=branches, hysteresis=OneState(decay=decay, h0=h0))


def on(cell, side, **options):
    electrode = getattr(cell, side)
    changed = dataclasses.replace(electrode, particle=with_hysteresis(electrode.particle, **options))
    return dataclasses.replace(cell, **{side: changed})


def composite():
    """Graphite and silicon, of which silicon has hysteresis."""
    cell = cellsim.load_cell("Chen2020_composite")
    return cellsim.replace(cell, "negative.particle.materials.1.hysteresis", OneState(decay=DECAY, h0=0.4))


CELLS = {
    "negative": lambda: on(cellsim.load_cell("Chen2020"), "negative", h0=0.3),
    "both": lambda: on(on(cellsim.load_cell("Chen2020"), "negative", h0=0.3), "positive", h0=-0.5),
    "silicon of a blend": composite,
}


def disturbed(y, seed=1):
    rng = np.random.default_rng(seed)
    return jax.tree.map(lambda x: x * (1 + 0.1 * rng.uniform(-1, 1, x.shape)), y)


@eqx.filter_jit
def rest_of(model):
    return model.at_rest(model.discretised(model.cell.T_ref), jnp.asarray(0.5))


@eqx.filter_jit
def seen(model, y, I):
    system = model.discretised(model.cell.T_ref)
    I = jnp.asarray(I)
    return dict(
        rate=system.rate(y, I),
        V=system.terminal_voltage(y, I),
        profiles=system.profiles(y, I),
        losses=system.losses(y, I),
    )


@pytest.fixture(scope="module", params=CELLS)
def case(request):
    model = cellsim.DFN(CELLS[request.param](), MESH)
    rest = rest_of(model)
    return model, rest, disturbed(rest)


def test_at_rest_the_state_stays_where_it_was_and_moves_the_potential(case):
    model, rest, _ = case
    assert model.layout.fields == 3
    out = seen(model, rest, 0.0)
    for rate in jax.tree.leaves(out["rate"]):
        assert np.max(np.abs(rate)) < 1e-8
    assert sum(map(float, out["losses"].values())) == pytest.approx(float(out["V"]), abs=1e-12)


def test_every_field_that_is_promised_is_there_and_the_voltage_is_the_sum_of_its_losses(case):
    model, rest, y = case
    out = seen(model, y, 2.0)
    assert set(out["profiles"]) == set(model.fields)
    assert any("hysteresis state" in name for name in model.fields)
    assert sum(map(float, out["losses"].values())) == pytest.approx(
        float(out["V"]), abs=1e-10
    )  # near the poles of a curve terms are large


def test_the_jacobian_from_laws_is_that_of_directional_derivatives(case):
    model, rest, y = case
    system, layout, I = model.discretised(model.cell.T_ref), model.layout, jnp.asarray(2.0)

    @jax.jit
    def both(direction):
        jac = local.jacobian(system.laws(I), y, layout)
        return product(jac, direction, layout), jax.jvp(lambda y: system.rate(y, I), (y,), (direction,))[1]

    rng = np.random.default_rng(3)
    found, expected = both(jax.tree.map(lambda x: jnp.asarray(rng.normal(size=x.shape)), y))
    for one, other in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-11, atol=1e-11 * float(jnp.max(jnp.abs(other))))


def test_a_state_of_zero_is_the_mean_and_a_shift_of_the_branches_is_a_shift_of_the_voltage():
    plain = cellsim.DFN(cellsim.load_cell("Chen2020"), MESH)
    V = float(seen(plain, rest_of(plain), 0.0)["V"])
    for h0 in (-1.0, 0.0, 0.5):
        model = cellsim.DFN(on(plain.cell, "positive", h0=h0), MESH)
        out = seen(model, rest_of(model), 0.0)
        assert float(out["V"]) == pytest.approx(V + h0 * HALF, abs=1e-10)
        assert float(out["losses"]["open circuit"]) == pytest.approx(V + h0 * HALF, abs=1e-10)


def test_along_a_run_the_state_nears_its_branch_exponentially_in_the_lithiation():
    """At a place that only empties h = 1 - (1 - h0) exp(-decay (theta0 - theta)), with the mean lithiations."""
    cell = on(cellsim.load_cell("Chen2020"), "negative", h0=-0.4)
    solution = cellsim.simulate(cellsim.DFN(cell, MESH), "Discharge at 1C until 2.5 V", soc=0.9, rtol=1e-7)
    assert solution.succeeded, solution.stop_reason
    theta, h = (np.asarray(solution.profile(f"negative {x}")) for x in ("mean lithiation", "hysteresis state"))
    assert np.all(np.diff(theta, axis=0) <= 1e-12)
    expected = 1 - 1.4 * np.exp(-DECAY * (theta[0] - theta))
    np.testing.assert_allclose(h, expected, atol=2e-6)
    assert h[0, 0] == pytest.approx(-0.4) and h[-1, 0] > 0.99
    assert solution.balance.lithium_relative_drift < 1e-12


def test_hysteresis_needs_branches_and_a_model_that_knows_it():
    particle = cellsim.load_cell("Chen2020").negative.particle
    with pytest.raises(ValueError, match=r"U of material is one curve \(StepsAndTails\)"):
        dataclasses.replace(particle, hysteresis=OneState(decay=1.0))
    with pytest.raises(ValueError, match="SPM knows no state of hysteresis, but the positive electrode of Chen2020"):
        cellsim.SPM(on(cellsim.load_cell("Chen2020"), "positive"))
