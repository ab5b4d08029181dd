"""The half cell against converged curves and profiles of an independent code, and its derivatives."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import cellsim as cs

RATES = [("dis", "0.1"), ("dis", "0.2"), ("dis", "1"), ("dis", "2"), ("dis", "3"), ("chg", "1")]
pytestmark = pytest.mark.xdist_group("half cell")


@pytest.fixture(scope="module")
def half_cell_run():
    """A run of Xu2019 on the default mesh, each run once."""
    kept = {}

    def of(I, soc):
        if (I, soc) not in kept:
            step = cs.discharge(I=I) if I > 0 else cs.charge(I=-I)
            kept[I, soc] = cs.simulate(cs.HalfCell(cs.load_cell("Xu2019")), step, soc=soc)
        return kept[I, soc]

    return of


@pytest.mark.parametrize(("kind", "rate"), RATES, ids=lambda x: x)
def test_the_voltage_is_within_a_tenth_of_a_millivolt(kind, rate, reference, half_cell_run, voltage_at):
    t, V, I = reference.curve("Xu2019", kind, rate)
    solution = half_cell_run(I, 1.0 if kind == "dis" else 0.1)
    error = voltage_at(solution, t) - V
    late = (t >= 10) & (t <= 0.98 * t[-1])
    assert np.sqrt(np.mean(error[late] ** 2)) <= 0.1e-3
    assert np.max(np.abs(error[late])) <= 0.5e-3
    assert float(solution.t_stop) == pytest.approx(t[-1], rel=2e-4)
    assert max(map(abs, solution.balance)) < 1e-11


def test_the_salt_and_the_overpotential_of_the_lithium_are_those_of_the_reference(reference, half_cell_run):
    there = reference.profiles("Xu2019", "dis", "1")
    solution = half_cell_run(reference.curve("Xu2019", "dis", "1")[2], 1.0)
    seen = solution.at(there["time_s"])
    c = np.asarray(seen.profile("electrolyte concentration"))
    x = np.asarray(solution.coordinates["x"])
    for k in range(1, len(there["time_s"]) - 1):
        expected = np.interp(x[1:], there["x_m"] - there["x_m"][0], there["c_e_mol_m3"][k])
        assert np.max(np.abs(c[k, 1:] - expected)) < 2e-3 * np.max(np.abs(expected - 1000.0)) + 0.2


def test_derivatives_of_voltage_stop_and_capacity_are_those_of_differences():
    paths = ("lithium.kinetics.j0_ref", "lithium.C_dl", "separator.L", "working.L", "working.particle.R_p", "c0")
    paths += ("V_min", "electrolyte.t_plus.value", "working.particle.D_s.value", "area")
    published = cs.load_cell("Xu2019")

    def told(x):
        cell = published
        for path, factor in zip(paths, x, strict=True):
            cell = cs.replace(cell, path, cs.parameters.get(published, path) * factor)
        times = jnp.array([1e-3, 60.0, 1000.0, 1e5])
        model = cs.HalfCell(cell, cs.Mesh(separator=3, positive=4, radial=5))
        run = cs.simulate(model, cs.discharge(I=3e-3), times=times, rtol=1e-9, atol=1e-10, max_steps=1500)
        return jnp.sum(run.V[:-1] * jnp.array([1.0, -2.0, 3.0])) + run.t_stop / 3e3 + 100 * run.capacity

    at, value = jnp.ones(len(paths)), jax.jit(told)
    differences = []
    for e in np.eye(len(paths)):
        d = [float(value(at + h * e) - value(at - h * e)) / (2 * h) for h in (1e-3, 2e-3)]
        differences.append((4 * d[0] - d[1]) / 3)
    scale = np.max(np.abs(differences))
    assert np.max(np.abs(jax.jit(jax.grad(told))(at) - np.array(differences))) < 1e-5 * scale
