"""Side reactions from a scenario file and the command line."""

import json
from pathlib import Path

import pytest

from cellsim.electrode.side_reactions import ReversiblePlating, SolventLimitedSEI
from cellsim.scenario import load_scenario
from cellsim.settings import BadInput

SEI = """
[[cell.side_reactions]]
law = "solvent-limited SEI"
L0 = 5e-9
V_bar = 9.585e-5
resistivity = 2e5
D_sol = 2.5e-22
c_sol = 2636
"""
PLATING = """
[[cell.side_reactions]]
electrode = "negative"
law = "reversible plating"
k = 1e-9
alpha_c = 0.65
"""
HEAD = '[cell]\nname = "Chen2020"\n'
RUN = '[model]\nmesh = "coarse"\n[protocol]\nsteps = ["Charge at 1C for 2 minutes"]\nsoc = 0.5\n'


@pytest.fixture
def scenario_of(tmp_path):
    def of(text: str):
        path = Path(tmp_path) / "case.toml"
        path.write_text(text)
        return load_scenario(path)

    return of


def test_side_reactions_are_tables_of_the_cell_and_their_numbers_can_be_set_by_path(scenario_of):
    changed = '[cell.set]\n"negative.side_reactions.0.D_sol" = 1e-21\n'
    cell = scenario_of(HEAD + changed + SEI + PLATING).cell
    sei, plating = cell.negative.side_reactions
    assert isinstance(sei, SolventLimitedSEI) and isinstance(plating, ReversiblePlating)
    assert cell.positive.side_reactions == ()
    assert float(sei.D_sol) == 1e-21 and float(sei.film.resistivity) == 2e5 and float(plating.decay) == 0.0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[[cell.side_reactions]]\nlaw = "SEI"\n', "law must be one of solvent-limited SEI, solvent-reduction SEI"),
        ("[[cell.side_reactions]]\nk = 1.0\n", "[[cell.side_reactions]] 1: needs law, one of"),
        (SEI.replace("D_sol = 2.5e-22\n", ""), "[[cell.side_reactions]] 1: needs D_sol, a number in m2/s"),
        (SEI.replace("L0", "L_0"), "[[cell.side_reactions]] 1: has no 'L_0'. Did you mean 'L0'?"),
        (SEI.replace("2.5e-22", '"slow"'), "D_sol must be a number in m2/s, found the text 'slow'"),
        (SEI.replace("5e-9", "5.0"), "negative.side_reactions.0.film.L0 = 5 m; expected"),
        (SEI + SEI, "all leave SEI thickness. Needed: one law for each."),
        (PLATING.replace("negative", "anode"), "electrode must be one of negative, positive, found 'anode'"),
        (PLATING.replace('"reversible plating"', "[1]"), "law must be text in quotes"),
    ],
)
def test_what_is_wrong_with_one_is_said_with_its_place(scenario_of, text, expected):
    with pytest.raises(BadInput) as caught:
        scenario_of(HEAD + text)
    assert any(expected in line for line in caught.value.lines), caught.value.lines


def test_a_key_in_the_place_of_tables_is_refused(scenario_of):
    with pytest.raises(BadInput, match="must be tables, each under"):
        scenario_of(HEAD + 'side_reactions = "SEI"\n')


def test_a_model_that_knows_none_is_refused(scenario_of):
    with pytest.raises(BadInput, match="SPM knows no side reactions"):
        scenario_of(HEAD + SEI + '[model]\nname = "SPM"\n')


def test_a_run_tells_what_they_took(tmp_path, cellsim_command):
    path = tmp_path / "case.toml"
    path.write_text(HEAD + SEI + RUN)
    code, _, said = cellsim_command("run", str(path), "--out", str(tmp_path / "out"), "--quiet")
    assert code == 0, said
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert 0 < summary["ageing"]["loss_of_lithium_inventory"] < 1e-5
    assert summary["ageing"]["lithium_in_negative_SEI_mol"] > 0
    assert summary["conservation"]["lithium_relative_drift"] < 1e-10
    assert any("cssc.201800077" in citation["reference"] for citation in summary["citations"])
