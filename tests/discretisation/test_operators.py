"""Every operator has its order, measured against solutions that are known, and loses nothing."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.linalg
import scipy.optimize

from cellsim.discretisation import operators as op
from cellsim.discretisation.grid import graded_fractions, radial_grid

LAYERS = (
    (0.45, 0.12),
    (0.1, 1.0),
    (0.45, 0.25),
)  # length and transport factor: jumps as between electrode and separator
REFINED = (1, 2, 4)


def observed_orders(errors, spacings):
    return np.diff(np.log(errors)) / np.diff(np.log(spacings))


class Line:
    """Three layers, and the path s along the pores that is smooth where x has kinks: ds = dx / transport factor."""

    def __init__(self, refinement, grading):
        cells = (9, 4, 7)
        ends = ((0.0, grading), (grading, grading), (grading, 0.0))
        fractions = [graded_fractions(n * refinement, *end) for n, end in zip(cells, ends, strict=True)]
        self.width = np.concatenate([L * f for (L, _), f in zip(LAYERS, fractions, strict=True)])
        self.factor = np.concatenate([np.full(len(f), b) for (_, b), f in zip(LAYERS, fractions, strict=True)])
        self.half = op.half_resistance(jnp.asarray(self.width), jnp.asarray(self.factor))
        step = self.width / self.factor
        self.s_face = np.cumsum(step)[:-1]
        self.s = np.cumsum(step) - 0.5 * step
        self.total = step.sum()

    def c(self, s):
        return 2 + np.cos(np.pi * s / self.total)  # no flux at the ends

    def slope(self, s):
        return -np.pi / self.total * np.sin(np.pi * s / self.total)

    def curvature(self, s):
        return -((np.pi / self.total) ** 2) * np.cos(np.pi * s / self.total)


def D(c):
    return 0.5 + 0.3 * c**2


def D_slope(c):
    return 0.6 * c


@pytest.mark.parametrize("grading", [0.0, 1.0])
def test_diffusion_through_layers_of_different_porosity_is_second_order(grading):
    errors = []
    for refinement in REFINED:
        line = Line(refinement, grading)
        c, slope, curvature = line.c(line.s), line.slope(line.s), line.curvature(line.s)
        source = c - (D(c) * curvature + D_slope(c) * slope**2) / line.factor  # of c - div(D grad c) = source

        @jax.jit
        def residual(c, line=line, source=source):
            flux = -D(op.face_value(c, line.half)) * op.difference(c) / op.across_faces(line.half)
            return c + op.divergence(flux, jnp.asarray(line.width)) - source

        jacobian = jax.jit(jax.jacfwd(residual))
        found = c.copy()
        for _ in range(8):
            found = found - np.linalg.solve(jacobian(found), residual(found))
        assert np.max(np.abs(residual(found))) < 1e-10
        errors.append(np.sqrt(np.sum(line.width * (found - c) ** 2)))
    orders = observed_orders(errors, 1 / np.array(REFINED))
    assert np.all(orders > 1.9), (errors, orders)


@pytest.mark.parametrize("grading", [0.0, 1.0])
def test_the_value_on_a_face_is_second_order_also_where_the_porosity_jumps(grading):
    errors = []
    for refinement in REFINED:
        line = Line(refinement, grading)
        found = op.face_value(jnp.asarray(line.c(line.s)), line.half)
        errors.append(np.max(np.abs(found - line.c(line.s_face))))
    assert np.all(observed_orders(errors, 1 / np.array(REFINED)) > 1.9), errors


def test_the_flux_of_a_straight_profile_through_layers_in_series_is_exact():
    line = Line(1, 0.6)
    flux = -op.difference(jnp.asarray(3.0 - 0.5 * line.s)) / op.across_faces(line.half)
    np.testing.assert_allclose(flux, 0.5, rtol=1e-12)


def test_what_flows_within_closed_ends_changes_no_total():
    line = Line(2, 0.5)
    flux = np.random.default_rng(0).normal(size=len(line.width) - 1)
    outflow = np.asarray(op.divergence(jnp.asarray(flux), jnp.asarray(line.width)))
    assert np.max(np.abs(outflow)) > 1
    assert abs(np.sum(outflow * line.width)) < 1e-13


def test_divergence_is_the_net_outflow_of_each_cell():
    outflow = op.divergence(jnp.asarray([1.0, 4.0]), jnp.asarray([0.5, 1.0, 2.0]))
    np.testing.assert_allclose(outflow, [2.0, 3.0, -2.0], rtol=1e-15)


# ---- spheres

RADIAL = (16, 32, 64)  # where the order is seen; below, the coarse centre hides it
SPACING = 1 / (np.array(RADIAL) - 0.5)
ROOTS = [  # of tan x = x; thirty are plenty: the last one's share decays as exp(-9000 t)
    scipy.optimize.brentq(lambda x: np.sin(x) - x * np.cos(x), k * np.pi, (k + 0.5) * np.pi, xtol=1e-14)
    for k in range(1, 31)
]


def emptied_sphere(r, t, outflux):
    """Profile in a sphere of unit radius and diffusivity, zero at first, with constant `outflux` at the surface.

    Source: J. Crank, The Mathematics of Diffusion, 2nd ed. (Oxford 1975), equation 6.45.
    """
    l = np.array(ROOTS)
    series = np.sin(l * r[:, None]) / (l**2 * np.sin(l) * r[:, None]) * np.exp(-(l**2) * t)
    return -outflux * (3 * t + 0.5 * r**2 - 0.3 - 2 * series.sum(axis=1))


def test_a_sphere_under_constant_current_follows_its_exact_solution_to_second_order():
    outflux, errors, at_surface, mean_error = 0.8, [], [], []
    for n in RADIAL:
        grid = radial_grid(n)
        rate = lambda x, n=n, grid=grid: op.sphere_accumulation(
            x[:, None], jnp.ones((n - 1, 1)), jnp.asarray([outflux]), grid
        )[:, 0]
        zero = jnp.zeros(n)
        system = np.zeros((n + 1, n + 1))  # of (profile, 1): its exponential is the exact solution in time
        system[:n, :n], system[:n, n] = jax.jacfwd(rate)(zero), rate(zero)
        worst, surface = 0.0, 0.0
        for t in (0.01, 0.1, 0.5):
            found, exact = scipy.linalg.expm(t * system)[:n, n], emptied_sphere(grid.nodes, t, outflux)
            worst, surface = max(worst, np.max(np.abs(found - exact))), max(surface, abs(found[-1] - exact[-1]))
            mean_error.append(abs(3 * np.sum(grid.volumes * found) + 3 * outflux * t))
        errors.append(worst)
        at_surface.append(surface)
    assert np.all(observed_orders(errors, SPACING) > 1.9), errors
    assert np.all(observed_orders(at_surface, SPACING) > 1.9), at_surface
    assert max(mean_error) < 1e-11, "the mean follows the charge passed, to the rounding of the matrix exponential"


def test_diffusion_in_a_sphere_whose_diffusivity_varies_is_second_order():
    errors = []
    for n in RADIAL:
        grid = radial_grid(n)
        r = grid.nodes
        x, slope, curvature = 0.2 + np.cos(1.3 * r), -1.3 * np.sin(1.3 * r), -(1.3**2) * np.cos(1.3 * r)
        source = x - (D(x) * (curvature + 2 * slope / r) + D_slope(x) * slope**2)
        outflux = -D(x[-1]) * slope[-1]

        @jax.jit
        def residual(x, grid=grid, source=source, outflux=outflux):
            between = D(0.5 * (x[1:] + x[:-1]))[:, None]
            return x - op.sphere_accumulation(x[:, None], between, jnp.asarray([outflux]), grid)[:, 0] - source

        jacobian = jax.jit(jax.jacfwd(residual))
        found = x.copy()
        for _ in range(8):
            found = found - np.linalg.solve(jacobian(found), residual(found))
        assert np.max(np.abs(residual(found))) < 1e-9
        errors.append(np.max(np.abs(found - x)))
    assert np.all(observed_orders(errors, SPACING) > 1.9), errors


def test_a_sphere_loses_exactly_what_leaves_its_surface():
    rng, grid = np.random.default_rng(1), radial_grid(14)
    x, between, outflux = rng.uniform(size=(14, 5)), rng.uniform(0.1, 2.0, (13, 5)), rng.normal(size=5)
    rate = np.asarray(op.sphere_accumulation(*map(jnp.asarray, (x, between, outflux)), grid))
    exchanged = np.sum(grid.volumes[:, None] * np.abs(rate), axis=0)
    assert np.all(np.abs(np.sum(grid.volumes[:, None] * rate, axis=0) + outflux) < 1e-14 * exchanged)


def test_a_sphere_of_one_lithiation_without_current_stays_as_it_is():
    rate = op.sphere_accumulation(jnp.full((9, 2), 0.4), jnp.ones((8, 2)), jnp.zeros(2), radial_grid(9))
    assert np.all(np.asarray(rate) == 0)
