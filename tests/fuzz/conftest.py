"""What is fuzzed alike: the same examples every time, and what an answer may be."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from cellsim.cli import main

sys.path.insert(0, str(Path(__file__).parent))  # where `fuzzing` is, which these tests share

# derandomised: a test that passes today passes tomorrow
settings.register_profile(
    "cellsim",
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.load_profile("cellsim")

Check = Callable[[Path], str]


@pytest.fixture
def checked(capsys: pytest.CaptureFixture[str]) -> Check:
    """Runs `cellsim check` on a file, in this process: what it said, after it was asked that it ended with 0 and an
    answer, or with 2 and a message, and with neither an exception nor a traceback."""

    def check(file: Path) -> str:
        code = main(["check", str(file)])
        out, err = capsys.readouterr()
        assert code in (0, 2), f"exit code {code}"
        assert "Traceback" not in out + err
        if code == 2:
            assert err.startswith("cellsim: ") and "problem" in err and len(err.splitlines()) > 1, err
        else:
            assert out and not err
        return out + err

    return check
