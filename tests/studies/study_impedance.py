"""Derivatives of impedance through a run, through a temperature, and second ones (slow to compile)."""

import jax
import jax.numpy as jnp
import numpy as np
from rows import Row

import cellsim as cs

MESH = cs.Mesh(3, 2, 4, 5)
CELL = cs.load_cell("Chen2020")


def off(what: str, found: float, expected: float, bar: float) -> Row:
    """A relative deviation that must not exceed `bar`."""
    wrong = abs(found - expected) / abs(expected)
    return Row(what, f"{wrong:.1e}", f"at most {bar:.0e}", bool(wrong <= bar))


def with_thickness(share):
    return cs.SPM(cs.replace(CELL, "negative.L", share * CELL.negative.L), MESH)


def after_a_run(share):
    """The resistance at 10 mHz in the state after five minutes at 1C, under that current."""
    model = with_thickness(share)
    run = cs.simulate(model, "Discharge at 1C for 5 minutes", soc=0.8, times=jnp.array([0.0, 300.0]), rtol=1e-9)
    last = jax.tree.map(lambda x: x[-1], run.states)
    return cs.impedance(model, jnp.asarray([0.01]), initial=last, I=run.I[-1]).Z[0].real


def with_heat(share):
    """The modulus at 0.1 mHz of a cell of its own temperature, as a function of its heat-transfer coefficient."""
    cell = cs.replace(cs.replace(CELL, "positive.particle.dUdT", -8e-4), "heat.h", share * CELL.heat.h)
    return cs.impedance(cs.Lumped(cs.SPM(cell, MESH)), jnp.asarray([1e-4])).modulus[0]


def first(what, function, step) -> list[Row]:
    both = jax.jit(lambda share: jax.jvp(function, (share,), (1.0,)))
    reverse = float(jax.jit(jax.grad(function))(1.0))
    difference = float(both(1.0 + step)[0] - both(1.0 - step)[0]) / (2 * step)
    return [
        off(f"{what}, forwards", float(both(1.0)[1]), difference, 1e-5),
        off(f"{what}, in reverse", reverse, difference, 1e-5),
    ]


def second() -> list[Row]:
    cost = lambda x: jnp.sum(
        jnp.abs(
            cs.impedance(cs.replace(with_thickness(x[0]), "cell.area", x[1] * CELL.area), np.geomspace(1e-3, 1e2, 6)).Z
        )
        ** 2
    )
    slope = jax.jit(jax.grad(cost))
    one, step = jnp.ones(2), 1e-4
    hessian = jax.jit(jax.jacfwd(jax.grad(cost)))(one)
    difference = jnp.stack([(slope(one + d) - slope(one - d)) / (2 * step) for d in step * jnp.eye(2)])
    wrong = float(jnp.max(jnp.abs(hessian - difference)) / jnp.max(jnp.abs(difference)))
    return [Row("Hessian of a cost of the spectrum", f"{wrong:.1e}", "at most 1e-05", wrong <= 1e-5)]


def study() -> list[Row]:
    return [*first("through a run", after_a_run, 1e-4), *first("through a temperature", with_heat, 1e-3), *second()]
