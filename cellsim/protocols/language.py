"""Steps and protocols written in words, as `Discharge at 1C until 2.5 V`; the grammar is in `protocols/grammar.py`."""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import jax

from cellsim.protocols import grammar
from cellsim.protocols.protocol import Cycle, Protocol, Until
from cellsim.protocols.scanner import Quantity, Scanner
from cellsim.protocols.scanner import UnreadableStep as UnreadableStep
from cellsim.protocols.steps import Step
from cellsim.protocols.units import Kind
from cellsim.protocols.wording import words as words

MOST_STEPS = 1_000_000  # of a protocol in all: more would not fit into memory
UNTIL_EXAMPLES = "'80% capacity', '4 A.h capacity', '2.5 V' or '10 hours'"


class UnreadableProtocol(UnreadableStep):
    """What is wrong with a list of steps, all of it; `problems` holds one text each, with the place in the list."""

    def __init__(self, problems: Sequence[str]):
        self.problems = tuple(problems)
        count = "1 problem" if len(self.problems) == 1 else f"{len(self.problems)} problems"
        ValueError.__init__(self, f"{count} in the protocol:\n" + "\n".join(self.problems))


def step(text: str, folder: str | Path = ".") -> Step:
    """The step that `text` says; files that it runs are looked for in `folder`. Raises `UnreadableStep` with the place
    and the likely meaning of what was not understood."""
    if text.lstrip()[:3].lower() == "run":  # its file may change
        return _read(text, Path(folder))
    return _remembered(text)


@lru_cache(maxsize=1024)
def _remembered(text: str) -> Step:
    return _read(text, Path())


def _read(text: str, folder: Path) -> Step:
    with jax.ensure_compile_time_eval():  # kept for later calls, so its numbers must not belong to a trace
        return grammar.step(text, folder)


def protocol(
    items: Any,
    cycles: int | None = None,
    until: str | Sequence[str] | Until | None = None,
    *,
    T: float | None = None,
    period: float | None = None,
    skip_ok: bool | None = None,
    folder: str | Path = ".",
) -> Protocol:
    """The protocol of `items`: a text, a `Step`, a `Cycle`, or a list of them.

    - A list or a tuple within the list is a cycle; a list that holds lists itself is a row of cycles. A step outside
      of any is a cycle of its own, unless `cycles` is given and nothing in `items` is grouped: then all of it is one.
    - A table `{"repeat": 50, "steps": [...], "tags": ["ageing"]}` stands for its steps so many times; its tags mark
      each of its cycles.
    - `cycles`: how many times all of it is run.
    - `until`: what ends it early, as "80% capacity" (of that of the first cycle), "4 A.h capacity", "2.5 V" (the
      voltage falls to it) or "10 hours" in all; one or several.
    - `T` [K], `period` [s]: for the steps that say none themselves. `skip_ok`: for all steps, whether one that is past
      its end when it begins is left out.

    Raises `UnreadableProtocol` with everything that is wrong, each with its place: 2.1 is the first of the second item.
    """
    problems: list[str] = []
    if isinstance(items, (str, Step, Cycle, Mapping)):
        items = [items]
    if cycles is not None and not (_is_whole(cycles) and cycles >= 1):
        problems.append(f"cycles must be a whole number above zero, found {cycles!r}.")
        cycles = None
    if not isinstance(items, Iterable):
        problems.append(f"steps must be a list of texts, found {items!r}.")
        items = []
    made = list(_cycles(items, "", cycles is not None, Path(folder), problems))
    ends = Until()
    try:
        ends = until if isinstance(until, Until) else ending(until)
    except UnreadableStep as error:
        problems.append(str(error))
    if (steps := _steps_in(made) * (cycles or 1)) > MOST_STEPS:
        problems.append(f"cycles = {cycles} makes {steps:.3g} steps; a protocol may have {MOST_STEPS}.")
    if not made and not problems:
        problems.append("it holds no step; write one, as 'Discharge at 1C until 2.5 V'.")
    if problems:
        raise UnreadableProtocol(problems)
    usual = lambda step: dataclasses.replace(
        step,
        T=T if step.T is None else step.T,
        period=period if step.period is None else step.period,
        skip_ok=step.skip_ok if skip_ok is None else skip_ok,
    )
    if T is not None or period is not None or skip_ok is not None:
        made = [Cycle(tuple(usual(step) for step in cycle.steps), cycle.tags) for cycle in made]
    return Protocol(made * (cycles or 1), ends)


def _cycles(items: Any, place: str, is_cycle: bool, folder: Path, problems: list[str]) -> Iterator[Cycle]:
    """The cycles of a list; `is_cycle` says that a list of steps alone is one."""
    is_grouped = any(isinstance(each, (Cycle, Mapping, list, tuple)) for each in items)
    steps = []
    for k, each in enumerate(items):
        here = f"{place}{k + 1}"
        if isinstance(each, Cycle):
            yield each
        elif isinstance(each, Mapping):
            yield from _repeated(each, here, folder, problems)
        elif isinstance(each, (list, tuple)):
            if not each:
                problems.append(f"{here}: a cycle needs at least one step, found an empty list.")
            yield from _cycles(each, f"{here}.", True, folder, problems)
        else:
            found = _step(each, here, folder, problems)
            if found is not None and is_cycle and not is_grouped:
                steps.append(found)
            elif found is not None:
                yield Cycle((found,))
    if steps:
        yield Cycle(tuple(steps))


def _step(item: Any, place: str, folder: Path, problems: list[str]) -> Step | None:
    if isinstance(item, Step):
        return item
    if not isinstance(item, str):
        problems.append(f"{place}: a step is a text in quotes, or a list of them is a cycle; found {item!r}.")
        return None
    try:
        return step(item, folder)
    except UnreadableStep as error:
        problems.append(f"{place}: {error}")
        return None


def _repeated(table: Mapping[str, Any], place: str, folder: Path, problems: list[str]) -> list[Cycle]:
    """The cycles of a table with `steps`, and `repeat` and `tags` where it has them."""
    known = ("repeat", "steps", "tags")
    unknown = [key for key in table if key not in known]
    count, steps, tags = table.get("repeat", 1), table.get("steps"), table.get("tags", ())
    wrong = []
    if unknown:
        wrong.append(f"{place}: a table of steps has no '{unknown[0]}'; it has {', '.join(known)}.")
    if not (_is_whole(count) and count >= 1):
        wrong.append(f"{place}: repeat must be a whole number above zero, found {count!r}.")
    if isinstance(tags, str):
        tags = (tags,)
    if not (isinstance(tags, (list, tuple)) and all(isinstance(tag, str) for tag in tags)):
        wrong.append(f"{place}: tags must be a text or a list of them, found {tags!r}.")
    if isinstance(steps, str):
        steps = [steps]
    if not isinstance(steps, (list, tuple)) or not steps:
        wrong.append(f"{place}: it needs steps = [...], a list of at least one step; found {steps!r}.")
        steps = ()
    made = list(_cycles(steps, f"{place}.", True, folder, problems))
    if not wrong and (in_all := _steps_in(made) * count) > MOST_STEPS:
        wrong.append(f"{place}: repeat = {count} makes {in_all:.3g} steps; a protocol may have {MOST_STEPS}.")
    problems.extend(wrong)
    return [] if wrong else [Cycle(each.steps, each.tags + tuple(tags)) for each in made] * count


def _steps_in(cycles: Sequence[Cycle]) -> int:
    return sum(len(cycle.steps) for cycle in cycles)


def _is_whole(number: Any) -> bool:
    return isinstance(number, int) and not isinstance(number, bool)


def temperature(text: str) -> float:
    """The temperature [K] that `text` says, as 25 degC or 298 K. Raises `UnreadableStep`."""
    scan = Scanner(text, "temperature")
    return grammar.plausible(scan, _alone(scan, Kind.TEMPERATURE, "degC or K"))


def time(text: str) -> float:
    """The time [s] that `text` says, as 30 minutes. Raises `UnreadableStep`."""
    scan = Scanner(text, "time")
    found = _alone(scan, Kind.TIME, grammar.TIME_UNITS)
    if not found.value > 0:
        scan.fail("it must be above zero.", found.start, found.stop)
    return found.value


def _alone(scan: Scanner, kind: Kind, units_expected: str) -> Quantity:
    """A quantity of this kind, and nothing else."""
    found = scan.quantity(kind.value, units_expected, (kind,))
    if found.kind is not kind:
        scan.fail(f"it is {found.kind.value}, expected {kind.value}.", found.start, found.stop)
    if not scan.is_done:
        scan.fail(f"'{scan.chunk}' was not understood; expected the end.")
    return found


def ending(texts: Any) -> Until:
    """What ends a protocol, in words; one text, or several of which the first that holds ends it. Raises
    `UnreadableStep`."""
    found: dict[str, float] = {}
    for text in () if texts is None else [texts] if isinstance(texts, str) else texts:
        if not isinstance(text, str):
            said = f"a condition is a text, as {UNTIL_EXAMPLES}."
            raise UnreadableStep(str(text), said, 0, len(str(text)), "condition")
        scan = Scanner(text, "condition")
        while True:
            start = scan.at
            name, value = _condition(scan)
            if name in found:
                scan.fail("this condition is said twice.", start, scan.at)
            found[name] = value
            if scan.is_done:
                break
            if not scan.take(r"or\b"):
                scan.fail(f"'{scan.chunk}' was not understood; expected 'or' or the end, as in {UNTIL_EXAMPLES}.")
    return Until(**found)


def _condition(scan: Scanner) -> tuple[str, float]:
    scan.take(r"until\b")
    is_above = scan.take(r">=?|≥") is not None
    scan.take(r"<=?|≤")
    kinds = (Kind.SHARE, Kind.CHARGE, Kind.VOLTAGE, Kind.TIME)
    found = scan.quantity(UNTIL_EXAMPLES, "% capacity, A.h capacity, V or a time", kinds)
    written = scan.text[found.start : found.stop]
    of_capacity = scan.take(r"(?:of\s+(?:the\s+)?(?:initial\s+|first\s+)?)?capacity\b") is not None
    if found.kind in (Kind.SHARE, Kind.CHARGE) and not of_capacity:
        scan.fail(f"{written} of what? Did you mean '{written} capacity'?", found.start, found.stop)
    field = {
        (Kind.SHARE, True): "retention",
        (Kind.CHARGE, True): "capacity",
        (Kind.VOLTAGE, False): "V",
        (Kind.TIME, False): "duration",
    }.get((found.kind, of_capacity))
    if field is None:
        scan.fail(
            f"{written} is {found.kind.value}, which does not end a protocol; expected {UNTIL_EXAMPLES}.",
            found.start,
            found.stop,
        )
    if is_above:
        scan.fail("a protocol ends as the level is passed from above; leave out the sign.", found.start, found.stop)
    if (field == "retention" and found.value > 1) or (field != "V" and not found.value > 0):
        scan.fail(
            f"{written} must be above zero{' and 100% at most' if field == 'retention' else ''}.",
            found.start,
            found.stop,
        )
    return field, found.value
