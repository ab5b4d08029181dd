"""What a published electrolyte is made of, and how each of its properties was come by."""

from collections.abc import Mapping
from typing import NamedTuple

PROPERTIES = ("kappa", "D", "t_plus", "chi")
MEASURED = "measured"


class About(NamedTuple):
    """The facts about a published electrolyte that stand beside its laws.

    `origin` tells how a property was come by where it was not measured on this very electrolyte: "assumed: ...",
    "computed: ...", "fitted: ...". What it does not name was measured.
    """

    salt: str
    solvent: str
    origin: Mapping[str, str] = {}

    def of(self, which: str) -> str:
        """How the property `which` of `PROPERTIES` was come by."""
        return self.origin.get(which, MEASURED)

    @property
    def measured(self) -> tuple[str, ...]:
        """The properties that were measured."""
        return tuple(which for which in PROPERTIES if which not in self.origin)
