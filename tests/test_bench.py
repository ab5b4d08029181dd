"""`make profile` says where the time of a run goes, `make performance` what the benchmark found."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).parent / "bench"


def test_the_profile_names_every_part_of_a_time_step():
    cores = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    done = subprocess.run(
        [sys.executable, str(BENCH / "profile.py"), "--quick"], capture_output=True, text=True, timeout=600, cwd=BENCH
    )
    assert done.returncode == 0, done.stderr
    for part in ("compile", "time integration", "right-hand side", "Jacobian and factorisation", "solve", "all stages"):
        assert part in done.stdout
    assert cores is None or os.sched_getaffinity(0) == cores


@pytest.fixture
def report():
    spec = importlib.util.spec_from_file_location("report", BENCH / "report.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def figures(report, **more):
    """As of a benchmark of which everything could be measured."""
    counts = [f"{who}_{case}_{what}" for who in ("ours", "pybamm") for case in report.CASES for what in report.WORK]
    found = dict.fromkeys([*report.RATIOS, *report.RUNS, "mesh_cost_exponent", "grad8_peak_memory_compiling_GiB"], 0.25)
    found |= {name: 0.125 for pair in report.ERRORS for name in pair} | dict.fromkeys(counts, 17)
    words = ("date", "machine", "versions", "case", "ours_default", "pybamm_default")
    found |= {name: f"the {name}" for name in words} | {"quick": False}
    return found | {"repeats": 21, "busy_cores_before": 0.0, "ours_unknowns": 440, "pybamm_unknowns": 962} | more


def test_the_report_has_every_figure_and_leaves_out_what_was_not_measured(report, tmp_path, monkeypatch):
    whole = report.page(figures(report))
    for words in [*report.RATIOS.values(), *report.RUNS.values()]:
        assert f"| {words} | 0.25 |" in whole
    assert whole.count("| 0.125 | 0.125 |") == len(report.ERRORS)
    assert whole.count("| 17 | 17 | 17 | 17 | 17 | 17 |") == len(report.CASES)
    part = report.page(figures(report, ratio_gitt20=None, pybamm_spm_1C_steps=None))
    assert report.RATIOS["ratio_gitt20"] not in part.split("## Work")[0]
    assert "| SPM, Chen 2020 | 17" not in part


def test_a_quick_benchmark_makes_no_report(report, tmp_path, monkeypatch):
    source = tmp_path / "bench.json"
    source.write_text(json.dumps(figures(report, quick=True)))
    monkeypatch.setattr(sys, "argv", ["report.py", str(source), str(tmp_path / "page.md")])
    with pytest.raises(SystemExit, match="measures nothing"):
        report.main()
    assert not (tmp_path / "page.md").exists()
