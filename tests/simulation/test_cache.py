"""Compiled programs are kept on disk: the next process compiles nothing."""

import json
import os
import subprocess
import sys

SCRIPT = """
import json
import cellsim, jax

heard = {}
def listen(event, **_):
    heard[event.rsplit("/", 1)[-1]] = heard.get(event.rsplit("/", 1)[-1], 0) + 1
jax.monitoring.register_event_listener(listen)

model = cellsim.DFN(cellsim.load_cell("Chen2020"), cellsim.Mesh(4, 2, 3, 4))
solution = cellsim.simulate(model, "Discharge at 1C until 2.5 V")
print(json.dumps(dict(heard=heard, stop=float(solution.t_stop), V=float(solution.V[100]), says=solution.stop_reason)))
"""


def outcome(directory):
    environment = {**os.environ, "CELLSIM_CACHE_DIR": str(directory), "JAX_PLATFORMS": "cpu"}
    environment.pop("JAX_COMPILATION_CACHE_DIR", None)
    done = subprocess.run([sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_a_second_process_compiles_nothing_and_finds_the_same(tmp_path):
    first, second = outcome(tmp_path), outcome(tmp_path)
    asked = [run["heard"]["compile_requests_use_cache"] for run in (first, second)]
    assert first["heard"]["cache_misses"] > 3, "the first process did compile"
    assert second["heard"].get("cache_misses", 0) == 0
    assert second["heard"]["cache_hits"] == asked[1] < asked[0], "and the run itself is not even asked for"
    assert "task_disabled_cache" not in second["heard"]
    assert {**second, "heard": 0} == {**first, "heard": 0}


def test_the_cache_can_be_turned_off(tmp_path):
    environment = {**os.environ, "CELLSIM_CACHE_DIR": "off", "XDG_CACHE_HOME": str(tmp_path)}
    environment.pop("JAX_COMPILATION_CACHE_DIR", None)
    script = "import cellsim, jax; print(jax.config.jax_compilation_cache_dir); jax.jit(lambda x: x + 1)(1.0)"
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "None", done.stderr[-2000:]
    assert list(tmp_path.iterdir()) == []
