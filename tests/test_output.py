"""The files of a run."""

import json

import numpy as np
import pytest
import xarray

from cellsim import output
from cellsim.output import About, interpolation_points, needed_points, write_run

FILES = [
    "timeseries.csv",
    "solution.nc",
    "voltage.png",
    "profiles.png",
    "particles.png",
    "losses.png",
    "summary.json",
]


@pytest.fixture(scope="module")
def written(lgm50_coarse_1C, tmp_path_factory):
    """The folder of a full discharge."""
    directory = tmp_path_factory.mktemp("run") / "deep" / "er"
    about = About(
        title="A title",
        mesh="coarse",
        protocol=("Discharge at 1C until 2.5 V",),
        soc=1.0,
        rtol=1e-6,
        atol=1e-7,
        changes=(("c0", 1000.0),),
        command="cellsim run something",
        version="0.0",
        wall_seconds=lambda: {"set_up": 1.0, "compile": 2.0, "solve": 3.0, "output": 4.0},
    )
    files = write_run(lgm50_coarse_1C, directory, about)
    assert [file.name for file in files] == FILES
    return directory


def rows_of(directory):
    return np.genfromtxt(directory / "timeseries.csv", delimiter=",", names=True)


@pytest.fixture
def without_pictures(monkeypatch):
    monkeypatch.setattr(output, "_figures", lambda solution, title: iter(()))


def test_every_file_is_there_and_nothing_else(written):
    assert sorted(file.name for file in written.iterdir()) == sorted(FILES)
    assert all(file.stat().st_size > 100 for file in written.iterdir())
    for name in FILES[2:6]:
        assert (written / name).read_bytes().startswith(b"\x89PNG")


def test_the_time_series_has_the_promised_header_and_both_ends(written, lgm50_coarse_1C):
    first = (written / "timeseries.csv").read_text().splitlines()[0]
    assert first == "time_s,current_A,voltage_V,temperature_K,discharge_capacity_Ah,step,cycle"
    rows = rows_of(written)
    assert np.all(np.diff(rows["time_s"]) > 0)
    assert rows["time_s"][0] == 0.0
    assert rows["time_s"][-1] == pytest.approx(float(lgm50_coarse_1C.t[-1]), rel=1e-9)
    assert rows["voltage_V"][0] == pytest.approx(float(lgm50_coarse_1C.V[0]), abs=1e-9)
    assert rows["voltage_V"][-1] == pytest.approx(2.5, abs=1e-9)
    assert rows["discharge_capacity_Ah"][-1] == pytest.approx(float(lgm50_coarse_1C.capacity), rel=1e-9)
    assert set(rows["step"]) == set(rows["cycle"]) == {1.0}
    assert len(rows) < 1000


@pytest.mark.parametrize("run", ["lgm50_coarse_1C", "lgm50_coarse_charge"])
def test_a_straight_line_between_rows_is_within_a_tenth_of_a_millivolt_of_the_solution(run, request, tmp_path):
    solution = request.getfixturevalue(run)
    output.write_timeseries(solution, tmp_path / "timeseries.csv")
    rows = rows_of(tmp_path)
    random = np.random.default_rng(1)
    stop = float(solution.t[-1])
    # as many in the first and the last thousandth as elsewhere: the voltage is steepest there
    ranges = ((0.0, stop, 1024), (0.0, 1e-3 * stop, 512), (0.999 * stop, stop, 512))
    t = np.concatenate([random.uniform(*each) for each in ranges])
    V = np.asarray(solution.at(t).V)
    assert len(t) >= 2000
    assert np.abs(np.interp(t, rows["time_s"], rows["voltage_V"]) - V).max() <= 1e-4


def test_a_tighter_tolerance_takes_more_points_and_is_kept(lgm50_coarse_1C):
    loose, tight = (interpolation_points(lgm50_coarse_1C, tolerance) for tolerance in (1e-3, 1e-5))
    V = lambda t: np.asarray(lgm50_coarse_1C.at(t).V)
    assert len(tight) > 2 * len(loose)
    assert np.abs(np.interp(tight, loose, V(loose)) - V(tight)).max() <= 1e-3


def test_a_straight_line_needs_its_ends_only_and_a_corner_one_point_more():
    t = np.linspace(0.0, 10.0, 101)
    assert needed_points(t, (3.0 - 0.1 * t)[:, None], 1e-6, np.inf) == [0, 100]
    assert needed_points(t, np.abs(t - 4.0)[:, None], 1e-6, np.inf) == [0, 40, 100]
    assert len(needed_points(t, 0 * t[:, None], 1e-6, widest=1.0)) == 11


def test_points_that_were_left_out_lie_on_the_lines_between_those_kept():
    random = np.random.default_rng(3)
    t = np.cumsum(random.exponential(1.0, 2000))
    V = np.cumsum(random.normal(0.0, 1e-2, 2000))
    kept = needed_points(t, V[:, None], 0.05, np.inf)
    assert len(kept) < 1500
    assert np.abs(np.interp(t, t[kept], V[kept]) - V).max() <= 0.05 * (1 + 1e-9)


def test_the_fields_are_read_back_with_units_names_and_coordinates(written, lgm50_coarse_1C):
    with xarray.open_dataset(written / "solution.nc", engine="h5netcdf") as fields:
        assert {"time", "x", "x_n", "x_p", "r_n", "r_p"} <= set(fields.coords)
        for name, variable in fields.variables.items():
            assert variable.attrs["units"], name
            assert variable.attrs["long_name"], name
            assert np.all(np.isfinite(variable.values)), name
        salt = fields["electrolyte concentration"]
        assert (salt.dims, salt.attrs["units"]) == (("time", "x"), "mol/m3")
        assert fields["negative particle lithiation"].dims == ("time", "r_n", "x_n")
        np.testing.assert_array_equal(salt.values, lgm50_coarse_1C.profile("electrolyte concentration"))
        np.testing.assert_array_equal(fields["voltage"].values, lgm50_coarse_1C.V)
        assert fields.attrs["stop_reason"] == lgm50_coarse_1C.stop_reason


def test_the_summary_says_what_was_run_and_what_came_out(written, lgm50_coarse_1C):
    told = json.loads((written / "summary.json").read_text())
    assert (told["title"], told["cell"], told["model"], told["mesh"]["name"]) == (
        "A title",
        "Chen2020",
        "DFN",
        "coarse",
    )
    assert told["mesh"]["negative"] == lgm50_coarse_1C.model.mesh.negative
    assert told["tolerances"] == {"rtol": 1e-6, "atol": 1e-7}
    assert (told["cellsim_version"], told["command"]) == ("0.0", "cellsim run something")
    assert told["changed_parameters"] == {"c0": 1000.0}
    assert set(told["wall_seconds"]) == {"set_up", "compile", "solve", "output"}
    assert told["succeeded"] is True
    assert told["time_steps"] > told["time_steps_rejected"] >= 0
    assert told["capacity_Ah"] == pytest.approx(float(lgm50_coarse_1C.capacity), rel=1e-12)
    assert told["energy_Wh"] == pytest.approx(float(lgm50_coarse_1C.energy), rel=1e-12)
    (step,) = told["steps"]
    assert step["text"] == "Discharge at 1C until 2.5 V"
    assert step["stop_reason"] == told["stop_reason"] == lgm50_coarse_1C.stop_reason
    assert step["t_end_s"] == told["time_s"] == float(lgm50_coarse_1C.t[-1])
    assert told["files"] == FILES


def test_the_summary_reports_conservation_to_rounding(written):
    report = json.loads((written / "summary.json").read_text())["conservation"]
    assert set(report) == {"lithium_relative_drift", "salt_relative_drift", "charge_balance_relative_error"}
    assert report["lithium_relative_drift"] <= 1e-10
    assert report["salt_relative_drift"] <= 1e-10
    assert report["charge_balance_relative_error"] <= 1e-9


def test_the_summary_cites_the_cell_its_electrolyte_the_model_and_the_method(written):
    cited = json.loads((written / "summary.json").read_text())["citations"]
    everything = " ".join(f"{each['use']}: {each['reference']}" for each in cited)
    for name in ("ab9050", "electacta.2008.04.023", "1.2221597", "Rodas5P", "JAX", "Bruggeman"):
        assert name in everything


def test_the_summary_warns_when_the_electrolyte_left_its_measured_range(written):
    (warning,) = json.loads((written / "summary.json").read_text())["warnings"]
    assert "outside its measured range" in warning and "2000 mol/m3" in warning


def test_a_failed_run_is_written_as_far_as_it_came(lgm50_coarse_failed, tmp_path):
    assert not lgm50_coarse_failed.succeeded
    files = write_run(lgm50_coarse_failed, tmp_path)
    assert [file.name for file in files] == FILES
    told = json.loads((tmp_path / "summary.json").read_text())
    assert told["succeeded"] is False
    assert told["stop_reason"].startswith("failed: ")
    rows = rows_of(tmp_path)
    assert np.all(np.isfinite(rows["voltage_V"]))
    assert rows["time_s"][-1] == pytest.approx(float(lgm50_coarse_failed.t[-1]), rel=1e-9)


def test_a_write_that_breaks_off_leaves_the_old_file_and_no_half_one(
    lgm50_coarse_1C, tmp_path, monkeypatch, without_pictures
):
    (tmp_path / "solution.nc").write_text("old")

    def half_written(solution, path, about):
        path.write_text("half")
        raise KeyboardInterrupt

    monkeypatch.setattr(output, "write_fields", half_written)
    with pytest.raises(KeyboardInterrupt):
        write_run(lgm50_coarse_1C, tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["solution.nc", "timeseries.csv"]
    assert (tmp_path / "solution.nc").read_text() == "old"


def test_numbers_that_json_has_no_word_for_become_null(lgm50_coarse_1C, tmp_path, monkeypatch, without_pictures):
    monkeypatch.setattr(output, "write_fields", lambda solution, path, about: path.touch())
    write_run(lgm50_coarse_1C, tmp_path, About(rtol=float("nan")))
    assert json.loads((tmp_path / "summary.json").read_text())["tolerances"]["rtol"] is None
