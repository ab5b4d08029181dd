"""Where the time of a 1C discharge goes, as text: `make profile`.

Tracing, lowering and compiling are of the whole run, without any cache; the parts of a time step are timed in compiled
loops of their own, so that their sum is a little below the step itself, which also adds up stages and keeps records.
"""

import sys
import time
from collections.abc import Callable
from typing import Any

from timing import pinned_to_one_core

LOOP = 500  # evaluations within one compiled loop, so that what is timed is not the call


def main() -> None:
    """Prints the table; `--quick` on a coarse mesh, each part timed just a few times."""
    is_quick = "--quick" in sys.argv[1:]
    pinned_to_one_core()
    import equinox as eqx
    import jax
    import jax.numpy as jnp
    import numpy as np
    import ours
    from jax import lax

    import cellsim as cs
    from cellsim.protocols import language
    from cellsim.simulation import segment, simulate
    from cellsim.simulation.circuit import Circuit
    from cellsim.solvers import rosenbrock, structured

    def best(job: Callable[[], Any], repeats: int = 2 if is_quick else 15) -> float:
        """Least wall time of a call [s]."""
        jax.block_until_ready(job())
        times = []
        for _ in range(repeats):
            start = time.perf_counter()
            jax.block_until_ready(job())
            times.append(time.perf_counter() - start)
        return min(times)

    def row(name: str, seconds: float, note: str = "") -> None:
        text = f"{seconds:9.2f} s " if seconds >= 0.1 else f"{1e3 * seconds:9.3f} ms" if seconds >= 1e-4 else ""
        print(f"  {name:34s} {text or f'{1e6 * seconds:9.2f} us'}  {note}")

    setting = ours.Setting(cs.Mesh.coarse(), 1e-4, 1e-4) if is_quick else ours.DEFAULT
    discharge = lambda: ours.discharge(setting)
    model = cs.DFN(ours.CELL, setting.mesh)
    T, layout = model.cell.T_ref, model.layout
    step = language.step(ours.STEP)
    number = lambda x: np.asarray(x, dtype=float)
    tolerances = segment.Tolerances(number(setting.rtol), number(setting.atol))
    request = simulate.Request(model, step.numbers, number(1.0), T, None, tolerances)
    dynamic, static = eqx.partition(request, eqx.is_array)
    whole = lambda dynamic: eqx.filter(
        simulate._opened.__wrapped__(eqx.combine(dynamic, static), None, max_steps=simulate.STEPS_A_CHUNK), eqx.is_array
    )
    print(f"1C discharge of {model.cell.name}, {setting}, {layout.size} unknowns, one core")
    start = time.perf_counter()
    traced = jax.jit(whole).trace(dynamic)
    row("trace", time.perf_counter() - start)
    start = time.perf_counter()
    lowered = traced.lower()
    row("lower", time.perf_counter() - start)
    start = time.perf_counter()
    compiled = lowered.compile()
    row("compile", time.perf_counter() - start, f"{compiled.as_text().count(chr(10))} lines of optimised program")

    solution = discharge()
    steps = int(solution.steps)
    run, program = best(discharge), best(lambda: compiled(dynamic))
    row("run, as a user calls it", run, f"{steps} time steps, {int(solution.rejected)} of them rejected")
    row("  of it Python and dispatch", run - program)
    row("  of it the program", program)

    demand = step.demand(model.cell)
    circuit = Circuit(model.discretised(T), demand)
    begin = segment.Start(number(0.0), solution.rest, number(segment.FIRST_STEP))
    begin = jax.tree.map(jnp.asarray, begin)
    integrate = best(lambda: simulate._advanced(model, T, demand, begin, tolerances, max_steps=256))
    row("    time integration", integrate, f"{1e6 * integrate / steps:.1f} us a time step")
    row("    start, 101 points, their voltages", program - integrate)

    y = jax.tree.map(lambda x: x[100], solution.states)

    def looped(part: Callable[[Any], Any]) -> float:
        """Seconds of one evaluation of `part`."""

        def body(_: Any, y: Any) -> Any:
            total = sum(jnp.sum(x) for x in jax.tree.leaves(part(y)))
            return jax.tree.map(lambda x: x + 1e-30 * total, y)

        return best(jax.jit(lambda: lax.fori_loop(0, LOOP, body, y))) / LOOP

    now, shift, h = jnp.asarray(0.0), jnp.asarray(1.0), jnp.asarray(10.0)
    jacobian = lambda y: circuit.jacobian(now, y)[0]
    known = jax.jit(lambda y: structured.factors(jacobian(y), shift, layout))(y)
    field = segment.FIELDS[False]
    print("  parts of a time step:")
    parts = {
        "right-hand side, 8 a step": lambda y: circuit.rate(now, y),
        "Jacobian": jacobian,
        "Jacobian and factorisation": lambda y: structured.factors(jacobian(y), shift, layout),
        "solve, 8 a step": lambda y: structured.solve(known, y, layout),
        "voltage, for the event": circuit.voltage,
        "all stages": lambda y: rosenbrock._stages(field, layout, now, h, y, circuit),
    }
    for name, part in parts.items():
        row("  " + name, looped(part))

    from cellsim import output

    start = time.perf_counter()
    list(output._figures(solution, "profile"))
    output.summary(solution, output.About(), [])
    row("output: pictures and summary, first", time.perf_counter() - start, "with the compilation of what they show")


if __name__ == "__main__":
    main()
