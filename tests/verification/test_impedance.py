"""Impedance against an independent code, closed forms, and the model's own answer to a sinusoidal current."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import cellsim as cs
from cellsim.cells.balance import at_soc
from cellsim.electrode.kinetics import ButlerVolmer

F, R, T = cs.constants.F, cs.constants.R, 298.15
SPECTRUM = np.geomspace(1e-4, 1e3, 71)


def off(Z, exact):
    """The greatest deviation of the modulus [-] and of the phase [degrees]."""
    ratio = np.asarray(Z) / np.asarray(exact)
    return np.max(np.abs(np.abs(ratio) - 1)), np.max(np.abs(np.rad2deg(np.angle(ratio))))


# ---- full cells


@pytest.mark.parametrize("kind", [cs.SPM, cs.DFN], ids=lambda kind: kind.__name__)
def test_it_is_that_of_an_independent_code_over_seven_decades(kind, reference):
    """Whose own mesh loses what diffuses closest to the surface of the particles above 10 Hz, as the fine mesh does
    here; see the next test for one that does not."""
    table = reference.table("eis_Chen2020", f"eis_{kind.__name__}_ref.csv")
    spectrum = cs.impedance(kind(cs.load_cell("Chen2020"), cs.Mesh.fine()), table["frequency_Hz"], soc=0.5)
    modulus, phase = off(spectrum.Z, table["Z_re_Ohm"] + 1j * table["Z_im_Ohm"])
    assert modulus <= 0.003 and phase <= 0.1


def electrode_impedance(electrode, theta, cell, f):
    """Diffusion in spheres of constant diffusivity and charge transfer, beside the double layer, all walls alike [Ohm].

    Source: Jacobsen & West, Electrochim. Acta 40 (1995) 255, doi:10.1016/0013-4686(94)E0192-3.
    """
    p, s = electrode.particle, 2j * np.pi * f
    dU = float(jax.grad(lambda x: p.equilibrium(x, jnp.asarray(T)))(theta))
    q = np.sqrt(s * float(p.R_p**2 / p.D_s(theta, T)))
    diffusion = -dU / float(p.c_max) * float(p.R_p / p.D_s(theta, T)) / F / (q / np.tanh(q) - 1)
    transfer = R * T / (F * float(p.kinetics.j0(cell.c0, theta, p.c_max, T)))
    return 1 / (1 / (transfer + diffusion) + s * float(electrode.C_dl)) / float(electrode.a * electrode.L * cell.area)


def test_on_the_spectral_mesh_it_is_that_of_spheres_of_constant_diffusivity():
    cell = cs.load_cell("Chen2020")
    theta = at_soc(cell, jnp.asarray(0.3), jnp.asarray(T))
    sides = (cell.negative, theta.negative), (cell.positive, theta.positive)
    exact = sum(electrode_impedance(*side, cell, SPECTRUM) for side in sides)
    modulus, phase = off(cs.impedance(cs.SPM(cell, cs.Mesh.spectral()), SPECTRUM, soc=0.3).Z, exact)
    assert modulus <= 0.0015 and phase <= 0.1


def test_the_spectral_mesh_is_fine_enough_for_the_whole_of_a_cell():
    cell = cs.load_cell("Chen2020")
    Z = cs.impedance(cs.DFN(cell, cs.Mesh.spectral()), SPECTRUM).Z
    modulus, phase = off(Z, cs.impedance(cs.DFN(cell, cs.Mesh(48, 12, 48, 56, 0.0, 7.0)), SPECTRUM).Z)
    assert modulus <= 0.0005 and phase <= 0.05


@pytest.mark.parametrize("kind", [cs.SPM, cs.DFN], ids=lambda kind: kind.__name__)
def test_at_the_lowest_frequencies_a_cell_is_the_capacity_of_its_open_circuit_curve(kind):
    cell = cs.load_cell("Chen2020")
    model, f = kind(cell, cs.Mesh.coarse()), 1e-7
    system = model.discretised(jnp.asarray(T))
    V = lambda soc: system.terminal_voltage(model.at_rest(system, soc), jnp.zeros(()))
    capacity = float(model.usable(jnp.asarray(T))) * 3600 / float(jax.jit(jax.grad(V))(0.5))  # C/V
    Z = complex(cs.impedance(model, [f]).Z[0])
    assert -1 / (2 * np.pi * f * Z.imag) == pytest.approx(capacity, rel=1e-3)


def test_at_the_highest_frequencies_only_the_conductors_are_left():
    """Every double layer lets the current through, so that solution and solid of an electrode are side by side; a mesh
    knows where the current changes over to half a cell at either end of an electrode."""
    cell = cs.replace(cs.load_cell("Chen2020"), "R_contact", 0.001)
    kappa = float(cell.electrolyte.kappa(cell.c0, T))
    of = lambda e: float(e.L) / (kappa * float(e.kappa_factor) + float(e.sigma_eff))
    layers = of(cell.negative) + float(cell.separator.L / cell.separator.kappa_factor) / kappa + of(cell.positive)
    exact = layers / float(cell.area) + 0.001
    found = [complex(cs.impedance(cs.DFN(cell, cs.Mesh(n, 3, n, 3)), [1e11]).Z[0]) - exact for n in (10, 20)]
    half_cells = sum(
        float(e.L) / 10 / (kappa * float(e.kappa_factor)) / float(cell.area) for e in (cell.negative, cell.positive)
    )
    assert abs(found[0]) < half_cells
    assert abs(found[1]) == pytest.approx(0.5 * abs(found[0]), rel=0.1)


# ---- closed forms of parts


@pytest.mark.parametrize("sigma", [1e6, 0.3])
def test_a_blocking_porous_electrode_is_de_levies_transmission_line(sigma):
    """Solution and solid side by side, joined by double layers alone; no salt moves as its anion is immobile.

    Sources: de Levie, Electrochim. Acta 8 (1963) 751, doi:10.1016/0013-4686(63)80042-0; Paasch, Micka & Gersdorf,
    Electrochim. Acta 38 (1993) 2653, doi:10.1016/0013-4686(93)85083-B.
    """
    full = cs.load_cell("Chen2020")
    electrode = full.negative
    for path, value in (("particle.kinetics", ButlerVolmer(1e-16)), ("sigma", sigma)):
        electrode = cs.replace(electrode, path, value)
    electrolyte = cs.replace(full.electrolyte, "t_plus", 1.0)
    lithium = cs.Metal(cs.Deposition(1e9), C_dl=1e-4)
    cell = cs.HalfCellDesign(
        lithium, full.separator, electrode, electrolyte, area=1e-4, c0=1000.0, V_min=0.1, V_max=1.2, capacity=5e-3
    )
    f = np.geomspace(0.1, 3e3, 25)
    Z = cs.impedance(cs.HalfCell(cell, cs.Mesh(1, 2, 150, 3)), f).Z

    kappa = float(electrolyte.kappa(1000.0, T))
    in_pores, solid, L = kappa * float(electrode.kappa_factor), float(electrode.sigma_eff), float(electrode.L)
    nu = L * np.sqrt(2j * np.pi * f * float(electrode.a * electrode.C_dl) * (1 / in_pores + 1 / solid))
    both = solid / in_pores + in_pores / solid
    porous = L / (in_pores + solid) * (1 + (2 + both * np.cosh(nu)) / (nu * np.sinh(nu)))
    separator = float(full.separator.L / full.separator.kappa_factor) / kappa
    modulus, phase = off(Z, (porous + separator) / 1e-4)
    assert np.abs(nu[0]) < 0.5 and np.abs(nu[-1]) > 5
    assert modulus <= 1e-3 and phase <= 0.1


def between_lithium(t_plus, **metal):
    electrolyte = cs.Electrolyte(kappa=0.9, D=2.5e-11, t_plus=t_plus, chi=1.7)
    lithium = cs.Metal(cs.Deposition(150.0), **metal)
    layer = cs.Separator(3e-5, 0.5)
    design = cs.SymmetricDesign(lithium, (layer,), lithium, electrolyte, area=2e-4, c0=1200.0, R_contact=0.7)
    return cs.SymmetricCell(design, cs.LayerMesh((200,), 4.0))


def test_the_salt_between_two_lithium_electrodes_is_a_finite_length_warburg_element():
    """Z_W = 4 RT (1 - t_plus)^2 chi / (F^2 c D_eff q) tanh(q L / 2) with q = (i omega eps / D_eff)^0.5.

    Source: Newman & Balsara, Electrochemical Systems, 4th ed. (Wiley 2021), chapter 11.
    """
    f = np.geomspace(1e-5, 1e4, 46)
    model = between_lithium(0.35, C_dl=0.4)
    layer = model.cell.layers[0]
    factor, s = float(layer.kappa_factor), 2j * np.pi * f
    j0 = 150.0 * (1200.0 / 1000.0) ** 0.5
    R_ct = R * T / (F * j0)
    surfaces = 2 * R_ct / (1 + s * R_ct * 0.4)
    D_eff = 2.5e-11 * factor
    q = np.sqrt(s * 0.5 / D_eff)
    warburg = 4 * R * T * 0.65**2 * 1.7 / (F**2 * 1200.0 * D_eff * q) * np.tanh(q * 3e-5 / 2)
    exact = (surfaces + warburg + 3e-5 / (0.9 * factor)) / 2e-4 + 0.7
    modulus, phase = off(cs.impedance(model, f).Z, exact)
    assert modulus <= 2e-4 and phase <= 0.02
    assert np.max(np.abs(warburg) / np.abs(exact * 2e-4)) > 0.3


def test_a_metal_surface_is_a_semicircle_with_its_top_at_the_time_constant():
    """Where the cation carries all of the current no salt moves, and charge transfer and film in parallel with the
    double layer are all there is beside resistors."""
    model = between_lithium(1.0, C_dl=0.4, R_film=2e-3)
    R_surface = 2e-3 + R * T / (F * 150.0 * 1.2**0.5)
    top = 1 / (2 * np.pi * R_surface * 0.4)
    f = top * np.array([1e-3, 0.1, 1.0, 10.0, 1e3, 1e7])
    Z = np.asarray(cs.impedance(model, f).Z)
    resistors = 3e-5 / (0.9 * float(model.cell.layers[0].kappa_factor)) / 2e-4 + 0.7
    exact = resistors + 2 * R_surface / (1 + 1j * f / top) / 2e-4
    np.testing.assert_allclose(Z, exact, rtol=1e-9)
    assert Z[2].imag == pytest.approx(-R_surface / 2e-4, rel=1e-9)  # the radius
    assert Z[-1].real == pytest.approx(resistors, rel=1e-9)


def test_a_cell_with_a_temperature_of_its_own_takes_and_gives_reversible_heat():
    """Z = T (d OCV/dT)^2 / (i omega C + h A) is added: the current warms or cools, and the voltage follows.

    Source: Schmidt, Arnold, Loges, Werner, Wetzel & Ivers-Tiffée, J. Power Sources 243 (2013) 110,
    doi:10.1016/j.jpowsour.2013.06.013.
    """
    cell = cs.replace(cs.load_cell("Chen2020"), "positive.particle.dUdT", -8e-4)
    cell = cs.replace(cell, "negative.particle.dUdT", 3e-4)
    for side in ("negative", "positive"):  # double layers would take a little of what the temperature moves
        cell = cs.replace(cell, f"{side}.C_dl", 1e-7)
    model, f = cs.SPM(cell, cs.Mesh.coarse()), np.geomspace(1e-6, 1e-2, 9)
    warm, still = (np.asarray(cs.impedance(each, f, soc=0.3).Z) for each in (cs.Lumped(model), model))
    held = float(cell.heat.capacity(jnp.asarray(T)))
    added = T * 1.1e-3**2 / (2j * np.pi * f * held + float(cell.heat.h * cell.heat.cooling_area))
    np.testing.assert_allclose(warm - still, added, rtol=1e-6)
    assert np.abs(added[0]) > 1e-3


# ---- in time


POINTS, CYCLES, KEPT = 40, 8, 3  # a cycle; of a run; of it looked at


@pytest.mark.parametrize("frequency", [0.02, 2.0, 30.0])
def test_it_is_the_answer_to_a_small_sinusoidal_current_in_time(frequency, lgm50_coarse):
    """A current on straight lines between forty points a cycle, which the voltage answers linearly. What is left of the
    beginning changes evenly, and is fitted together with sine and cosine."""
    t = np.arange(POINTS * CYCLES + 1) / (POINTS * frequency)
    I = 0.05 * np.cos(2 * np.pi * frequency * t)
    run = cs.simulate(lgm50_coarse, cs.current(cs.Profile(t, I), t[-1]), soc=0.5, times=t, rtol=1e-8)
    kept = slice(POINTS * (CYCLES - KEPT), None)
    phase = 2 * np.pi * frequency * t[kept]
    even = np.polynomial.chebyshev.chebvander(np.linspace(-1, 1, len(phase)), 3)
    basis = np.column_stack([np.cos(phase), -np.sin(phase), even])
    of = lambda x: complex(*np.linalg.lstsq(basis, np.asarray(x)[kept], rcond=None)[0][:2])
    found = -of(run.V) / of(run.I)
    exact = complex(cs.impedance(lgm50_coarse, [frequency], soc=0.5).Z[0])
    assert abs(found - exact) <= 0.005 * abs(exact)


# ---- fit


TRUTH = {
    "negative.particle.kinetics.k": 6.48e-7,
    "positive.particle.kinetics.k": 3.42e-6,
    "negative.C_dl": 0.15,
    "positive.C_dl": 0.3,
    "negative.particle.D_s.value": 3.3e-14,
    "positive.particle.D_s.value": 4e-15,
    "electrolyte.kappa.value": 0.95,
}


def test_exchange_currents_double_layers_diffusivities_and_conductivity_are_found_again_from_a_noisy_spectrum():
    cell = cs.replace(cs.load_cell("Chen2020"), "electrolyte.kappa", 1.0)

    def model(logs):
        changed = cell
        for path, log in zip(TRUTH, logs, strict=True):
            changed = cs.replace(changed, path, jnp.exp(log))
        return cs.DFN(changed, cs.Mesh.coarse())

    truth, noise = jnp.log(jnp.asarray(list(TRUTH.values()))), 2e-3
    clean = cs.impedance(model(truth), np.geomspace(1e-4, 1e3, 50), soc=0.1)
    rng = np.random.default_rng(5)
    shaken = clean.Z * (1 + noise * (rng.normal(size=50) + 1j * rng.normal(size=50)))
    measured = cs.Spectrum(clean.frequencies, shaken)
    residuals = lambda logs: cs.impedance_residuals(model(logs), measured, soc=0.1) / noise
    with_slopes = jax.jit(lambda logs: (residuals(logs), jax.jacfwd(residuals)(logs)))

    logs = truth + jnp.asarray([0.7, -0.6, 0.5, -0.7, 0.8, -0.9, 0.4])
    (r, J), damping = with_slopes(logs), 1.0
    for _ in range(30):  # Levenberg-Marquardt
        step = jnp.linalg.solve(J.T @ J + damping * jnp.diag(jnp.diag(J.T @ J)), -J.T @ r)
        tried = with_slopes(logs + step)
        if jnp.sum(tried[0] ** 2) < jnp.sum(r**2):
            logs, (r, J), damping = logs + step, tried, damping / 5
        else:
            damping *= 5
    errors = np.sqrt(np.diag(np.linalg.inv(np.asarray(J.T @ J))))
    assert np.sum(np.asarray(r) ** 2) / (len(r) - len(TRUTH)) == pytest.approx(1.0, abs=0.4)
    assert np.all(np.abs(logs - truth) < 4 * errors)
    assert np.all(errors < 0.05), dict(zip(TRUTH, errors, strict=True))
