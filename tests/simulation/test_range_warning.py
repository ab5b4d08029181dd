"""A run that leaves the measured range of its electrolyte says so once, with the range."""

import json
import warnings

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import cellsim as cs

WORDS = "Discharge at 1C until 2.5 V"


def told(**options):
    """The warnings of a run of the LG M50 on the coarse mesh, and the run."""
    model = cs.DFN(cs.load_cell("Chen2020"), mesh=cs.Mesh.coarse())
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        solution = cs.simulate(model, WORDS, **options)
    return [each for each in caught if issubclass(each.category, cs.OutsideMeasuredRange)], solution


def test_a_run_warns_once_with_what_it_reached_and_what_was_measured():
    (warning,), solution = told()
    said = str(warning.message)
    assert "LiPF6 in EC:EMC 3:7 by weight (Nyman 2008) was used outside its measured range" in said
    assert "measured 200 to 2000 mol/m3" in said and "temperature" not in said
    assert said == solution.outside_measured_range
    assert float(np.max(solution.profile("electrolyte concentration"))) > 2000.0


def test_a_run_that_is_looked_at_where_it_is_inside_still_says_that_it_was_outside(lgm50_coarse_1C):
    seen = lgm50_coarse_1C.at(np.array([0.0, 1.0]))
    assert float(np.max(seen.profile("electrolyte concentration"))) < 2000.0
    assert "measured 200 to 2000 mol/m3" in seen.outside_measured_range


def test_a_run_in_several_pieces_is_judged_in_all_of_them(lgm50_coarse_1C):
    whole, early = lgm50_coarse_1C, lgm50_coarse_1C.at(np.array([0.0, 1.0]))
    (piece,) = whole.dense
    first = eqx.tree_at(lambda piece: piece.count, piece, 2)  # the first two steps, in which nothing happens yet
    assert eqx.tree_at(lambda s: s.dense, early, (first,)).outside_measured_range is None
    assert eqx.tree_at(lambda s: s.dense, early, (first, piece)).outside_measured_range is not None


def test_temperature_counts_too(lgm50_coarse):
    with pytest.warns(cs.OutsideMeasuredRange, match=r"temperature ran from 310 to 310 K, measured 297.65 to 298.65 K"):
        cs.simulate(lgm50_coarse, "Discharge at C/10 for 10 s", T=310.0)


def test_a_run_inside_the_measured_range_says_nothing(lgm50_coarse):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        solution = cs.simulate(lgm50_coarse, "Discharge at C/10 for 10 s")
    assert solution.outside_measured_range is None


def test_nothing_is_said_while_a_run_is_traced(lgm50_coarse):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # the shape of a run is enough: nothing is computed
        jax.eval_shape(lambda T: cs.simulate(lgm50_coarse, "Discharge at 1C for 10 s", T=T).V, jnp.asarray(310.0))


def test_the_command_line_says_it_once_in_its_own_words(cellsim_command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("cellsim.output._figures", lambda solution, title: iter(()))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        code, _, err = cellsim_command(
            *("run", "--cell", "Chen2020", "--mesh", "coarse", "--protocol", WORDS, "--out", "there")
        )
    assert code == 0
    assert not [each for each in caught if issubclass(each.category, cs.OutsideMeasuredRange)]
    assert err.count("outside its measured range") == 1 and err.startswith("cellsim: warning: LiPF6 in EC:EMC")
    assert json.loads((tmp_path / "there" / "summary.json").read_text())["warnings"] == [
        err.strip().removeprefix("cellsim: warning: ")
    ]
