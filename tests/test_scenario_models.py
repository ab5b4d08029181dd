"""Half cells, symmetric cells and slabs from the tables of a scenario, and what can be wrong with those."""

import numpy as np
import pytest

import cellsim as cs
from cellsim.cells.metal import HalfCellDesign
from cellsim.cells.porous import MacMullin
from cellsim.scenario import load_scenario
from cellsim.settings import BadInput

PROTOCOL = '[protocol]\nsteps = ["Discharge at 1 mA for 1 hour"]\n'
SYMMETRIC = """
[symmetric]
electrolyte = "nyman2008"
area = 1e-4
c0 = 1200.0
[[symmetric.layers]]
L = 25e-6
eps = 0.45
macmullin = 6.0
[[symmetric.layers]]
L = 1e-4
eps = 1.0
[symmetric.metal]
j0_ref = 20.0
R_film = 1e-3
"""
HALF = '[cell]\nname = "Chen2020"\n[half_cell]\nelectrode = "negative"\nV_min = 0.1\nV_max = 1.0\n'
LITHIUM = "[half_cell.lithium]\nj0_ref = 20.0\n"
SLAB = """
[slab]
area = 1e-3
cells = [10, 20]
[[slab.ions]]
name = "drug+"
z = 1
D = 5e-10
[[slab.ions]]
name = "Na+"
[[slab.ions]]
name = "Cl-"
[[slab.layers]]
L = 1e-4
c0 = {"drug+" = 100.0, "Cl-" = 100.0}
[[slab.layers]]
name = "membrane"
L = 2e-5
factor = {"drug+" = 1e-3, "Na+" = 2e-3, "Cl-" = 2e-3}
fixed_charge = -50.0
c0 = "right"
[slab.left]
kind = "bath"
c = {"drug+" = 100.0, "Cl-" = 100.0}
[slab.right]
kind = "bath"
c = {"Na+" = 150.0, "Cl-" = 150.0}
"""
KOH = """
[slab]
electrolyte = "paxton1997_koh"
reference = "K+"
[[slab.ions]]
name = "K+"
[[slab.ions]]
name = "OH-"
[[slab.layers]]
L = 1e-3
c0 = {"K+" = 4000.0, "OH-" = 4000.0}
[slab.left]
kind = "electrode"
share = {"K+" = 1.0}
[slab.right]
kind = "electrode"
share = {"K+" = 1.0}
"""


@pytest.fixture
def load(tmp_path):
    def load(text):
        path = tmp_path / "case.toml"
        path.write_text(text)
        return load_scenario(path)

    return load


def test_a_cell_of_the_library_is_run_by_the_model_for_its_kind(load):
    for name, model in (("Xu2019", cs.HalfCell), ("li_peo_litfsi_li", cs.SymmetricCell), ("Chen2020", cs.DFN)):
        assert isinstance(load(f'[cell]\nname = "{name}"\n').model, model)
    changed = load('[cell]\nname = "Li_PEO_LiTFSI_Li"\n[cell.set]\nlayers.0.L = 1e-4\nleft.R_film = 0.01\n' + PROTOCOL)
    assert float(changed.cell.layers[0].L) == 1e-4 and float(changed.cell.left.R_film) == 0.01
    assert changed.model.mesh == cs.LayerMesh()


def test_a_symmetric_cell_is_described_by_its_layers_and_its_metals(load):
    scenario = load(SYMMETRIC + PROTOCOL)
    cell = scenario.cell
    assert isinstance(scenario.model, cs.SymmetricCell) and float(cell.c0) == 1200.0
    assert isinstance(cell.layers[0].transport, MacMullin)
    assert float(cell.layers[0].kappa_factor) == pytest.approx(1 / 6) and float(cell.layers[1].kappa_factor) == 1.0
    assert float(cell.left.kinetics.j0_ref) == float(cell.right.kinetics.j0_ref) == 20.0
    assert float(cell.left.R_film) == 1e-3 and "Nyman" in cell.electrolyte.name
    sides = SYMMETRIC.replace("[symmetric.metal]", '[symmetric.right]\nkinetics = "blocking"\n[symmetric.left]')
    assert isinstance(load(sides + PROTOCOL).cell.right.kinetics, cs.Blocking)


def test_a_half_cell_is_an_electrode_of_a_full_cell_against_lithium(load):
    scenario = load(HALF + LITHIUM + '[model]\nmesh = "coarse"\n[cell.set]\nnegative.L = 90e-6\n')
    cell, full = scenario.cell, cs.load_cell("Chen2020")
    assert isinstance(cell, HalfCellDesign) and isinstance(scenario.model, cs.HalfCell)
    assert float(cell.working.L) == 90e-6 and float(cell.working.particle.c_max) == float(full.negative.particle.c_max)
    assert float(cell.capacity) == pytest.approx(float(cs.cells.design.lithium_capacity(cell.working, full.area)))
    assert float(load(HALF + "capacity = 3.0\n" + LITHIUM).cell.capacity) == 3.0


def test_a_slab_is_described_ion_by_ion_and_a_membrane_may_begin_in_equilibrium_with_a_bath(load):
    slab = load(SLAB + PROTOCOL).model
    assert isinstance(slab, cs.Slab) and [ion.name for ion in slab.ions] == ["drug+", "Na+", "Cl-"]
    assert slab.z.tolist() == [1, 1, -1] and slab.cells == (10, 20)
    assert float(slab.mobility.D[1]) == pytest.approx(1.334e-9, rel=1e-3)  # of sodium in water
    np.testing.assert_allclose(slab.layers[1].factor, [1e-3, 2e-3, 2e-3])
    inside = np.asarray(slab.layers[1].c0)
    assert inside[0] == 0 and inside[1] * inside[2] == pytest.approx(150.0**2) and inside[1] - inside[2] == 50.0
    coarse = load(SLAB + '[model]\nmesh = "coarse"\n' + PROTOCOL).model
    assert coarse.cells == (5, 10)


def test_a_slab_may_have_the_ions_of_a_published_electrolyte_between_electrodes(load):
    slab = load(KOH + PROTOCOL).model
    assert "KOH" in slab.mobility.electrolyte.name and slab.reference == "K+"
    assert all(isinstance(end, cs.Electrode) and end.share.tolist() == [1.0, 0.0] for end in (slab.left, slab.right))


CHEN = '[cell]\nname = "Chen2020"\n'
WRONG = [
    ('[model]\nname = "Slab"\n' + PROTOCOL, "needs the table [slab], which says what is run"),
    ('[model]\nname = "SymmetricCell"\n' + PROTOCOL, "needs the table [symmetric]"),
    (
        '[cell]\nname = "Chen2020"\n[model]\nname = "HalfCell"\n',
        'HalfCell runs a half cell, and Chen2020 is a full cell; write name = "DFN"',
    ),
    ('[cell]\nname = "Xu2019"\n[model]\nname = "DFN"\n', "DFN runs a full cell, and Xu2019 is a half cell"),
    (SLAB + '[cell]\nname = "Chen2020"\n', "[slab] and [cell] name describe different things to run"),
    (SLAB + SYMMETRIC, "[slab] and [symmetric] describe different things"),
    (SYMMETRIC.replace("L = 25e-6\n", ""), "[[symmetric.layers]] 1: needs L, a number in m: thickness"),
    (
        SYMMETRIC.replace("L = 1e-4", "L = 'thick'"),
        "[[symmetric.layers]] 2: L must be a number in m",
    ),
    (SYMMETRIC.replace("L = 25e-6", "L = 25"), "layers.0.L = 25 m; expected 1e-07 to 0.005 m. Given in um?"),
    (
        SYMMETRIC.replace("macmullin = 6.0", "macmullin = 6.0\ntortuosity = 2.0"),
        "says tortuosity and macmullin; one of",
    ),
    (SYMMETRIC.replace("macmullin", "macmulin"), "has no 'macmulin'. Did you mean 'macmullin'?"),
    (SYMMETRIC.replace("j0_ref = 20.0", ""), "[symmetric.metal] needs j0_ref, a number in A/m2"),
    (SYMMETRIC.replace("j0_ref = 20.0", 'kinetics = "block"'), "must be one of deposition, blocking, found 'block'."),
    (SYMMETRIC.replace("[symmetric.metal]", "[symmetric.left]"), "needs [symmetric.metal], or both of"),
    (SYMMETRIC.replace("nyman2008", "nymann2008"), "there is no electrolyte 'nymann2008'. Did you mean 'nyman2008'?"),
    ('[symmetric]\nelectrolyte = "nyman2008"\n', "[symmetric] needs layers: tables, each under [[symmetric.layers]]"),
    (SYMMETRIC.replace("c0 = 1200.0", "salt = 1200.0"), "[symmetric] has no key 'salt'"),
    (HALF, "needs [half_cell.lithium] with its exchange current density"),
    (HALF.replace("V_min = 0.1\n", "") + LITHIUM, "[half_cell] needs V_min, a number in V"),
    (HALF.replace("negative", "graphite") + LITHIUM, "electrode must be one of negative, positive, found 'graphite'"),
    (HALF.replace("Chen2020", "Xu2019") + LITHIUM, "takes an electrode of a full cell, but Xu2019 is a half cell"),
    (SLAB.replace("z = 1\n", ""), "[[slab.ions]] 1: needs z, the charge number of drug+"),
    (SLAB.replace("D = 5e-10\n", ""), "[[slab.ions]] 1: needs D, a number in m2/s"),
    (SLAB.replace('"Cl-" = 100.0}\n[[', '"Br-" = 100.0}\n[['), "c0 has no 'Br-'."),
    (SLAB.replace('"Cl-" = 100.0}\n[[', '"Cl-" = 90.0}\n[['), "layers.0 (solution) is not neutral"),
    (
        SLAB.replace('c0 = "right"', 'c0 = "above"'),
        "or the side of a bath that it is in equilibrium with",
    ),
    (
        SLAB.replace('[slab.left]\nkind = "bath"', '[slab.left]\nkind = "wall"'),
        "must be one of bath, electrode, closed",
    ),
    (SLAB.replace("cells = [10, 20]", "cells = [10, 20, 30]"), "cells for 3 layers, the slab has 2"),
    (SLAB.replace("cells = [10, 20]", "cells = 1.5"), "[slab] cells must be a whole number, or one for each layer"),
    (SLAB.replace("area = 1e-3", "area = 'small'"), "[slab] area must be a number in m2"),
    (
        SLAB + "[cell.set]\nlayers.1.fixed_charge = -10.0\n",
        "layers.1 (membrane) is not neutral",
    ),
    (
        KOH.replace('name = "K+"', 'name = "Ca2+"').replace('"K+"', '"Ca2+"'),
        "a cation of charge 1 and",
    ),
    (
        KOH.replace('share = {"K+" = 1.0}\n[slab.right]', 'share = {"K+" = 0.5}\n[slab.right]'),
        "left: the shares",
    ),
    (KOH.replace('reference = "K+"', 'reference = "Na+"'), "answer to 'Na+', which is no ion of the slab"),
]


@pytest.mark.parametrize(("text", "said"), WRONG, ids=range(len(WRONG)))
def test_a_table_that_cannot_be_meant_is_refused_with_its_place_and_the_reason(load, text, said):
    with pytest.raises(BadInput) as caught:
        load(text)
    assert said in str(caught.value)


@pytest.mark.parametrize(("text", "said"), [WRONG[0], WRONG[2], WRONG[6], WRONG[24], WRONG[30]])
def test_the_command_line_answers_with_exit_code_2_and_no_traceback(cellsim_command, tmp_path, monkeypatch, text, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "case.toml").write_text(text)
    code, out, err = cellsim_command("run", "case.toml")
    assert code == 2 and said in err and "Traceback" not in err and not out
