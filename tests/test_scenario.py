"""Scenario files: what they say, and everything that can be wrong with them."""

import dataclasses
from pathlib import Path

import pytest

import cellsim as cs
from cellsim.scenario import load_scenario
from cellsim.settings import BadInput, Given

MINIMAL = '[cell]\nname = "Chen2020"\n'


@pytest.fixture
def write(tmp_path):
    def write(text: str) -> Path:
        path = tmp_path / "case.toml"
        path.write_text(text)
        return path

    return write


@pytest.fixture
def complaint(write):
    """The message with which a file is refused, and its single problems."""

    def complaint(text: str) -> tuple[str, tuple[str, ...]]:
        with pytest.raises(BadInput) as caught:
            load_scenario(write(text))
        assert isinstance(caught.value, ValueError)
        return str(caught.value), caught.value.lines

    return complaint


def test_a_cell_is_all_that_a_scenario_must_name(write):
    scenario = load_scenario(write(MINIMAL))
    assert scenario.cell.name == "Chen2020"
    assert scenario.model.mesh == cs.Mesh.default()
    assert scenario.protocol.steps[0].text == "Discharge at 1C"
    assert (scenario.soc, scenario.temperature, scenario.max_steps, scenario.directory) == (1.0, None, None, None)
    assert (scenario.rtol, scenario.atol) == (1e-6, 1e-6)
    assert scenario.title == "Chen2020: Discharge at 1C"


def test_every_key_arrives_where_it_belongs_and_degrees_become_kelvin(write):
    scenario = load_scenario(
        write(
            """
            title = "A title"
            description = '''
            Two
            lines.
            '''
            [cell]
            name = "chen2020"
            electrolyte = "landesfeind2019_ec_emc"
            check = true
            [model]
            name = "dfn"
            mesh = "Coarse"
            thermal = "isothermal"
            ambient_temperature = 10
            [protocol]
            steps = ["Charge at C/2 until 4.1 V"]
            soc = 0.25
            cycles = 1
            [solver]
            rtol = 1e-5
            atol = 1e-8
            max_steps = 500
            [output]
            dir = "here"
            """
        )
    )
    assert (scenario.title, scenario.description) == ("A title", "Two lines.")
    assert "EC:EMC" in scenario.cell.electrolyte.source or "Landesfeind" in scenario.cell.electrolyte.source
    assert scenario.model.mesh == cs.Mesh.coarse()
    assert scenario.temperature == pytest.approx(283.15)
    (step,) = scenario.protocol.steps
    assert (step.direction, float(step.ends[0].V), scenario.soc) == (-1, 4.1, 0.25)
    assert (scenario.rtol, scenario.atol, scenario.max_steps) == (1e-5, 1e-8, 500)
    assert scenario.directory == Path("here")


def test_the_electrolyte_is_swapped_by_name_before_its_numbers_are_set(write):
    scenario = load_scenario(
        write(MINIMAL + "[cell.set]\n\"electrolyte.t_plus\" = 0.4\nelectrolyte = 'Landesfeind2019-EC-DMC'\n")
    )
    assert "EC:DMC 1:1" in scenario.cell.electrolyte.name
    assert float(scenario.cell.electrolyte.t_plus(1000.0, 298.15)) == 0.4
    assert dict(scenario.changes) == {"electrolyte.t_plus": 0.4}


def test_numbers_of_the_cell_are_set_by_path_dotted_or_quoted(write):
    scenario = load_scenario(
        write(
            MINIMAL
            + '[cell.set]\nnegative.L = 90e-6\n"positive.particle.R_p" = 4e-6\nelectrolyte.t_plus = 0.4\nc0 = 1200\n'
            + "electrolyte.kappa.coefficients = [3.3, -2.5, 0.13]\n"
        )
    )
    cell = scenario.cell
    assert float(cell.negative.L) == 90e-6
    assert float(cell.positive.particle.R_p) == 4e-6
    assert float(cell.electrolyte.t_plus(1000.0, 298.15)) == 0.4
    assert float(cell.c0) == 1200.0
    assert cell.electrolyte.kappa.coefficients.tolist() == [3.3, -2.5, 0.13]
    assert dict(scenario.changes)["negative.L"] == 90e-6


def test_what_is_given_beside_the_file_wins_over_it(write):
    changes = {("protocol", "soc"): Given(0.5, "--soc"), ("cell", "set", "c0"): Given(900.0, "--set c0")}
    scenario = load_scenario(write(MINIMAL + "[protocol]\nsoc = 0.9\n[cell.set]\nc0 = 1100\n"), changes)
    assert (scenario.soc, float(scenario.cell.c0)) == (0.5, 900.0)


def test_a_scenario_cannot_be_changed(write):
    scenario = load_scenario(write(MINIMAL))
    with pytest.raises(dataclasses.FrozenInstanceError):
        scenario.soc = 0.5


# ---- what can be wrong


def test_a_missing_file_is_named_with_one_like_it_beside_it(write):
    path = write(MINIMAL)
    with pytest.raises(BadInput) as caught:
        load_scenario(path.with_name("cas.toml"))
    assert f"there is no such file. Did you mean '{path}'?" in str(caught.value)


def test_a_cell_given_for_a_file_is_recognised():
    with pytest.raises(BadInput, match="--cell Chen2020"):
        load_scenario("Chen2020")


def test_broken_toml_is_refused_with_the_line(complaint):
    message, lines = complaint('[cell]\nname = "Chen2020\n')
    assert len(lines) == 1
    assert "not TOML" in message and "line 2" in message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[cel]\nx = 1\n", "[cel] is unknown. Did you mean '[cell]'?"),
        ("titel = 'x'\n", "titel is unknown. Did you mean 'title'?"),
        ("cell = 'Chen2020'\n", "cell must be a table: write [cell] on a line of its own, found the text 'Chen2020'."),
        (MINIMAL + "[solver]\nrtoll = 1\n", "[solver] has no key 'rtoll'. Did you mean 'rtol'? It has: rtol, atol,"),
        (MINIMAL + "soc = 1\n", "[cell] has no key 'soc'. 'soc' belongs under [protocol]."),
        (MINIMAL + "set = 1\n", "[cell] set must be a table of path = value, found 1."),
    ],
)
def test_an_unknown_table_or_key_is_answered_with_what_may_have_been_meant(complaint, text, expected):
    assert expected in complaint(text)[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[cell]\nname = 3\n", "[cell] name must be text in quotes, found 3."),
        (MINIMAL + "check = 'no'\n", "[cell] check must be true or false, found the text 'no'."),
        (MINIMAL + "[protocol]\nsoc = 'full'\n", "[protocol] soc must be a number, found the text 'full'."),
        (MINIMAL + "[protocol]\nsoc = true\n", "[protocol] soc must be a number, found true."),
        (
            MINIMAL + "[model]\nambient_temperature = '25 degC'\n",
            "[model] ambient_temperature must be a number in degC, found the text '25 degC'.",
        ),
        (MINIMAL + "[protocol]\nsteps = 'Rest'\n", "[protocol] steps must be a list of texts"),
        (MINIMAL + "[protocol]\nsteps = [1]\n", "[protocol] steps: 1: a step is a text in quotes"),
        (MINIMAL + "[solver]\nmax_steps = 0\n", "[solver] max_steps must be a whole number above zero, found 0."),
        (MINIMAL + "[solver]\nmax_steps = 1.5\n", "[solver] max_steps must be a whole number above zero, found 1.5."),
        (
            MINIMAL + "[cell.set]\nnegative.L = '85 um'\n",
            "[cell.set] negative.L: must be a number in m, found the text",
        ),
        (MINIMAL + "[cell.set]\nnegative.L = [1, 2]\n", "must be a number in m, found a list of 2."),
        (MINIMAL + "[cell.set]\nnegative.L = inf\n", "[cell.set] negative.L: must be finite."),
        (
            MINIMAL + "[cell.set]\nelectrolyte.kappa.coefficients = [1]\n",
            "must be a list of 3 numbers, found a list of",
        ),
        (MINIMAL + "[cell.set]\nelectrolyte.t_plus = 'x'\n", "must be a number (which makes it constant), found the"),
        (MINIMAL + "[cell.set]\nnegative = 1\n", "[cell.set] negative: is no number but a part with L, eps, sigma,"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_with_the_kind_that_is_wanted(complaint, text, expected):
    assert expected in complaint(text)[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "no cell is named."),
        ("[cell]\nname = ''\n", "no cell is named."),
        ("[cell]\nname = 'Chen2021'\n", "[cell] name: there is no cell 'Chen2021'. Did you mean 'chen2020'?"),
        ("[cell]\nname = 'mine.json'\n", "[cell] name = 'mine.json': there is no such file"),
        (MINIMAL + "electrolyte = 'niman2008'\n", "there is no electrolyte 'niman2008'. Did you mean 'nyman2008'?"),
        (
            MINIMAL + "[cell.set]\nelectrolyte = 'niman2008'\n",
            "[cell.set] electrolyte: there is no electrolyte 'niman2008'. Did you mean 'nyman2008'?",
        ),
        (MINIMAL + "[cell.set]\nelectrolyte = 2008\n", "[cell.set] electrolyte"),
        (
            MINIMAL + "electrolyte = 'nyman2008'\n[cell.set]\nelectrolyte = 'valoen2005'\n",
            "the same is said under [cell] electrolyte; say it once",
        ),
        (
            MINIMAL + "[model]\nname = 'P2D'\n",
            "[model] name: there is no model 'P2D' in this version.",
        ),
        (MINIMAL + "[model]\nmesh = 'corse'\n", "there is no mesh 'corse' in this version. Did you mean 'coarse'?"),
        (MINIMAL + "[model]\nthermal = 'lumpy'\n", "There is: isothermal, lumped."),
        (MINIMAL + "[protocol]\nuntil = 'never'\n", "never"),
        (
            MINIMAL + "[cell.set]\nnegative.partcle.R_p = 1e-6\n",
            "negative has no 'partcle'. Did you mean 'particle'?",
        ),
    ],
)
def test_an_unknown_name_is_answered_with_what_there_is(complaint, text, expected):
    assert expected in complaint(text)[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[protocol]\nsoc = 80\n", "[protocol] soc = 80; expected 0 to 1. Given in percent? 80 percent are 0.8."),
        (
            "[model]\nambient_temperature = 298.15\n",
            "ambient_temperature = 298.15 degC; expected -60 to 100 degC. Given in K? 298.15 K are 25 degC.",
        ),
        ("[solver]\nrtol = 1\n", "[solver] rtol = 1; expected 1e-13 to 0.01."),
        (
            "[cell.set]\nnegative.L = 85.2\n",
            "negative.L = 85.2 m; expected 1e-07 to 0.005 m. Given in um? 85.2 um are 8.52e-05 m.",
        ),
        (
            "[cell.set]\nc0 = 0.5\n",
            "c0 = 0.5 mol/m3; expected 1 to 20000 mol/m3. Given in mol/L? 0.5 mol/L are 500 mol/m3.",
        ),
        ("[cell.set]\nV_max = 4200\n", "V_max = 4200 V; expected 0.5 to 6 V. Given in mV? 4200 mV are 4.2 V."),
        ("[cell.set]\nT_ref = 25\n", "T_ref = 25 K; expected 200 to 500 K. Given in degC? 25 degC are 298.15 K."),
        ("[cell.set]\nnegative.eps = 25\n", "negative.eps = 25; expected 0.01 to 1. Given in percent?"),
        (
            "[cell.set]\nelectrolyte.D = 1.8e-6\n",
            "electrolyte.D = 1.8e-06 m2/s at 1000 mol/m3; expected 1e-16 to 1e-07 m2/s. Given in cm2/s?",
        ),
    ],
)
def test_a_value_that_cannot_be_meant_is_refused_with_the_unit_it_was_probably_given_in(complaint, text, expected):
    assert expected in complaint(MINIMAL + text)[0]


def test_implausible_parameters_are_listed_together_with_the_way_to_insist(complaint, write):
    text = MINIMAL + "[cell.set]\nnegative.L = 85\nc0 = 0.5\n"
    message, lines = complaint(text)
    assert len(lines) == 1
    assert "2 parameters look implausible (wrong unit?):" in message
    assert "Write `check = false` under [cell] of the scenario, or pass --no-check" in message
    insisted = load_scenario(write(text.replace("[cell.set]", "check = false\n[cell.set]")))
    assert float(insisted.cell.negative.L) == 85.0


def test_steps_in_a_row_are_cycles_each_unless_they_are_repeated(write):
    text = MINIMAL + '[protocol]\nsteps = ["Discharge at 1C", "Rest for 1 hour"]\n'
    assert load_scenario(write(text)).protocol.cycle_of_step == (1, 2)
    assert load_scenario(write(text + "cycles = 3\n")).protocol.cycle_of_step == (1, 1, 2, 2, 3, 3)


def test_a_protocol_without_steps_is_refused(complaint):
    assert "it holds no step" in complaint(MINIMAL + "[protocol]\nsteps = []\n")[0]


def test_an_unreadable_step_is_refused_with_what_was_not_understood(complaint):
    assert "begins with 'Dischage'" in complaint(MINIMAL + '[protocol]\nsteps = ["Dischage at 1C"]\n')[0]


def test_all_problems_of_a_file_are_told_at_once(complaint):
    message, lines = complaint(
        """
        titel = "x"
        [cell]
        name = "Chen2020"
        [cell.set]
        negative.L = 85.2
        negative.partcle.R_p = 1e-6
        [model]
        mesh = "corse"
        ambient_temperature = "warm"
        [protocol]
        steps = ["Discharge at 1 B"]
        soc = 80
        [solver]
        rtol = 1.0
        max_steps = "many"
        """
    )
    assert len(lines) == 9
    assert message.startswith("9 problems in ")
    for said in (
        "titel",
        "85.2 um",
        "partcle",
        "corse",
        "'warm'",
        "'B' is not a known unit",
        "soc = 80",
        "rtol = 1",
        "'many'",
    ):
        assert said in message


# ---- an electrolyte made from ions, and what is to be optimised

IONS = MINIMAL + '[cell.electrolyte]\nlevel = "ions"\nD_plus = 1e-10\nD_minus = 3e-10\n'
OPTIMISE = '[optimise]\nmaximise = "energy"\nsteps = 7\n[optimise.over]\n'


def test_an_electrolyte_is_made_from_the_diffusivities_of_its_ions(write):
    cell = load_scenario(write(IONS)).cell
    assert float(cell.electrolyte.t_plus(1000.0, 298.15)) == pytest.approx(0.25)
    assert float(cell.electrolyte.D(1000.0, 298.15)) == pytest.approx(1.5e-10)
    named = load_scenario(write(IONS + 'name = "mine"\nchi = 2.0\n')).cell.electrolyte
    assert named.name == "mine" and float(named.chi(1.0, 300.0)) == 2.0


def test_an_electrolyte_is_made_from_tables_and_from_clusters(write):
    tables = """
    [cell.electrolyte]
    level = "properties"
    kappa = {c = [0, 500, 1000, 2000], values = [0.01, 0.8, 0.95, 0.7]}
    D = 2e-10
    t_plus = 0.3
    """
    electrolyte = load_scenario(write(MINIMAL + tables)).cell.electrolyte
    assert float(electrolyte.kappa(500.0, 298.15)) == pytest.approx(0.8)
    pairs = """
    [cell.electrolyte]
    level = "association"
    D_plus = 2e-10
    D_minus = 3e-10
    clusters = [{cations = 1, anions = 1, K = 1e-3, D = 1e-10}]
    """
    electrolyte = load_scenario(write(MINIMAL + pairs)).cell.electrolyte
    assert float(electrolyte.haven_ratio(1000.0, 298.15)) < 0.9


def test_what_is_to_be_optimised_is_read_with_its_bounds(write):
    text = IONS + OPTIMISE + '"electrolyte.D_minus" = [1e-11, 1e-9]\nnegative.L = [5e-5, 1e-4]\n'
    goal, free, steps = load_scenario(write(text)).optimise
    assert (goal, steps) == ("energy", 7)
    assert [each.path for each in free] == ["electrolyte.D_minus.value", "negative.L"]
    assert (free[0].low, free[0].high) == (1e-11, 1e-9)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (MINIMAL + "[cell.electrolyte]\nD_plus = 1e-10\n", "level must be one of properties, ions"),
        (MINIMAL + '[cell.electrolyte]\nlevel = "ion"\n', "Did you mean 'ions'?"),
        (MINIMAL + '[cell.electrolyte]\nlevel = "ions"\nD_plus = 1e-10\n', "needs D_minus [m2/s] at level 'ions'"),
        (IONS + "D_anion = 1e-10\n", "has no 'D_anion' at level 'ions'"),
        (IONS + 'chi = "one"\n', "[cell.electrolyte] chi must be a number, or {c = [...]"),
        (IONS + "chi = {c = [1, 2], values = [1]}\n", "[cell.electrolyte] chi:"),
        (
            MINIMAL
            + '[cell.electrolyte]\nlevel = "association"\nD_plus = 1e-10\nD_minus = 1e-10\nclusters = [{K = 1}]\n',
            "clusters must be a list of tables with D, K, anions, cations",
        ),
        (MINIMAL + "[optimise]\nsteps = 3\n", "[optimise] moves nothing"),
        (MINIMAL + OPTIMISE + "negative.L = 1e-4\n", "[optimise.over] negative.L must be [low, high]"),
        (MINIMAL + OPTIMISE + "negative.L = [2, 1]\n", "with low below high"),
        (MINIMAL + OPTIMISE + "negative.LL = [1, 2]\n", "Did you mean 'L'?"),
        (MINIMAL + OPTIMISE + "electrolyte.kappa = [1, 2]\n", "is no single number"),
        (MINIMAL + '[optimise]\nmaximise = "power"\n', "there is no goal 'power'"),
        (MINIMAL + "[optimise]\nover = 3\n", "[optimise] over must be a table of path = [low, high]"),
    ],
)
def test_a_wrong_electrolyte_or_goal_is_refused_with_what_is_wanted(complaint, text, expected):
    assert expected in complaint(text)[0]
