"""Conductivity tensors: what symmetry leaves of them, and what a tilted crystal conducts."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

import cellsim
from cellsim.electrolyte.anisotropy import (
    CRYSTAL_SYSTEMS,
    CUBIC,
    HEXAGONAL,
    MONOCLINIC,
    ORTHORHOMBIC,
    TETRAGONAL,
    TRICLINIC,
    TRIGONAL,
    TiltedBar,
    TiltedCrystal,
    X,
    Y,
    Z,
    angles,
    at_given_current,
    at_given_field,
    direction,
    euler,
    independent_components,
    laminate,
    principal,
    projected,
    rotated,
    rotation,
    tilted_crystal,
)
from cellsim.laws import Arrhenius

RANDOM = np.random.default_rng(11)
every_system = pytest.mark.parametrize("system", CRYSTAL_SYSTEMS, ids=lambda system: system.name)


def some_tensor(seed=1):
    """A conductivity tensor without any symmetry but its own."""
    A = np.random.default_rng(seed).standard_normal((3, 3))
    return jnp.asarray(A @ A.T + 0.3 * np.eye(3))


def unit(vector):
    return jnp.asarray(vector) / np.linalg.norm(vector)


# ---- symmetry


def test_the_number_of_independent_components_comes_out_of_the_group():
    numbers = {system.name: independent_components(system) for system in CRYSTAL_SYSTEMS}
    assert numbers == {
        "cubic": 1,
        "tetragonal": 2,
        "trigonal": 2,
        "hexagonal": 2,
        "orthorhombic": 3,
        "monoclinic": 4,
        "triclinic": 6,
    }


def test_the_rotation_groups_have_their_known_orders():
    orders = [len(system.operations) for system in CRYSTAL_SYSTEMS]
    assert orders == [24, 8, 6, 12, 4, 2, 1]


@every_system
def test_the_operations_are_rotations_and_their_products_are_among_them(system):
    g = system.operations
    np.testing.assert_allclose(g @ np.swapaxes(g, 1, 2), np.broadcast_to(np.eye(3), g.shape), atol=1e-13)
    np.testing.assert_allclose(np.linalg.det(g), 1.0, rtol=1e-13)
    for product in (a @ b for a in g for b in g):
        assert np.abs(g - product).max(axis=(1, 2)).min() < 1e-12


@every_system
def test_the_projection_is_invariant_idempotent_and_keeps_the_trace(system):
    kappa = projected(some_tensor(), system)
    for operation in system.operations:
        np.testing.assert_allclose(rotated(kappa, operation), kappa, atol=1e-14)
    np.testing.assert_allclose(projected(kappa, system), kappa, atol=1e-14)
    np.testing.assert_allclose(jnp.trace(kappa), jnp.trace(some_tensor()), rtol=1e-14)
    assert np.all(np.linalg.eigvalsh(kappa) > 0), "the mean of positive definite tensors is so too"


def test_each_system_leaves_the_form_that_crystal_physics_lists():
    kappa = some_tensor()
    a = np.diagonal(kappa)
    isotropic, uniaxial = np.eye(3) * a.mean(), np.diag([(a[0] + a[1]) / 2, (a[0] + a[1]) / 2, a[2]])
    np.testing.assert_allclose(projected(kappa, CUBIC), isotropic, atol=1e-14)
    for system in (TETRAGONAL, TRIGONAL, HEXAGONAL):
        np.testing.assert_allclose(projected(kappa, system), uniaxial, atol=1e-14)
    np.testing.assert_allclose(projected(kappa, ORTHORHOMBIC), np.diag(a), atol=1e-14)
    monoclinic = np.where(np.array([[1, 0, 1], [0, 1, 0], [1, 0, 1]]), kappa, 0.0)
    np.testing.assert_allclose(projected(kappa, MONOCLINIC), monoclinic, atol=1e-14)
    np.testing.assert_array_equal(projected(kappa, TRICLINIC), kappa)


def test_many_tensors_are_projected_at_once():
    both = jnp.stack([some_tensor(1), some_tensor(2)])
    alone = projected(some_tensor(2), TRIGONAL)  # of which symmetry makes some entries zero, up to rounding
    np.testing.assert_allclose(projected(both, TRIGONAL)[1], alone, rtol=1e-14, atol=1e-14)


# ---- rotations and principal axes


def test_rotations_turn_counterclockwise_and_euler_angles_follow_bunge():
    np.testing.assert_allclose(rotation(Z, np.pi / 2) @ X, Y, atol=1e-15)
    np.testing.assert_allclose(rotation(np.ones(3), 2 * np.pi / 3) @ X, Y, atol=1e-15)
    np.testing.assert_allclose(euler(0.3, 0.0, 0.4), rotation(Z, 0.7), atol=1e-15)
    np.testing.assert_allclose(
        euler(0.3, 0.8, 0.4) @ Z, [np.sin(0.3) * np.sin(0.8), -np.cos(0.3) * np.sin(0.8), np.cos(0.8)], atol=1e-15
    )
    Q = euler(0.3, 0.8, -2.0)
    np.testing.assert_allclose(Q @ Q.T, np.eye(3), atol=1e-15)


def test_turning_a_crystal_turns_its_axes_and_keeps_its_principal_values():
    kappa, Q = some_tensor(), euler(0.4, 1.1, -0.7)
    values, axes = principal(kappa)
    turned_values, turned_axes = principal(rotated(kappa, Q))
    np.testing.assert_allclose(turned_values, values, rtol=1e-13)
    np.testing.assert_allclose(np.abs(np.einsum("ik,ik->k", Q @ axes, turned_axes)), 1.0, rtol=1e-12)
    np.testing.assert_allclose(axes @ jnp.diag(values) @ axes.T, kappa, atol=1e-13)
    np.testing.assert_allclose(rotated(rotated(kappa, Q), Q.T), kappa, atol=1e-13)


def test_principal_values_and_axes_are_differentiable():
    def told(kappa):
        values, axes = principal(kappa)
        return jnp.append(values, axes**2)  # the sign of an axis says nothing

    check_grads(told, (some_tensor(),), order=1, modes=("fwd", "rev"), rtol=1e-5)
    slope = jax.grad(lambda kappa: principal(kappa)[0][2])(some_tensor())
    axis = principal(some_tensor())[1][:, 2]
    np.testing.assert_allclose(slope, jnp.outer(axis, axis), atol=1e-13)


# ---- along a direction


def test_a_field_drives_more_current_when_the_faces_are_shorted_except_along_a_principal_axis():
    kappa = some_tensor()
    for n in RANDOM.standard_normal((20, 3)):
        shorted, open_ = at_given_field(kappa, unit(n)), at_given_current(kappa, unit(n))
        assert float(shorted) > float(open_) > 0
    values, axes = principal(kappa)
    np.testing.assert_allclose(at_given_field(kappa, axes.T), values, rtol=1e-12)
    np.testing.assert_allclose(at_given_current(kappa, axes.T), values, rtol=1e-12)


def test_without_transverse_current_the_field_turns_until_the_current_is_along_the_bar():
    kappa, n = some_tensor(), unit([1.0, 2.0, -0.5])
    E = jnp.linalg.solve(kappa, n)  # for unit current along n
    assert float(at_given_current(kappa, n)) == pytest.approx(float(1 / (n @ E)), rel=1e-13)
    np.testing.assert_allclose(kappa @ E, n, atol=1e-13)


def test_at_forty_five_degrees_the_two_means_of_two_principal_values_are_found():
    kappa, n = jnp.diag(jnp.array([1.0, 4.0, 9.0])), unit([1.0, 1.0, 0.0])
    assert float(at_given_field(kappa, n)) == pytest.approx(2.5, rel=1e-14)  # arithmetic
    assert float(at_given_current(kappa, n)) == pytest.approx(1.6, rel=1e-14)  # harmonic


def layers_solved(kappa, L, n):
    """The tensor of a stack from the fields in its layers: unknown fields, equal sideways, with equal current along."""
    sideways = np.linalg.svd(np.asarray(n)[None])[2][1:]  # two unit vectors across n
    found = np.zeros((3, 3))
    count = len(L)
    for column in range(3):
        M, b, row = np.zeros((3 * count, 3 * count)), np.zeros(3 * count), 0
        for k in range(count - 1):
            here, there = slice(3 * k, 3 * k + 3), slice(3 * k + 3, 3 * k + 6)
            M[row, here], M[row, there] = n @ kappa[k], -(n @ kappa[k + 1])
            M[row + 1 : row + 3, here], M[row + 1 : row + 3, there] = sideways, -sideways
            row += 3
        for k in range(count):  # the mean field is the unit vector of the column
            M[row : row + 3, 3 * k : 3 * k + 3] = np.eye(3) * L[k] / L.sum()
        b[row + column] = 1.0
        E = np.linalg.solve(M, b).reshape(count, 3)
        found[:, column] = np.einsum("k,kij,kj->i", L / L.sum(), kappa, E)
    return found


def test_a_stack_conducts_as_its_fields_and_currents_say():
    kappa, L, n = jnp.stack([some_tensor(k) for k in range(4)]), jnp.array([1.0, 3.0, 0.5, 2.0]), unit([0.3, -0.2, 0.9])
    effective = laminate(kappa, L, n)
    np.testing.assert_allclose(effective, layers_solved(np.asarray(kappa), np.asarray(L), np.asarray(n)), rtol=1e-10)
    series = jnp.sum(L) / jnp.sum(L / at_given_field(kappa, jnp.broadcast_to(n, (4, 3))))
    assert float(at_given_field(effective, n)) == pytest.approx(float(series), rel=1e-12)
    one_by_one = jnp.sum(L) / jnp.sum(L / at_given_current(kappa, jnp.broadcast_to(n, (4, 3))))
    assert float(one_by_one) < float(at_given_current(effective, n)) <= float(series)


def test_a_stack_of_one_crystal_is_that_crystal_and_opposite_tilts_cancel_sideways():
    kappa = some_tensor()
    np.testing.assert_allclose(
        laminate(jnp.stack([kappa] * 3), jnp.array([1.0, 2.0, 3.0]), unit([1.0, 2.0, 3.0])), kappa, rtol=1e-12
    )
    grain = jnp.diag(jnp.array([4.0, 4.0, 1.0]))
    pair = jnp.stack([rotated(grain, rotation(X, sign * 0.5)) for sign in (1, -1)])
    twin = laminate(pair, jnp.ones(2), jnp.asarray(Z))
    np.testing.assert_allclose(twin - jnp.diag(jnp.diagonal(twin)), 0.0, atol=1e-14)
    assert float(at_given_field(twin, Z)) == pytest.approx(float(at_given_current(twin, Z)), rel=1e-12)
    assert float(twin[2, 2]) == pytest.approx(4 * np.sin(0.5) ** 2 + np.cos(0.5) ** 2, rel=1e-12)


# ---- a tilted crystal in a cell


def test_a_direction_and_its_angles_say_the_same():
    for n in RANDOM.standard_normal((10, 3)):
        np.testing.assert_allclose(direction(*angles(n)), unit(n), atol=1e-15)


def test_a_tilted_crystal_is_its_tensor_along_the_normal():
    kappa, Q, n = some_tensor(), euler(0.4, 0.9, -1.2), unit([0.1, 0.2, 1.0])
    crystal = tilted_crystal(kappa, Q, n, Arrhenius(1.0, 2.5e4))
    growth = float(Arrhenius(1.0, 2.5e4)(0.0, 330.0))
    for law, along in ((crystal, at_given_field), (TiltedBar(crystal), at_given_current)):
        assert float(law(1000.0, 298.15)) == pytest.approx(float(along(rotated(kappa, Q), n)), rel=1e-12)
        assert float(law(1000.0, 330.0)) == pytest.approx(growth * float(along(rotated(kappa, Q), n)), rel=1e-12)


def test_a_stack_of_tilted_crystals_becomes_a_law_as_its_laminate():
    grains, L = jnp.stack([some_tensor(1), some_tensor(2)]), jnp.array([2.0, 1.0])
    law = tilted_crystal(laminate(grains, L, Z), np.eye(3), Z)
    series = 3.0 / (2.0 / float(grains[0, 2, 2]) + 1.0 / float(grains[1, 2, 2]))
    assert float(law(1000.0, 298.15)) == pytest.approx(series, rel=1e-12)


def test_principal_conductivities_may_have_activation_energies_of_their_own():
    crystal = TiltedCrystal(Arrhenius(0.1, 2e4), Arrhenius(0.2, 3e4), Arrhenius(0.01, 5e4), tilt=0.5, azimuth=0.2)
    T = np.array([280.0, 298.15, 350.0])
    n = np.asarray(direction(0.5, 0.2))
    expected = sum(n[k] ** 2 * law(0.0, T) for k, law in enumerate((crystal.kappa_1, crystal.kappa_2, crystal.kappa_3)))
    np.testing.assert_allclose(crystal(np.ones((2, 1)), T), np.broadcast_to(expected, (2, 3)), rtol=1e-14)
    check_grads(lambda law, T: law(0.0, T), (crystal, 310.0), order=1, modes=("fwd", "rev"), rtol=1e-6)


def test_tensors_that_conduct_uphill_or_break_reciprocity_are_refused():
    with pytest.raises(ValueError, match="positive principal values"):
        tilted_crystal(np.diag([1.0, 2.0, -0.1]), np.eye(3), Z)
    with pytest.raises(ValueError, match="symmetric"):
        tilted_crystal(np.eye(3) + np.outer(X, Y), np.eye(3), Z)


def test_a_cell_takes_a_tilted_crystal_as_its_conductivity():
    """Everything in the rate of a cell sees the crystal's through-plane conductivity, and the tilt has a derivative."""
    crystal = TiltedCrystal(1.0, 1.0, 0.2, tilt=0.7)
    cell = cellsim.load_cell("Chen2020")
    told = jax.jit(lambda kappa: _voltage_under_load(cellsim.replace(cell, "electrolyte.kappa", kappa)))
    same = cellsim.laws.Constant(np.sin(0.7) ** 2 + 0.2 * np.cos(0.7) ** 2)
    assert float(told(crystal)) == pytest.approx(float(told(same)), abs=1e-12)
    slope = jax.jit(jax.grad(lambda kappa: _voltage_under_load(cellsim.replace(cell, "electrolyte.kappa", kappa))))(
        crystal
    )
    assert float(slope.tilt) > 0, "the more of the good axes, the less is lost"


def _voltage_under_load(cell):
    model = cellsim.DFN(cell, cellsim.Mesh(4, 2, 4, 4)).discretised(cell.T_ref)
    rest = model.at_rest(cellsim.cells.balance.at_soc(cell, jnp.asarray(0.5), cell.T_ref))
    return model.terminal_voltage(rest, jnp.asarray(5.0))
