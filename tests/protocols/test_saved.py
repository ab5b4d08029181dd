"""Steps that were run, as a file, and back."""

import jax
import numpy as np
import pytest

import cellsim as cs
from cellsim.protocols import language, steps
from cellsim.protocols.controls import Profile, Relation
from cellsim.protocols.ends import When
from cellsim.protocols.saved import Broken, read_legs, write_legs
from cellsim.protocols.several import thinned
from cellsim.protocols.steps import Step


def is_the_same(a, b):
    """Whether two steps are the same in structure, in words, and in all numbers to the last bit."""
    assert jax.tree.structure(a.chain) == jax.tree.structure(b.chain)
    leaves = [[np.asarray(x) for x in jax.tree.leaves(each)] for each in (a, b)]
    assert len(leaves[0]) == len(leaves[1])
    names = ("dense", "rows", "ambient", "period", "states", "demand")
    assert all((getattr(a, name) is None) == (getattr(b, name) is None) for name in names)
    return all(np.array_equal(x, y) for x, y in zip(*leaves, strict=True)) and a.step_ends == b.step_ends


def back(tmp_path, model, protocol, legs, cycle=1):
    write_legs(tmp_path / "legs.npz", legs, {"said": [1, "two"]})
    found, about = read_legs(tmp_path / "legs.npz", model, protocol, cycle)
    assert about["said"] == [1, "two"]
    return found


def test_steps_of_any_kind_come_back_as_they_were(lgm50_coarse, tmp_path):
    protocol = language.protocol(
        [
            (
                "Discharge at C/2 for 2 minutes (5 second period)",
                "Rest for 1200 s (1 second period)",  # so many points that not all fields are kept
                "Charge at C/2 at 35 degC until 3.9 V or for 1 minute [a tag]",
                "Hold at 3.8 V until C/50 or for 1 minute",
                "Charge at 1C until 3 V",  # past its end
                steps.current(Profile([0.0, 10.0, 20.0], [1.0, 2.0, 0.5]), None),
                Step(
                    Relation(lambda t, V, I: V - 3.7 - 0.01 * I), ends=(When(lambda t, V, I: 30.0 - t),), duration=60.0
                ),
            )
        ]
    )
    legs = cs.simulate(lgm50_coarse, protocol, soc=0.5).legs
    assert len(legs) == 7 and legs[4].step_ends[0].is_skipped and legs[1].rows is not None
    found = back(tmp_path, lgm50_coarse, protocol, legs)
    assert all(is_the_same(*pair) for pair in zip(found, legs, strict=True))
    for leg, same in zip(found, legs, strict=True):
        times = np.linspace(float(leg.t_start), float(leg.t_stop), 7)
        np.testing.assert_array_equal(leg.at(times).V, same.at(times).V)


def test_a_later_cycle_without_its_fields_comes_back_as_well(lgm50_coarse_cycles, tmp_path):
    protocol = language.protocol(
        [("Discharge at C/2 until 3.4 V", "Charge at C/2 until 4.1 V", "Hold at 4.1 V until C/5")] * 3
    )
    legs = [thinned(leg) for leg in lgm50_coarse_cycles.legs[6:]]
    found = back(tmp_path, lgm50_coarse_cycles.model, protocol, legs, cycle=3)
    assert all(is_the_same(*pair) for pair in zip(found, legs, strict=True))
    assert [leg.step_ends[0].step for leg in found] == [7, 8, 9]


def test_a_file_that_holds_code_is_refused(lgm50_coarse, tmp_path):
    path = tmp_path / "legs.npz"
    np.savez(path, about=np.asarray([print], dtype=object))  # numpy pickles it
    with pytest.raises(Broken, match=r"legs\.npz: .*allow_pickle"):
        read_legs(path, lgm50_coarse, language.protocol(["Rest"]), 1)
