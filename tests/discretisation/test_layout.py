"""Colours of a layout: few directional derivatives hold its whole Jacobian."""

import numpy as np
import pytest

from cellsim.discretisation.layout import Layout


def random_layout(seed):
    rng = np.random.default_rng(seed)
    nodes = int(rng.integers(2, 12))
    host = rng.permutation(nodes)[: rng.integers(1, nodes + 1)]
    if seed % 3 == 2:  # several fibres on a node
        host = rng.integers(0, nodes, rng.integers(1, 2 * nodes))
    return Layout(int(rng.integers(1, 4)), nodes, int(rng.integers(2, 7)), tuple(map(int, host)))


def may_be_nonzero(layout):
    """The structure that the layout promises, as a dense matrix: rows and columns are line, then fibre unknowns."""
    line = np.arange(layout.fields * layout.nodes).reshape(layout.fields, layout.nodes)
    fibre = line.size + np.arange(layout.depth * len(layout.host)).reshape(layout.depth, len(layout.host))
    J = np.zeros((layout.size, layout.size), dtype=bool)
    for node in range(layout.nodes):
        for other in (node - 1, node, node + 1):
            if 0 <= other < layout.nodes:
                J[np.ix_(line[:, node], line[:, other])] = True
    for k, node in enumerate(layout.host):
        for depth in range(layout.depth):
            for other in (depth - 1, depth, depth + 1):
                if 0 <= other < layout.depth:
                    J[fibre[depth, k], fibre[other, k]] = True
        tip = fibre[-1, k]
        J[tip, line[:, node]] = True
        for other in (node - 1, node, node + 1):
            if 0 <= other < layout.nodes:
                J[line[:, other], tip] = True
    return J


def columns(layout):
    seeds = layout.seeds()
    colours = layout.colours
    return np.concatenate(
        [np.asarray(seeds.line).reshape(colours, -1), np.asarray(seeds.fibre).reshape(colours, -1)], 1
    )


@pytest.mark.parametrize("seed", range(30))
def test_no_two_unknowns_of_a_colour_act_on_the_same_one(seed):
    layout = random_layout(seed)
    seeds, J = columns(layout), may_be_nonzero(layout)
    assert np.all(np.sum(seeds, axis=0) == 1), "every unknown has one colour"
    assert np.max(seeds @ J.T) <= 1


@pytest.mark.parametrize("seed", range(5))
def test_the_number_of_colours_does_not_grow_with_the_mesh(seed):
    layout = random_layout(seed)
    finer = layout._replace(nodes=10 * layout.nodes, depth=10 * layout.depth)
    assert finer.colours == layout.colours == columns(finer).shape[0]


def test_the_size_counts_every_unknown():
    layout = Layout(2, 7, 4, (0, 1, 5))
    assert layout.size == 2 * 7 + 4 * 3 == columns(layout).shape[1]
