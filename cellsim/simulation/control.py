"""What a step asks of a cell, as numbers: no step, current or cut-off is ever part of a compiled program."""

import equinox as eqx
from jaxtyping import Array, Float

from cellsim.parameters import as_float_array

Scalar = Float[Array, ""]


class Demand(eqx.Module):
    """A constant current [A] (positive discharges) for at most `duration` [s], ended early at the voltage `V_stop` [V].

    `side` is 1 when the step ends as the voltage falls to `V_stop`, -1 when it ends as it rises, 0 when no voltage
    ends it.
    """

    I: Scalar = eqx.field(converter=as_float_array)
    duration: Scalar = eqx.field(converter=as_float_array)
    V_stop: Scalar = eqx.field(converter=as_float_array)
    side: Scalar = eqx.field(converter=as_float_array)

    def margin(self, V: Scalar) -> Scalar:
        """Distance [V] to the end of the step; it falls through zero there."""
        return self.side * (V - self.V_stop) + (1 - self.side * self.side)
