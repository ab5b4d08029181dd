"""Functions whose indices are known."""

import itertools

import numpy as np

A = np.array([0.0, 1.0, 4.5, 9.0])  # of the g-function: the larger, the less the input matters


def ishigami(x, a=7.0, b=0.1):
    """Of three inputs from -pi to pi. Source: T. Ishigami and T. Homma, Proc. ISUMA '90, 398-403."""
    return np.sin(x[0]) + a * np.sin(x[1]) ** 2 + b * x[2] ** 4 * np.sin(x[0])


def ishigami_indices(a=7.0, b=0.1):
    """First-order and total indices."""
    V1, V2 = 0.5 * (1 + b * np.pi**4 / 5) ** 2, a**2 / 8
    V13 = b**2 * np.pi**8 * (1 / 18 - 1 / 50)
    V = V1 + V2 + V13
    return np.array([V1, V2, 0.0]) / V, np.array([V1 + V13, V2, V13]) / V


def g_function(x):
    """Of inputs from 0 to 1. Source: I. M. Sobol', USSR Comput. Math. Math. Phys. 7 (1967) 86-112."""
    return np.prod([(np.abs(4 * each - 2) + a) / (1 + a) for each, a in zip(x, A, strict=True)], axis=0)


def g_indices():
    """First-order and total indices."""
    own = 1 / (3 * (1 + A) ** 2)
    whole = np.prod(1 + own) - 1
    others = np.array([np.prod(np.delete(1 + own, k)) for k in range(len(A))])
    return own / whole, own * others / whole


def mean_sizes(function, inputs, scale, levels=4):
    """The exact mean size of the effects of every input, over all nodes of the grid: `scale` makes values of it."""
    nodes = np.arange(levels) / (levels - 1)
    step = 0.5 * levels / (levels - 1)
    found = []
    for k in range(inputs):
        sizes = []
        for node in itertools.product(nodes, repeat=inputs):
            if node[k] < 0.5:
                moved = list(node)
                moved[k] += step
                sizes.append(abs(function(scale(np.array(moved))) - function(scale(np.array(node)))) / step)
        found.append(np.mean(sizes))
    return np.array(found)
