"""The single-particle models against an independent code, exact solutions, the full model, and differences of runs."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize

import cellsim
from cellsim.parameters import get

F = cellsim.constants.F
MODELS = {"SPM": cellsim.SPM, "SPMe": cellsim.SPMe}


def rms(x):
    return float(np.sqrt(np.mean(np.asarray(x) ** 2)))


@pytest.fixture(scope="module")
def cell():
    return cellsim.load_cell("Chen2020")


# ---- an independent code


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("name", ["Chen2020", "Marquis2019"])
def test_a_discharge_is_that_of_an_independent_code(name, kind, reference):
    """PyBaMM's models at 1C on meshes refined until they agree. Its SPMe takes conductivity and thermodynamic factor at
    the mean of the concentration along x, this one at that of the salt over the pores; and arithmetic means of the
    diffusivity at faces, this one the integral. Both are far below the bar."""
    table = reference.table("spm_spme_iso", f"{name}_{kind}_1C_ref.csv")
    solution = cellsim.simulate(
        MODELS[kind](cellsim.load_cell(name)), cellsim.discharge(I=float(table["current_A"][0]))
    )
    assert solution.succeeded
    error = np.asarray(solution.at(table["time_s"]).V) - table["voltage_V"]
    assert rms(error) < 0.3e-3
    assert float(solution.t_stop) == pytest.approx(table["time_s"][-1], rel=3e-5)
    balance = solution.balance
    assert balance.lithium_relative_drift < 1e-12 and balance.salt_relative_drift < 1e-12
    assert balance.charge_balance_relative_error < 1e-12


def test_profiles_of_the_electrolyte_are_those_of_an_independent_code(reference):
    shown = reference.arrays("spm_spme_iso", "Chen2020_SPMe_1C_ref_profiles.npz")
    model = cellsim.SPMe(cellsim.load_cell("Chen2020"))
    solution = cellsim.simulate(model, cellsim.discharge(I=5.0)).at(shown["time_s"])
    x = np.asarray(solution.coordinates["x"])
    for k in range(len(shown["time_s"])):
        c = np.interp(x, shown["x_m"], shown["c_e_mol_m3"][k])
        assert rms(np.asarray(solution.profile("electrolyte concentration"))[k] / c - 1) < 2e-4
        phi = np.interp(x, shown["x_m"], shown["phi_e_V"][k])
        assert rms(np.asarray(solution.profile("electrolyte potential"))[k] - phi) < 1e-4
        for side in ("negative", "positive"):
            theta = np.asarray(solution.profile(f"{side} surface lithiation"))[k]
            np.testing.assert_allclose(theta, float(shown[f"sto_surf_{side[0]}"][k, 0]), atol=3e-4)


# ---- exact solutions of a single particle


def roots_of_tan(count):
    """The positive roots of tan x = x."""
    return np.array(
        [
            scipy.optimize.brentq(lambda x: np.sin(x) - x * np.cos(x), k * np.pi + 1e-9, (k + 0.5) * np.pi)
            for k in range(1, count + 1)
        ]
    )


def surface_of_a_sphere(tau):
    """(surface - initial value) over (flux in x R / D) at times `tau` of R^2/D, at a constant flux.

    Crank, The Mathematics of Diffusion, 2nd ed. (Oxford 1975), equation 6.45.
    """
    x = roots_of_tan(200)
    return 3 * tau + 0.2 - 2 * np.sum(np.exp(-np.outer(tau, x**2)) / x**2, axis=1)


def relative_surface(cell, side, theta0, theta, I):
    """The same from a run's surface lithiations."""
    electrode = getattr(cell, side)
    p = electrode.particle
    j = I / (float(cell.area) * float(p.a * electrode.L)) * (1 if side == "negative" else -1)
    return (np.asarray(theta) - theta0) * float(p.c_max) * F * float(p.D_s(0.5, 298.15)) / (-j * float(p.R_p))


def surfaces(cell, radial, t, I):
    """Lithiations of both surfaces at times `t`, and those at rest."""
    solution = cellsim.simulate(
        cellsim.SPM(cell, cellsim.Mesh(2, 2, 2, radial)), cellsim.discharge(I=I, until=0.5), rtol=1e-9, times=t
    )
    assert float(solution.t_stop) == t[-1]
    return {
        side: (float(solution.rest.fibre[-1, k]), np.asarray(solution.states.fibre)[:, -1, k])
        for k, side in enumerate(("negative", "positive"))
    }


@pytest.mark.parametrize("side", ["negative", "positive"])
def test_the_surface_follows_the_exact_solution_with_at_least_second_order_in_r(cell, side):
    I, t = 3.0, np.array([20.0, 100.0, 400.0, 1500.0])
    p = getattr(cell, side).particle
    exact = surface_of_a_sphere(t * float(p.D_s(0.5, 298.15)) / float(p.R_p) ** 2)
    off = []
    for radial in (8, 16, 32):
        theta0, theta = surfaces(cell, radial, t, I)[side]
        off.append(np.linalg.norm(relative_surface(cell, side, theta0, theta, I) - exact))
    assert off[-1] < 5e-5
    orders = [np.log(a / b) / np.log(2) for a, b in itertools.pairwise(off)]
    assert min(orders) > 1.9, (off, orders)


def test_at_long_times_the_surface_lies_a_fifth_of_flux_times_radius_over_diffusivity_from_the_mean(cell):
    I, t = 0.5, np.array([0.0, 15000.0])  # C/10
    for side, (theta0, theta) in surfaces(cell, 10, t, I).items():
        p = getattr(cell, side).particle
        mean = 3 * t[-1] * float(p.D_s(0.5, 298.15)) / float(p.R_p) ** 2
        found = relative_surface(cell, side, theta0, theta[-1], I)
        assert found - mean == pytest.approx(0.2, rel=1e-6)


# ---- the full model


def test_at_small_currents_all_models_agree_and_the_electrolyte_brings_the_single_particles_closer(cell):
    """Distances from the full model fall with the rate, and are smaller with the electrolyte at every rate."""
    mesh = cellsim.Mesh.coarse()
    rates = (0.5, 0.1, 0.02)
    away = {kind: [] for kind in MODELS}
    for rate in rates:
        hours = np.linspace(0.05, 0.8, 16) / rate
        seen = lambda model, rate=rate, hours=hours: np.asarray(
            cellsim.simulate(model, cellsim.discharge(C_rate=rate), rtol=1e-7, times=3600 * hours).V
        )
        full = seen(cellsim.DFN(cell, mesh))
        for kind, model in MODELS.items():
            away[kind].append(rms(seen(model(cell, mesh)) - full))
    for distances in away.values():
        for (rate, before), (next_rate, after) in itertools.pairwise(zip(rates, distances, strict=True)):
            assert after < 1.5 * next_rate / rate * before
        assert distances[-1] < 2e-3
    assert all(with_it < 0.6 * without for with_it, without in zip(away["SPMe"], away["SPM"], strict=True)), away


# ---- derivatives

PATHS = (
    "negative.L",
    "positive.L",
    "separator.L",
    "negative.particle.R_p",
    "positive.particle.eps_s",
    "positive.particle.kinetics.k",
    "negative.particle.D_s.value",
    "electrolyte.t_plus.value",
    "positive.eps",
)
TIMES = np.array([30.0, 600.0, 1800.0, 2700.0])


@pytest.mark.parametrize("kind", MODELS)
def test_derivatives_of_voltage_and_stop_agree_with_differences(cell, kind):
    def outputs(x):
        changed = cell
        for path, factor in zip(PATHS, x, strict=False):
            changed = cellsim.replace(changed, path, get(cell, path) * factor)
        model = MODELS[kind](changed, cellsim.Mesh(5, 3, 5, 6))
        times = jnp.asarray(np.append(TIMES, 1e5))
        solution = cellsim.simulate(model, cellsim.discharge(I=5.0), soc=x[-1], times=times, rtol=1e-9, max_steps=1000)
        return jnp.append(solution.V[:-1], solution.t_stop / 3600)

    at = np.append(np.ones(len(PATHS)), 0.95)
    value = jax.jit(outputs)
    h = 2e-3
    expected = []
    for e in np.eye(len(at)):
        near, far = ((value(at + k * h * e) - value(at - k * h * e)) / (2 * k * h) for k in (1, 2))
        expected.append((4 * near - far) / 3)
    expected = np.stack(expected, axis=1)
    acts = [name != "electrolyte.t_plus.value" or kind == "SPMe" for name in (*PATHS, "soc")]
    acts[PATHS.index("separator.L")] = acts[PATHS.index("positive.eps")] = kind == "SPMe"
    assert np.all((np.abs(expected) > 1e-5).any(axis=0) == acts)
    modes = {"SPM": (jax.jacrev,), "SPMe": (jax.jacrev, jax.jacfwd)}[kind]  # a program that compiles takes its time
    for mode in modes:
        np.testing.assert_allclose(jax.jit(mode(outputs))(at), expected, rtol=2e-4, atol=2e-6)
