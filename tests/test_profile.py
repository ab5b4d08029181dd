"""`make profile` says where the time of a run goes."""

import os
import subprocess
import sys
from pathlib import Path

PROFILE = Path(__file__).parent / "bench" / "profile.py"


def test_the_profile_names_every_part_of_a_time_step():
    cores = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    done = subprocess.run(
        [sys.executable, str(PROFILE), "--quick"], capture_output=True, text=True, timeout=600, cwd=PROFILE.parent
    )
    assert done.returncode == 0, done.stderr
    for part in ("compile", "time integration", "right-hand side", "Jacobian and factorisation", "solve", "all stages"):
        assert part in done.stdout
    assert cores is None or os.sched_getaffinity(0) == cores
