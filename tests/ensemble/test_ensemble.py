"""Many cells by one call are what each of them is alone."""

import json
import os
import subprocess
import sys

import jax.numpy as jnp
import numpy as np
import pytest

import cellsim as cs
from cellsim.ensemble.cases import grouped
from cellsim.ensemble.changes import with_changes
from cellsim.ensemble.curves import between
from cellsim.ensemble.ensemble import Progress, ensemble
from cellsim.ensemble.outputs import OUTPUTS
from cellsim.ensemble.store import OtherEnsemble
from cellsim.parameters import UnknownPath

pytestmark = pytest.mark.xdist_group("ensemble")
STEP = "Discharge at 1C until 2.5 V"


def same(one, other):
    for name in one.values:
        np.testing.assert_allclose(one[name], other[name], rtol=1e-12, err_msg=name)
    np.testing.assert_allclose(one["voltage"], other["voltage"], rtol=1e-12)
    assert one.reasons == other.reasons


def test_every_cell_gives_what_a_run_of_its_own_gives(small, differences, found):
    assert len(found) == 40 and found.succeeded.all() and not found.failed
    for k in (0, 39):
        changes = {path: x[k] for path, x in differences["changes"].items()}
        alone = cs.simulate(cs.SPM(with_changes(small.cell, changes), small.mesh), STEP, soc=differences["soc"][k])
        for name in found.values:
            assert found[name][k] == pytest.approx(float(OUTPUTS[name].of(alone)), rel=1e-9, abs=1e-9), name
        assert found.reasons[k] == alone.stop_reason
        np.testing.assert_allclose(found["voltage"][k], alone.at(differences["times"]).V, atol=2e-5)


def test_each_cell_stops_at_its_own_time(found):
    assert len(np.unique(np.round(found["stop_time"]))) == 40
    np.testing.assert_allclose(found["final_voltage"], 2.5, atol=1e-9)


def test_the_table_has_inputs_outputs_units_and_ends(found):
    table, data = found.to_dataframe(), found.to_xarray()
    assert list(table["negative.L"]) == list(found["negative.L"]) and table["succeeded"].all()
    assert data["negative.L"].attrs["units"] == "m" and data["stop_time"].attrs["units"] == "s"
    assert data["voltage"].dims == ("cell", "time") and float(data["time"][1]) == 60.0
    with pytest.raises(KeyError, match="has no 'volt'"):
        found["volt"]


def test_cells_that_fail_are_told_and_leave_the_others_alone(small, differences, found):
    changes = {path: x.copy() for path, x in differences["changes"].items()}
    changes["negative.L"][7] = np.nan
    changes["negative.L"][9] = 1e-9
    some = ensemble(small, STEP, **{**differences, "changes": changes})
    assert set(some.failed) == {7, 9} and all(reason for reason in some.failed.values())
    assert all(np.isnan(some[name][[7, 9]]).all() for name in some.values)
    rest = np.setdiff1d(np.arange(40), [7, 9])
    np.testing.assert_array_equal(some["capacity"][rest], found["capacity"][rest])


def test_one_core_and_several_give_the_same(small, differences, found):
    same(ensemble(small, STEP, **differences, cores=1, chunk=32), found)


def test_an_ensemble_that_was_cut_off_goes_on_where_it_was(small, differences, found, tmp_path):
    class Enough(Exception):
        pass

    def stop(progress):
        raise Enough

    arguments = dict(**differences, chunk=8, folder=tmp_path, cores=1)
    with pytest.raises(Enough):
        ensemble(small, STEP, **arguments, progress=stop)
    kept = sorted(tmp_path.glob("*.parquet"))
    assert len(kept) == 1
    before = kept[0].stat().st_mtime_ns
    (tmp_path / "part-000024.parquet").write_bytes(b"PAR1 but broken")
    told = []
    same(ensemble(small, STEP, **arguments, progress=told.append), found)
    assert kept[0].stat().st_mtime_ns == before and told[0].before == told[0].done == 8
    assert len(list(tmp_path.glob("*.parquet"))) == 5
    same(ensemble(small, STEP, **arguments), found)  # nothing left to do


def test_it_goes_on_in_pieces_of_another_size_too(small, differences, found, tmp_path):
    class Enough(Exception):
        pass

    def stop(progress):
        if progress.done >= 16:
            raise Enough

    with pytest.raises(Enough):
        ensemble(small, STEP, **differences, chunk=8, folder=tmp_path, cores=1, progress=stop)
    (tmp_path / "part-000000.parquet").unlink()
    before = (tmp_path / "part-000008.parquet").stat().st_mtime_ns
    told = []
    same(ensemble(small, STEP, **differences, chunk=20, folder=tmp_path, progress=told.append), found)
    assert (told[0].before, told[0].done, told[-1].done) == (8, 8, 40)
    assert (tmp_path / "part-000008.parquet").stat().st_mtime_ns == before
    assert sorted(path.name for path in tmp_path.glob("*.parquet")) == [
        f"part-{first:06d}.parquet" for first in (0, 8, 28)
    ]
    told = []
    same(ensemble(small, STEP, **differences, chunk=7, folder=tmp_path, progress=told.append), found)
    assert [each.before for each in told] == [40], "nothing is left to do"


def test_the_rows_on_disk_are_the_results(small, differences, found, tmp_path):
    import pandas

    ensemble(small, STEP, **differences, folder=tmp_path)
    table = pandas.read_parquet(tmp_path / "part-000032.parquet")
    assert list(table["cell"]) == list(range(32, 40))
    np.testing.assert_array_equal(table["capacity"], found["capacity"][32:])
    np.testing.assert_array_equal(table["negative.L"], found["negative.L"][32:])
    np.testing.assert_array_equal(np.stack(table["voltage"]), found["voltage"][32:])


def test_a_folder_of_another_ensemble_is_left_alone(small, differences, tmp_path):
    (tmp_path / "ensemble.json").write_text(json.dumps({"fingerprint": "0"}))
    with pytest.raises(OtherEnsemble, match="another ensemble"):
        ensemble(small, STEP, **differences, folder=tmp_path)


def test_protocols_that_differ_in_numbers_alone_share_a_program(small):
    words = ["Discharge at 1C until 2.5 V", "Discharge at C/2 until 2.8 V", "Discharge at 3 A for 10 minutes", STEP]
    cells, groups = grouped(small, words, {}, 1.0, None, None)
    assert cells == 4 and [list(group.cells) for group in groups] == [[0, 1, 3], [2]]
    np.testing.assert_allclose(groups[0].rows.protocol.control.value, [1.0, 0.5, 1.0])


def test_lengths_that_do_not_agree_and_unknown_paths_are_told(small):
    with pytest.raises(ValueError, match=r"there are 3 cells, but not as many of soc \(2\)"):
        ensemble(small, STEP, {"negative.L": [8e-5, 9e-5, 1e-4]}, soc=[0.5, 0.6])
    with pytest.raises(UnknownPath, match="Did you mean 'L'"):
        ensemble(small, STEP, {"negative.l": [8e-5]})
    with pytest.raises(ValueError, match=r"'electrolyte.kappa.scale' is a factor on all of it"):
        ensemble(small, STEP, {"electrolyte.kappa": [1.0, 1.1]})
    with pytest.raises(ValueError, match="ends with its last step"):
        ensemble(small, cs.Protocol([cs.discharge(1.0)], cs.Until(retention=0.8)))


def test_a_factor_acts_on_the_number_that_is_put_there_whatever_the_order(small):
    for values in ({"negative.L": 1e-4, "negative.L.scale": 2.0}, {"negative.L.scale": 2.0, "negative.L": 1e-4}):
        assert float(with_changes(small.cell, values).negative.L) == pytest.approx(2e-4)
    with pytest.raises(ValueError, match="'negative' is no number and no law"):
        ensemble(small, STEP, {"negative.scale": [1.0, 1.1]})


def test_progress_says_rate_and_time_left():
    assert (
        str(Progress(50, 100, 2, 10, 20.0))
        == "[###############...............] 50 of 100 cells, 2 failed, 2 a second, 25 s left"
    )
    assert Progress(10, 100, 0, 10, 0.0).left == np.inf


SHARDED = """
import numpy as np, jax, sys
import cellsim as cs
from cellsim.ensemble.ensemble import ensemble
assert len(jax.devices()) == 2
model = cs.SPM(cs.load_cell("Chen2020"), mesh=cs.Mesh(4, 3, 4, 5))
rng = np.random.default_rng(0)
changes = {"negative.L": 85.2e-6 * rng.uniform(0.9, 1.1, 40), "negative.particle.D_s.scale": np.linspace(0.5, 2, 40)}
found = ensemble(model, "Discharge at 1C until 2.5 V", changes, soc=np.linspace(0.2, 1.0, 40),
                 times=np.array([0.0, 60.0, 600.0, 5000.0]), devices=jax.devices(), chunk=15)
print(found["stop_time"].tolist())
"""


def test_devices_share_the_cells(found):
    flags = os.environ.get("XLA_FLAGS", "") + " --xla_force_host_platform_device_count=2"
    done = subprocess.run(
        [sys.executable, "-c", SHARDED],
        env=os.environ | {"XLA_FLAGS": flags},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    np.testing.assert_allclose(json.loads(done.stdout), found["stop_time"], rtol=1e-9)


def test_between_its_points_a_run_is_a_cubic_and_jumps_where_it_jumps():
    t = jnp.asarray([0.0, 0.1, 0.5, 1.0, 1.0, 1.3, 2.0, 2.0])
    parabola = lambda x: 1.0 + x - 2 * x**2
    values = parabola(t) + jnp.where(jnp.arange(8) > 3, 5.0, 0.0)
    x = np.array([-1.0, 0.0, 0.05, 0.3, 0.999999, 1.0, 1.1, 1.9, 2.0, 3.0])
    expected = parabola(np.clip(x, 0.0, 2.0)) + np.where(x >= 1.0, 5.0, 0.0)
    np.testing.assert_allclose(between(t, values, x), expected, atol=1e-12)


def test_without_the_extra_one_sentence_says_what_to_install(small, differences, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ImportError, match=r"pip install 'cellsim\[ensemble\]'"):
        ensemble(small, STEP, **differences, folder=tmp_path)
    with pytest.raises(ImportError, match=r"pip install 'cellsim\[ensemble\]'"):
        ensemble(small, STEP, **differences, client="tcp://127.0.0.1:1")
