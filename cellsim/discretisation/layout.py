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
from jaxtyping import Array, Float


class State(eqx.Module):
    """Unknowns of a layout: fields on the line, (fields, nodes), values along the fibres, (depth, fibres), the tip
    last, and those of the whole, (border), or None where there are none. Axes of several states may lead, as of the
    stages of a step, or follow, as of many systems solved at once."""

    line: Float[Array, "..."]
    fibre: Float[Array, "..."]
    border: Float[Array, "..."] | None = None

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

    def at_hosts(self, x: Float[Array, "..."], axis: int = -1) -> Float[Array, "..."]:
        """Values at the nodes that fibres hang on, from those at all nodes along `axis`."""
        if not self.host:
            return lax.slice_in_dim(x, 0, 0, axis=axis)
        if self.host != tuple(sorted(self.host)):
            return jnp.take(x, np.asarray(self.host, dtype=int), axis=axis)
        return jnp.concatenate([lax.slice_in_dim(x, start, stop, axis=axis) for start, stop in self._runs()], axis=axis)

    def at_nodes(self, x: Float[Array, "..."], axis: int = -1) -> Float[Array, "..."]:
        """Values at all nodes from those at the nodes that fibres hang on, along `axis`; zero elsewhere, each a node of
        its own."""
        if self.host != tuple(sorted(self.host)):
            last = jnp.moveaxis(x, axis, -1)
            spread = jnp.zeros((*last.shape[:-1], self.nodes)).at[..., np.asarray(self.host, dtype=int)].add(last)
            return jnp.moveaxis(spread, -1, axis)
        axis = axis % x.ndim
        zeros = lambda count: jnp.zeros((*x.shape[:axis], count, *x.shape[axis + 1 :]))
        parts, reached, taken = [], 0, 0
        for start, stop in self._runs():
            parts += [zeros(start - reached), lax.slice_in_dim(x, taken, taken + stop - start, axis=axis)]
            reached, taken = stop, taken + stop - start
        return jnp.concatenate([*parts, zeros(self.nodes - reached)], axis=axis)

    def _runs(self) -> list[tuple[int, int]]:
        """First and last-plus-one of every run of neighbouring hosts: slices are cheaper than a look-up."""
        runs = itertools.groupby(enumerate(self.host), key=lambda pair: pair[1] - pair[0])
        ends = ([node for _, node in run] for _, run in runs)
        return [(run[0], run[-1] + 1) for run in ends]

    # ---- colours, for rates of which nothing else is known

    @property
    def colours(self) -> int:
        """Directional derivatives that hold the whole Jacobian: columns of one colour share no row."""
        return 3 * self.fields + 3

    def seeds(self) -> State:
        """One direction a colour: field f of every third node, and with it fibre unknowns whose rows stay apart.

        Tips have the last three colours, one for every third node. Raises `ValueError` when a node hosts two fibres:
        their tips, which share a colour, would meet in its rows.
        """
        if len(set(self.host)) < len(self.host):
            raise ValueError("a node of the layout hosts more than one fibre; each needs a node of its own")
        node_colour = np.arange(self.nodes) % 3
        line = np.zeros((self.colours, self.fields, self.nodes))
        for field in range(self.fields):
            for k in range(3):
                line[3 * field + k, field] = node_colour == k
        fibre = np.zeros((self.colours, self.depth, len(self.host)))
        for k, mask in enumerate(self.fibre_colour_masks()):
            fibre[k] = mask
        for k in range(3):
            fibre[3 * self.fields + k, -1] = np.asarray(self.host, dtype=int) % 3 == k
        return State(jnp.asarray(line), jnp.asarray(fibre))

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
