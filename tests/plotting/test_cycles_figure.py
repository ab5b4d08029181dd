"""The figure of cycles."""

import numpy as np
import pytest

from cellsim.plotting import cycles_figure, is_cycled
from cellsim.simulation.chain import CycleSummary


def cycle(number, out, into, energy):
    """A cycle that takes `into` A.h at 4 V and gives `out`."""
    share = out / into if into else float("nan")
    return CycleSummary(number, 1e4 * number, out, into, 4 * into * energy, 4 * into, share, energy, 4.0, ())


def test_capacities_and_efficiencies_stand_against_the_number_of_the_cycle(lgm50_coarse_cycles):
    cycles = lgm50_coarse_cycles.cycles
    figure = cycles_figure(cycles, "A title")
    above, below = figure.axes
    assert (above.get_ylabel(), below.get_ylabel(), below.get_xlabel()) == (
        "Capacity [A.h]",
        "Efficiency [%]",
        "Cycle [-]",
    )
    drawn = {line.get_label(): line.get_xydata() for axes in figure.axes for line in axes.get_lines()}
    wanted = {
        "Charge": [each.charge_capacity_Ah for each in cycles],
        "Discharge": [each.discharge_capacity_Ah for each in cycles],
        "Charge (coulombic)": [100 * each.coulombic_efficiency for each in cycles],
        "Energy": [100 * each.energy_efficiency for each in cycles],
    }
    assert set(drawn) == set(wanted)
    for label, values in wanted.items():
        np.testing.assert_array_equal(drawn[label], np.column_stack([[1, 2, 3], values]))


def test_a_first_cycle_far_from_the_others_does_not_flatten_them():
    first, *later = [cycle(k, 3 - 0.001 * k, 3.0, 0.9) for k in range(1, 11)]
    below = cycles_figure([first._replace(coulombic_efficiency=1.4), *later]).axes[1]
    assert below.get_ylim()[1] < 105
    (note,) = below.texts
    assert note.get_text() == "first cycle, beyond this scale: charge 140 %, energy 90 %"
    assert not cycles_figure([first, *later]).axes[1].texts


def test_a_cycle_that_only_charges_has_no_point():
    figure = cycles_figure([cycle(1, 0.0, 3.0, 0.0), cycle(2, 3.0, 3.0, 0.9), cycle(3, 3.0, 3.0, 0.9)])
    line = next(line for line in figure.axes[0].get_lines() if line.get_label() == "Discharge")
    assert np.isnan(line.get_ydata()).tolist() == [True, False, False]


@pytest.mark.parametrize(
    ("cycles", "is_one"),
    [
        ([cycle(1, 3.0, 0.0, np.nan), cycle(2, 0.0, 3.0, 0.0), cycle(3, 0.0, 0.0, np.nan)], False),  # steps in a row
        ([cycle(1, 3.0, 3.0, 0.9)], False),
        ([cycle(1, 3.0, 3.0, 0.9), cycle(2, 3.0, 3.0, 0.9)], True),
    ],
)
def test_only_cycles_that_discharge_and_charge_make_a_figure(cycles, is_one):
    assert is_cycled(cycles) is is_one
