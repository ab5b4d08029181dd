"""A row of a study's table."""

from typing import NamedTuple


class Row(NamedTuple):
    """What was looked at, what was found, what is asked, and whether it is so."""

    what: str
    found: str
    asked: str
    is_met: bool


def within(what: str, found: float, low: float, high: float) -> Row:
    """A share that must lie from `low` to `high`."""
    return Row(what, f"{100 * found:.1f} %", f"{100 * low:g} to {100 * high:g} %", bool(low <= found <= high))


def at_most(what: str, found: float, high: float) -> Row:
    """A share that must not exceed `high`."""
    return Row(what, f"{100 * found:.1f} %", f"at most {100 * high:g} %", bool(found <= high))
