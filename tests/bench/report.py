"""The page on speed and accuracy from what `make bench` measured: ratios and counts, no times of one machine.

`python report.py build/bench.json docs/performance_report.md`
"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

RATIOS = {
    "ratio_dfn_1C_default": "discharge at 1C, DFN, default meshes of both, tolerances 1e-6, the whole solution",
    "ratio_dfn_1C_default_voltage_only": "the same, nothing but the voltage looked at",
    "ratio_dfn_matched_error": "the cheapest setting of each within 0.3 mV of the converged curve",
    "ratio_dfn_matched_1p1_mV": "the cheapest within 1.1 mV",
    "ratio_dfn_1C_marquis": "discharge of the Marquis cell at 1C, DFN",
    "ratio_spm_1C": "discharge at 1C, SPM",
    "ratio_spme_1C": "discharge at 1C, SPMe",
    "ratio_spm_1C_marquis": "discharge of the Marquis cell at 1C, SPM",
    "ratio_spme_1C_marquis": "discharge of the Marquis cell at 1C, SPMe",
    "ratio_cccv_cycle": "a cycle of discharge, rest, charge and hold, of fifty",
    "ratio_gitt20": "twenty pulses and rests",
    "ratio_drive_us06": "a drive cycle (US06)",
    "ratio_grad8": "gradient of a cost in eight parameters, over eight forward sensitivities there",
    "ratio_jac8": "Jacobian of 100 voltages in eight parameters",
    "ratio_grad1": "derivative in one parameter",
    "ratio_batch256": "a cell of 256 different ones, one core",
    "ratio_two_cores_batch": "a cell of many, two cores",
    "ratio_cold_warm_cache": "a new process, from its start to a curve in Python",
    "ratio_cold_command_line_warm_cache": "the same by the command line, with all of its files and pictures",
    "ratio_cold_empty_cache": "a new process on a machine that has compiled nothing yet",
}
RUNS = {
    "forward_runs_per_grad1": "gradient in one parameter",
    "forward_runs_per_grad8": "gradient in eight",
    "forward_runs_per_grad32": "gradient in thirty-two",
    "forward_runs_per_jac1": "forward Jacobian in one",
    "forward_runs_per_jac8": "forward Jacobian in eight",
    "forward_runs_per_jac32": "forward Jacobian in thirty-two",
    "batch256_per_cell_over_single": "a cell of 256 in one program",
}
CASES = {
    "dfn_1C_default": "DFN, Chen 2020, default meshes",
    "dfn_1C_marquis": "DFN, Marquis 2019",
    "spm_1C": "SPM, Chen 2020",
    "spme_1C": "SPMe, Chen 2020",
    "spm_1C_marquis": "SPM, Marquis 2019",
    "spme_1C_marquis": "SPMe, Marquis 2019",
    "cccv_50_cycles": "fifty cycles",
    "gitt20": "twenty pulses and rests",
    "drive_us06": "a drive cycle (US06)",
}
ERRORS = {
    ("rms_mV_ours_default", "rms_mV_pybamm_default"): "DFN, Chen 2020, default meshes",
    ("rms_mV_matched_error_ours", "rms_mV_matched_error_pybamm"): "its cheapest setting within 0.3 mV",
    ("rms_mV_matched_1p1_mV_ours", "rms_mV_matched_1p1_mV_pybamm"): "its cheapest setting within 1.1 mV",
    ("rms_mV_ours_marquis", "rms_mV_pybamm_marquis"): "DFN, Marquis 2019",
    ("rms_mV_ours_spm_1C", "rms_mV_pybamm_spm_1C"): "SPM, Chen 2020",
    ("rms_mV_ours_spme_1C", "rms_mV_pybamm_spme_1C"): "SPMe, Chen 2020",
    ("rms_mV_ours_spm_1C_marquis", "rms_mV_pybamm_spm_1C_marquis"): "SPM, Marquis 2019",
    ("rms_mV_ours_spme_1C_marquis", "rms_mV_pybamm_spme_1C_marquis"): "SPMe, Marquis 2019",
    ("rms_mV_ours_drive_us06", "rms_mV_pybamm_drive_us06"): "a drive cycle (US06)",
}
WORK = ("steps", "right_hand_sides", "factorisations")

Figures = Mapping[str, Any]


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A table of a page; nothing where it has no rows."""
    if not rows:
        return []
    lines = [head, ["---"] * len(head), *rows]
    return [*("| " + " | ".join(row) + " |" for row in lines), ""]


def ratios(found: Figures, names: Mapping[str, str]) -> list[tuple[str, str]]:
    """What was measured, in words, and its number."""
    return [(words, f"{found[name]:.3g}") for name, words in names.items() if found.get(name) is not None]


def work(found: Figures) -> Iterator[tuple[str, ...]]:
    """Steps, right-hand sides and factorisations of both programs."""
    for name, words in CASES.items():
        counts = [found.get(f"{who}_{name}_{what}") for who in ("ours", "pybamm") for what in WORK]
        if None not in counts:
            yield (words, *map(str, counts))


def errors(found: Figures) -> list[tuple[str, str, str]]:
    """RMS errors of the voltage [mV] of both programs."""
    pairs = [(words, found.get(ours), found.get(theirs)) for (ours, theirs), words in ERRORS.items()]
    return [(words, f"{a:.3g}", f"{b:.3g}") for words, a, b in pairs if a is not None and b is not None]


def page(found: Figures) -> str:
    """The page."""
    lines = [
        "# Performance report",
        "",
        "Written by `make performance` from what `make bench` measured, both programs in turn on one core. Ratios of "
        "time are those of cellsim over PyBaMM with its IDAKLU solver: below 1 is faster. Another machine has others.",
        "",
        f"- {found['date']}, {found['machine']}",
        f"- {found['versions']}",
        f"- {found['case']}; {found['repeats']} repetitions of a discharge; cores busy with other work before it: "
        f"{found['busy_cores_before']}",
        f"- default settings: cellsim {found['ours_default']}, {found['ours_unknowns']} unknowns; PyBaMM "
        f"{found['pybamm_default']}, {found['pybamm_unknowns']} unknowns",
        "",
        "## Time beside PyBaMM",
        "",
        *table(("", "ratio"), ratios(found, RATIOS)),
        "## Error of the voltage",
        "",
        "Root mean square against converged curves [mV].",
        "",
        *table(("", "cellsim", "PyBaMM"), errors(found)),
        "## Derivatives and batches, in runs",
        "",
        "One run is 100 voltages of a discharge on the default mesh, compiled.",
        "",
        *table(("", "runs"), ratios(found, RUNS)),
        f"Cost grows with the mesh, refined in x and r together, as the number of unknowns to the power "
        f"{found['mesh_cost_exponent']:.2f}. A gradient in eight parameters takes at most "
        f"{found['grad8_peak_memory_compiling_GiB']:.2f} GiB of memory, compiling included.",
        "",
        "## Work",
        "",
        "Steps, right-hand sides (of PyBaMM: calls of the residual) and factorisations.",
        "",
        *table(
            (
                "",
                *(f"cellsim: {what.replace('_', ' ')}" for what in WORK),
                *(f"PyBaMM: {what.replace('_', ' ')}" for what in WORK),
            ),
            list(work(found)),
        ),
    ]
    return "\n".join(lines).rstrip() + "\n"


def main() -> None:
    """Reads the figures, writes the page."""
    source, target = map(Path, sys.argv[1:3])
    found = json.loads(source.read_text())
    if found.get("quick"):
        sys.exit(f"{source} is of `--quick`, which measures nothing: run `make bench` first.")
    target.write_text(page(found), encoding="utf-8")
    print(f"written: {target}")


if __name__ == "__main__":
    main()
