"""Which unknowns live where, and who talks to whom.

A layout has `fields` unknowns on each node of a line, coupled to those of the two neighbouring nodes, and fibres that
hang on nodes of the line: each a chain of `depth` unknowns of which only the last, the tip, talks to the line. It
depends on the fields of its own node, and acts on those of its node and of the two beside it. Unknowns of the whole,
if there are any, form the border: they talk to everything. A model declares its layout; the linear algebra is written
once for all of them.
"""

import itertools
from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Inexact


class State(eqx.Module):
    """Unknowns of a layout: fields on the line, (fields, nodes), values along the fibres, (depth, fibres), the tip
    last, and those of the whole, (border), or None where there are none. Axes of several states may lead, as of the
    stages of a step, or follow, as of many systems solved at once."""

    line: Inexact[Array, "..."]
    fibre: Inexact[Array, "..."]
    border: Inexact[Array, "..."] | None = None

    @property
    def inner(self) -> "State":
        """The state without its border."""
        return State(self.line, self.fibre)


class Layout(NamedTuple):
    """Sizes, and for each fibre the node that it hangs on; there may be none. Hashable: part of what a compiled program
    is keyed by."""

    fields: int
    nodes: int
    depth: int = 1
    host: tuple[int, ...] = ()

    @property
    def size(self) -> int:
        """Number of unknowns."""
        return self.fields * self.nodes + self.depth * len(self.host)

    def at_hosts(self, x: Inexact[Array, "..."], axis: int = -1) -> Inexact[Array, "..."]:
        """Values at the nodes that fibres hang on, from those at all nodes along `axis`."""
        if not self.host:
            return lax.slice_in_dim(x, 0, 0, axis=axis)
        return jnp.concatenate([lax.slice_in_dim(x, start, stop, axis=axis) for start, stop in self._runs()], axis=axis)

    def at_nodes(self, x: Inexact[Array, "..."], axis: int = -1) -> Inexact[Array, "..."]:
        """Values at all nodes from those of the fibres that hang on them, along `axis`: zero where there is none, and
        the sum where there are several."""
        axis = axis % x.ndim
        passes = self.passes
        if len(passes) > 1:
            ends = np.cumsum([len(each.host) for each in passes])[:-1]
            parts = jnp.split(x, ends, axis=axis)
            spread = [each.at_nodes(part, axis) for each, part in zip(passes, parts, strict=True)]
            return sum(spread[1:], spread[0])
        zeros = lambda count: jnp.zeros((*x.shape[:axis], count, *x.shape[axis + 1 :]))
        pieces, reached, taken = [], 0, 0
        for start, stop in self._runs():
            pieces += [zeros(start - reached), lax.slice_in_dim(x, taken, taken + stop - start, axis=axis)]
            reached, taken = stop, taken + stop - start
        return jnp.concatenate([*pieces, zeros(self.nodes - reached)], axis=axis)

    @property
    def passes(self) -> tuple["Layout", ...]:
        """The layout as several, each with the next of the fibres, in which the hosts rise from node to node: one where
        no node hosts two, and the fibres are in the order of their nodes."""
        cuts = [k for k in range(1, len(self.host)) if self.host[k] <= self.host[k - 1]]
        ends = [0, *cuts, len(self.host)]
        return tuple(self._replace(host=self.host[start:stop]) for start, stop in itertools.pairwise(ends))

    def _runs(self) -> list[tuple[int, int]]:
        """First and last-plus-one of every run of neighbouring hosts: slices are cheaper than a look-up."""
        runs = itertools.groupby(enumerate(self.host), key=lambda pair: pair[1] - pair[0])
        ends = ([node for _, node in run] for _, run in runs)
        return [(run[0], run[-1] + 1) for run in ends]

    # ---- colours, for rates of which nothing else is known

    @property
    def colours(self) -> int:
        """Directional derivatives that hold the whole Jacobian: columns of one colour share no row."""
        return 3 * self.fields + len(self.tip_colour_masks())

    def seeds(self) -> State:
        """One direction a colour: field f of every third node, and with it fibre unknowns whose rows stay apart.

        Tips have the last colours: one for every third node, and three more for every further fibre that hangs on the
        same node, as their tips meet in its rows.
        """
        node_colour = np.arange(self.nodes) % 3
        line = np.zeros((self.colours, self.fields, self.nodes))
        for field in range(self.fields):
            for k in range(3):
                line[3 * field + k, field] = node_colour == k
        fibre = np.zeros((self.colours, self.depth, len(self.host)))
        for k, mask in enumerate(self.fibre_colour_masks()):
            fibre[k] = mask
        for k, mask in enumerate(self.tip_colour_masks()):
            fibre[3 * self.fields + k, -1] = mask
        return State(jnp.asarray(line), jnp.asarray(fibre))

    def tip_colour_masks(self) -> np.ndarray:
        """(colours, fibres): which tips ride on the last colours."""
        place = [self.host[:k].count(node) for k, node in enumerate(self.host)]  # among the fibres of its node
        colour = np.asarray(self.host, dtype=int) % 3 + 3 * np.asarray(place, dtype=int)
        return np.stack([colour == k for k in range(3 * (max(place, default=0) + 1))]).astype(float)

    def fibre_colour_masks(self) -> np.ndarray:
        """(3, depth, fibres): which inner unknowns of the fibres ride on the colours of field 0.

        The tip's row holds the fields of the host node and the unknown below the tip, so that one takes the colour
        after its host's.
        """
        below_tip = (np.asarray(self.host, dtype=int) % 3 + 1) % 3
        colour = (np.arange(self.depth)[:, None] - (self.depth - 2) + below_tip[None, :]) % 3
        masks = np.stack([colour == k for k in range(3)]).astype(float)
        masks[:, -1] = 0.0
        return masks
