"""The equations of a slab in states far from any that a run reaches: identities that hold in all of them."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import cellsim as cs
from cellsim.discretisation import local
from cellsim.discretisation.layout import State
from cellsim.electrolyte import ions
from cellsim.electrolyte.donnan import equilibrium
from cellsim.electrolyte.mobilities import IndependentIons, OfElectrolyte

F, T = cs.constants.F, 298.15
IONS, FREE = (cs.Ion("K+", 1), cs.Ion("Cl-", -1)), IndependentIons([1e-9, 1e-9])


@pytest.fixture(scope="module")
def stack(slabs):
    """A membrane between two solutions, and a disturbed state of it."""
    model = slabs.membrane_stack()
    rest = model.at_rest(model.discretised(T), 1.0)
    rng = np.random.default_rng(1)
    line = rest.line * (1 + 0.1 * rng.uniform(-1, 1, rest.line.shape))
    return model, State(line, rest.fibre)


@eqx.filter_jit
def seen(model, y, I):
    system = model.discretised(T)
    rate = system.rate(y, I)
    held = lambda y: system.inventory(y, y).amount
    return dict(
        rate=rate,
        held_rate=jax.jvp(held, (y,), (rate,))[1],
        passed=system.passages(y, I / model.area),
        V=system.terminal_voltage(y, I),
        profiles=system.profiles(y, I),
        jacobian=local.jacobian(system.laws(I), y, system.layout),
        dense=jax.jacfwd(lambda line: system.rate(State(line, y.fibre), I).line)(y.line),
    )


@pytest.mark.parametrize("I", [0.0, 0.02, -0.3])
def test_every_ion_is_conserved_the_last_one_too_and_the_current_is_the_same_everywhere(stack, I):
    model, y = stack
    out = seen(model, y, jnp.asarray(I))
    J = np.asarray(out["passed"].J)
    gained = float(model.area) * (J[0] - J[-1])
    size = float(model.area) * np.max(np.abs(J), axis=0)
    assert np.max(np.abs(np.asarray(out["held_rate"]) - gained) / size) < 1e-12
    current = F * J @ model.z
    assert np.max(np.abs(current - I / float(model.area))) < 1e-12 * F * np.max(np.abs(J))


def test_every_cell_is_neutral_fixed_charge_counted(stack):
    model, y = stack
    profiles = seen(model, y, jnp.asarray(0.1))["profiles"]
    c = np.stack([np.asarray(profiles[name]) for name in model.concentrations.values()], axis=-1)
    fixed = np.repeat([0.0, -150.0, 0.0], model.cells)
    assert np.max(np.abs(c @ model.z + fixed)) < 1e-12 * np.max(c)


def test_the_jacobian_of_the_laws_is_that_of_the_rate_and_couples_neighbours_only(stack):
    model, y = stack
    out = seen(model, y, jnp.asarray(0.1))
    dense, n = np.asarray(out["dense"]), model.layout.nodes  # row field, row node, column field, column node
    scale = np.max(np.abs(dense))
    own = np.arange(n)
    for offset, blocks in (
        (-1, out["jacobian"].line_left),
        (0, out["jacobian"].line_here),
        (1, out["jacobian"].line_right),
    ):
        rows = own[(own + offset >= 0) & (own + offset < n)]
        expected = dense[:, rows, :, rows + offset]  # node, row field, column field
        np.testing.assert_allclose(np.asarray(blocks)[:, :, rows].transpose(2, 0, 1), expected, atol=1e-11 * scale)
    apart = np.abs(own[:, None] - own[None, :]) > 1
    assert np.all(dense.transpose(1, 3, 0, 2)[apart] == 0)


def test_the_voltage_is_a_straight_line_in_the_current(stack):
    model, y = stack
    V = {I: float(seen(model, y, jnp.asarray(I))["V"]) for I in (-0.3, 0.0, 0.1, 0.5)}
    slope = (V[0.1] - V[0.0]) / 0.1
    assert slope < 0
    for I in (-0.3, 0.5):
        assert V[I] == pytest.approx(V[0.0] + slope * I, abs=1e-11)


@pytest.mark.parametrize("fixed", [-150.0, 400.0])
def test_a_membrane_in_donnan_equilibrium_with_the_solutions_beside_it_rests(fixed, slabs):
    bath = slabs.ONE
    model = slabs.membrane_stack(fixed=fixed, other=bath)
    out = seen(model, model.at_rest(model.discretised(T), 1.0), jnp.asarray(0.0))
    assert np.max(np.abs(out["rate"].line)) < 1e-12  # 1/s, of unknowns that change in seconds
    assert abs(float(out["V"])) < 1e-14
    inside = np.asarray(out["profiles"]["electric potential"])[model.cells[0] : -model.cells[2]]
    np.testing.assert_allclose(inside, float(equilibrium(bath, model.z, fixed, T).phi), atol=1e-14)


@pytest.mark.parametrize("name", ["landesfeind2019_ec_emc", "paxton1997_koh"])
def test_two_ions_flow_as_the_salt_of_a_binary_electrolyte(name, slabs):
    """t_plus, D and kappa depend on the salt; at a face the flux is -D dc/dx + t_plus i/(z+ nu+ F)."""
    electrolyte = cs.load_electrolyte(name)
    c, step, i, width = 1200.0, 0.12, 30.0, 1e-6
    pair = (cs.Ion("M+", 1), cs.Ion("X-", -1))
    layer = cs.Layer(2 * width, [c, c])
    model = cs.Slab(pair, OfElectrolyte(electrolyte), (layer,), cs.Closed(), cs.Closed(), mesh=cs.SlabMesh((2,)))
    system = model.discretised(T)
    y = system.scaled(jnp.array([[c - step, c - step], [c + step, c + step]]))
    met = jax.jit(lambda y: system.between(*local.beside(tuple(y.line)), jnp.asarray(i)))(y)
    t_plus, D, kappa = (float(getattr(electrolyte, law)(c, T)) for law in ("t_plus", "D", "kappa"))
    slope = 2 * step / width
    np.testing.assert_allclose(met.J[0], [-D * slope + t_plus * i / F, -D * slope - (1 - t_plus) * i / F], rtol=1e-6)
    # against an electrode of the cation, the potential gradient of a cell: of an ideal solution
    rise = slabs.VT * (float(met.psi[0]) + np.log((c + step) / (c - step)))
    expected = -i * width / kappa + 2 * slabs.VT * (1 - t_plus) * 2 * step / c
    assert rise == pytest.approx(expected, rel=1e-6)


def test_the_junction_potential_of_a_linear_mixture_is_hendersons(slabs):
    """Source: Henderson, Z. Phys. Chem. 59 (1907) 118."""
    left, right = np.array([100.0, 5.0, 105.0]), np.array([20.0, 40.0, 60.0])
    z, D = np.array([1, 1, -1]), np.array([slabs.D_K, slabs.D_NA, slabs.D_CL])
    before, after = np.sum(z**2 * D * left), np.sum(z**2 * D * right)
    expected = -slabs.VT * np.sum(z * D * (right - left)) / (after - before) * np.log(after / before)
    errors = []
    for cells in (20, 40, 80):
        model = slabs.junction(left, right, cells)
        x = (np.arange(cells) + 0.5)[:, None] / cells
        y = model.discretised(T).scaled(jnp.asarray(left + (right - left) * x))
        errors.append(float(slabs.seen(model, y, 0.0)[0]) - expected)
    assert abs(errors[-1]) < 1e-4 * abs(expected)
    assert np.log2(errors[0] / errors[1]) > 1.8 and np.log2(errors[1] / errors[2]) > 1.9


def test_the_diffusion_potential_of_one_salt_does_not_depend_on_its_profile(slabs):
    rng = np.random.default_rng(5)
    model = slabs.junction([100.0, 0.0, 100.0], [3.0, 0.0, 3.0])
    c = rng.uniform(3.0, 100.0, 20)
    y = model.discretised(T).scaled(jnp.asarray(np.stack([c, 0 * c, c], axis=-1)))
    expected = -slabs.VT * (slabs.D_K - slabs.D_CL) / (slabs.D_K + slabs.D_CL) * np.log(3.0 / 100.0)
    assert float(slabs.seen(model, y, 0.0)[0]) == pytest.approx(expected, rel=1e-9)  # what is absent has its floor


def test_reversible_electrodes_add_the_nernst_potential_of_their_ion(slabs):
    left, right = [100.0, 5.0, 105.0], [1.0, 20.0, 21.0]
    V = {}
    for reference in (None, "Cl-", "K+"):
        model = slabs.junction(left, right, reference=reference)
        y = model.at_rest(model.discretised(T), 1.0)
        V[reference] = float(slabs.seen(model, y, 0.0)[0])
    assert V["Cl-"] - V[None] == pytest.approx(-slabs.VT * np.log(21.0 / 105.0), rel=1e-12)
    assert V["K+"] - V[None] == pytest.approx(slabs.VT * np.log(1.0 / 100.0), rel=1e-12)


def test_the_resistance_of_an_even_solution_is_that_of_nernst_and_einstein(slabs):
    c = np.array([30.0, 70.0, 100.0])
    model = slabs.junction(c, c)
    y = model.at_rest(model.discretised(T), 1.0)
    kappa = float(ions.conductivity_NE(c, model.z, np.array([slabs.D_K, slabs.D_NA, slabs.D_CL]), T))
    assert float(slabs.seen(model, y, 7.0)[0]) == pytest.approx(-7.0 * 1e-4 / kappa, rel=1e-12)


# ---- what cannot be


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: cs.Slab(IONS, FREE, (cs.Layer(1e-4, [10.0, 11.0]),), cs.Closed(), cs.Closed()), "not neutral.*-1 mol"),
        (lambda: cs.Slab(IONS, FREE, (cs.Layer(1e-4, [10.0, 10.0], -5.0),), cs.Closed(), cs.Closed()), "not neutral"),
        (lambda: cs.Slab(IONS, FREE, (cs.Layer(1e-4, [10.0]),), cs.Closed(), cs.Closed()), "2 numbers are needed"),
        (lambda: cs.Slab(IONS[:1], FREE, (cs.Layer(1e-4, [0.0]),), cs.Closed(), cs.Closed()), "cations and anions"),
        (
            lambda: cs.Slab(IONS, FREE, (cs.Layer(1e-4, [1.0, 1.0]),), cs.Bath([2.0, 3.0]), cs.Closed()),
            "the left bath is not neutral",
        ),
        (
            lambda: cs.Slab(IONS, FREE, (cs.Layer(1e-4, [1.0, 1.0]),), cs.Electrode([0.5, 0.0]), cs.Closed()),
            "left: the shares of the current",
        ),
        (
            lambda: cs.Slab(IONS, FREE, (cs.Layer(1e-4, [1.0, 1.0]),), cs.Closed(), cs.Closed(), reference="Li+"),
            "'Li\\+', which is no ion",
        ),
        (
            lambda: cs.Slab(
                IONS, FREE, (cs.Layer(1e-4, [1.0, 1.0]),), cs.Closed(), cs.Closed(), mesh=cs.SlabMesh((5, 5))
            ),
            "cells for 2 layers, the slab has 1",
        ),
    ],
)
def test_what_is_no_slab_is_refused_with_the_reason(make, said):
    with pytest.raises(ValueError, match=said):
        make()
