"""Second derivatives, and that of a peak temperature, against finite differences (slow to compile)."""

import numpy as np
from rows import Row

import cellsim as cs
from cellsim.parameters import get
from cellsim.sensitivity import local
from cellsim.sensitivity.outputs import CAPACITY, PEAK_TEMPERATURE

MESH = cs.Mesh(4, 3, 4, 5)
PROTOCOL = "Discharge at 1C until 3.2 V"


def off(what: str, found: float, expected: float, bar: float) -> Row:
    """A relative deviation that must not exceed `bar`."""
    wrong = abs(found - expected) / abs(expected)
    return Row(what, f"{wrong:.1e}", f"at most {bar:.0e}", bool(wrong <= bar))


def second_derivatives() -> list[Row]:
    cell = cs.load_cell("Chen2020")
    paths = ["negative.L", "positive.particle.R_p"]
    numbers = np.array([float(get(cell, path)) for path in paths])
    spm = lambda share: cs.SPM(cs.replace(cell, paths[0], share * numbers[0]), MESH)
    direction = np.array([numbers[0], 0.0])
    found = local.curvature(spm(1.0), PROTOCOL, paths, CAPACITY, direction, rtol=1e-9)
    slopes = [
        local.sensitivities(spm(share), PROTOCOL, paths, [CAPACITY], forward=False, rtol=1e-9)[0].slopes
        for share in (1 + 1e-3, 1 - 1e-3)
    ]
    differences = (slopes[0] - slopes[1]) / 2e-3
    return [
        off(f"d2 capacity / d {paths[0]} d {path}", float(here), float(there), 1e-3)
        for path, here, there in zip(paths, found.along, differences, strict=True)
    ]


def peak_temperature() -> list[Row]:
    cell = cs.load_cell("Chen2020")
    step, how = cs.discharge(1.0, duration=600.0), dict(soc=0.9, rtol=1e-8)
    lumped = lambda share: cs.Lumped(cs.SPM(cs.replace(cell, "heat.h", share * cell.heat.h), MESH))
    found = local.sensitivities(lumped(1.0), step, ["heat.h"], [PEAK_TEMPERATURE], **how)[0]
    warm, cold = (float(np.max(cs.simulate(lumped(share), step, **how).T)) for share in (0.99, 1.01))
    return [off("d peak temperature / d heat-transfer coefficient", float(found.scaled[0]), (cold - warm) / 0.02, 1e-4)]


def study() -> list[Row]:
    return second_derivatives() + peak_temperature()
