"""Cells read from files of the Battery Parameter eXchange standard (BPX), version 1.x and 0.x.

The file is checked by the `bpx` package, which turns older versions into the present one. What the standard leaves out
is read from its "User-defined" block under these names: "Thermodynamic factor" and "Cation transference number
(function)", functions of the salt concentration in mol/m3; "Contact resistance [Ohm]"; "Negative electrode double-layer
capacity [F.m-2]" and the same of the positive electrode; "Negative electrode lithiation OCP [V]" and the other three
branches, where a file has hysteresis without the fields that version 1.1 gave it. Anything else there is kept in the
notes of the cell.

A material with both branches has hysteresis, and its "OCP [V]" is not read. Half the "OCP hysteresis decay constant" is
the decay of `electrode.hysteresis`, as PyBaMM (25.10 and later) reads it: the schema of the standard names the constant
and writes no equation. Without one the potential is upon a branch at once.

Source: Battery Parameter eXchange (BPX), Faraday Institution, https://bpxstandard.com, version 1.1.
"""

import json
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import equinox as eqx
from jaxtyping import Array, Float

from cellsim import files
from cellsim.cells.design import Blend, Cell, Electrode, Particle, Separator, Window
from cellsim.cells.functions import Expression, UnreadableExpression, expression, linear_table
from cellsim.cells.heat import Heat
from cellsim.cells.notes import Measured, Notes
from cellsim.cells.porous import Bruggeman, MacMullin
from cellsim.constants import T_ROOM, F
from cellsim.electrode.hysteresis import Branches, OneState
from cellsim.electrode.power_law import PowerLawKinetics
from cellsim.electrolyte.electrolyte import Electrolyte
from cellsim.electrolyte.library._vanishing import Vanishing
from cellsim.laws import Arrhenius, Points, as_law
from cellsim.limits import positive

SUFFIXES = (".json", ".yaml", ".yml")
C_USUAL = 1000.0  # mol/m3, where a file does not say
CONDUCTS = 1e-4  # S/m; a solution that does without salt would go on when there is none
WORDS = ("Header", "Title", "Description", "References", "description")  # where text is no expression
CHI, T_PLUS = "Thermodynamic factor", "Cation transference number (function)"
R_CONTACT = "Contact resistance [Ohm]"
C_DL = "{} double-layer capacity [F.m-2]"
SIDES = ("Negative electrode", "Positive electrode")
LOW, HIGH = "Minimum stoichiometry", "Maximum stoichiometry"
LITHIATION, DELITHIATION, DECAY = "OCP (lithiation) [V]", "OCP (delithiation) [V]", "OCP hysteresis decay constant"
UNNAMED = {LITHIATION: "{} lithiation OCP [V]", DELITHIATION: "{} delithiation OCP [V]"}  # in "User-defined"
H0 = "Initial hysteresis state: {}"
KNOWN = (CHI, T_PLUS, R_CONTACT, *(name.format(side) for name in (C_DL, *UNNAMED.values()) for side in SIDES))
AT_ONCE = 1e4  # decay of hysteresis without a constant: on a branch within a ten-thousandth of the lithiation
HALF = 0.5  # of the standard's constant is our decay

Block = Mapping[str, Any]


class UnreadableBPX(ValueError):
    """What is wrong with a BPX file, all of it at once; `lines` holds one problem each."""

    def __init__(self, source: str, lines: Iterable[str]):
        self.source = source
        self.lines = tuple(lines)
        super().__init__(source, self.lines)

    def __str__(self) -> str:
        count = "1 problem" if len(self.lines) == 1 else f"{len(self.lines)} problems"
        return "\n".join([f"{count} in {self.source}:", *(f"  {line}" for line in self.lines)])


class OfSalt(eqx.Module):
    """A law of the salt concentration, which is kept above zero: a solver may look there, and an expression may not."""

    law: Expression

    def __call__(self, c: Points, T: Points) -> Float[Array, "*point"]:
        return self.law(positive(c), T)


def is_bpx(name: str) -> bool:
    """Whether `name` is that of a file of the standard."""
    return name.lower().endswith(SUFFIXES)


def load(path: str | Path) -> Cell:
    """The cell in the BPX file at `path`; every number of it is a differentiable leaf.

    A state of charge of 0 and 1 are the file's least and greatest lithiations, whatever its cut-off voltages. A file
    that states no heat-transfer coefficient makes an adiabatic cell. A file for single-particle models has no
    electrolyte: the cell then has one that resists nothing. The materials of a blend begin at one potential, with the
    lithium that their stoichiometries together hold.

    Raises `UnreadableBPX` with everything that is wrong.
    """
    path = Path(path)
    file = _checked(_contents(path), str(path))
    wrong = _unsupported(file)
    if wrong:
        raise UnreadableBPX(str(path), wrong)
    try:
        return _cell(file, path.stem)
    except ValueError as error:
        raise UnreadableBPX(str(path), [str(error)]) from None


def write(cell: Cell, path: str | Path) -> None:
    """Writes `cell` to a BPX file, in the way that `cellsim.cells.bpx_write` tells. Raises `UnreadableBPX` where the
    standard has no words for it."""
    from cellsim.cells.bpx_write import write_file  # which knows this module

    write_file(cell, path)


# ---- the file


def _contents(path: Path) -> dict[str, Any]:
    try:
        text = files.text(path)
    except FileNotFoundError:
        raise UnreadableBPX(str(path), ["there is no such file."]) from None
    except (OSError, ValueError) as error:
        raise UnreadableBPX(str(path), [f"it cannot be read: {files.said(error)}."]) from None
    language = "JSON" if path.suffix.lower() == ".json" else "YAML"
    try:
        contents = json.loads(text, parse_constant=_no_number) if language == "JSON" else _from_yaml(text)
        files.refuse_unreasonable(contents if isinstance(contents, dict) else {})
    except RecursionError:
        raise UnreadableBPX(str(path), [f"{files.NestedTooDeeply()}."]) from None
    except files.NestedTooDeeply as error:
        raise UnreadableBPX(str(path), [f"{error}."]) from None
    except Exception as error:  # yaml's errors have no common ground with others
        raise UnreadableBPX(str(path), [f"it is not {language}: {error}."]) from None
    if not isinstance(contents, dict) or "Header" not in contents or "Parameterisation" not in contents:
        lacks = "a file of the standard holds the blocks 'Header' and 'Parameterisation'"
        raise UnreadableBPX(str(path), [f"it is no BPX file: {lacks}."])
    return contents


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is no number there")


def _from_yaml(text: str) -> Any:
    """What YAML says; parts that are named and used again are none of the standard's, and a few of them in each other
    make a tree without end."""
    import yaml

    if any(isinstance(each, yaml.AliasToken) for each in yaml.scan(text, Loader=yaml.SafeLoader)):
        raise ValueError("it uses a part again by its name (*), which a file of the standard does not")
    return yaml.safe_load(text)


def _checked(contents: dict[str, Any], source: str) -> dict[str, Any]:
    """The file's content in the present version of the standard, checked by the `bpx` package."""
    import bpx  # some tenths of a second, for those who need it
    from pydantic import ValidationError

    # before the package sees them: it makes programs of expressions, and its grammar lets any function through
    wrong = [line for name in ("Parameterisation", "State") for line in _unreadable(contents.get(name), (name,))]
    if wrong:
        raise UnreadableBPX(source, wrong)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of versions, which are converted, and of cut-offs, which bind nothing
            parsed = bpx.parse_bpx_obj(contents)
    except ValidationError as error:
        lines = [_plain(one) for one in error.errors()]
        raise UnreadableBPX(source, dict.fromkeys(lines)) from None
    except ArithmeticError as error:  # it tries the open-circuit potentials
        raise UnreadableBPX(source, [f"a function of it cannot be worked out: {error}."]) from None
    except (ValueError, TypeError, AttributeError, LookupError) as error:
        raise UnreadableBPX(source, [f"{error}"]) from None
    read: dict[str, Any] = _with_floats(parsed.model_dump(by_alias=True, exclude_none=True))
    return read


def _with_floats(block: Any) -> Any:
    """A block with its whole numbers as floats, and its texts as plain ones."""
    if isinstance(block, Mapping):
        return {name: _with_floats(part) for name, part in block.items()}
    if isinstance(block, list):
        return [_with_floats(part) for part in block]
    return str(block) if isinstance(block, str) else float(block)


def _unreadable(block: Any, path: tuple[str, ...]) -> list[str]:
    """A line for every text in a block that is no expression."""
    if isinstance(block, str) and path[-1] not in WORDS:
        try:
            expression(block)
        except UnreadableExpression as error:
            return [f"{_place(path)} = '{block}': {error}"]
    if isinstance(block, Mapping):
        return [line for name, part in block.items() for line in _unreadable(part, (*path, str(name)))]
    return []


def _place(path: Iterable[Any]) -> str:
    return " > ".join(str(part) for part in path)


def _plain(error: Mapping[str, Any]) -> str:
    """One of the package's complaints as a sentence."""
    place = _place(part for part in error["loc"] if not str(part).startswith("function-"))
    said = error["msg"].removeprefix("Value error, ")
    found = error.get("input")
    what = {
        "missing": "is missing.",
        "extra_forbidden": "is no field of the standard; what is not belongs into 'User-defined'.",
    }.get(error["type"])
    if what is None:
        shown = f" = {found!r}" if isinstance(found, (int, float, str)) else ""
        return f"{place}{shown}: {said}." if place else f"{said}."
    return f"{place} {what}"


def _unsupported(file: Block) -> list[str]:
    """A line for everything that a cell cannot hold."""
    parameters = file["Parameterisation"]
    needed = ["Cell", "Negative electrode", "Positive electrode"]
    needed += [] if file["Header"]["Model"] == "SPM" else ["Electrolyte", "Separator"]
    wrong = [f"Parameterisation > {name} is missing: a run needs it." for name in needed if name not in parameters]
    for side in SIDES:
        electrode = parameters.get(side, {})
        for name, material in _materials(side, electrode, parameters.get("User-defined", {})).items():
            found = [f"'{field}'" for field in (LITHIATION, DELITHIATION, DECAY) if field in material]
            if found and not {LITHIATION, DELITHIATION} <= set(material):
                of = f" > Particle > {name}" if "Particle" in electrode else ""
                wrong.append(
                    f"Parameterisation > {side}{of} has {' and '.join(found)} alone: hysteresis needs both "
                    f"'{LITHIATION}' and '{DELITHIATION}'."
                )
        if "Particle" in electrode:
            unclear = [name.format(side) for name in UNNAMED.values()]
            wrong += [
                f"Parameterisation > User-defined > {name}: the electrode is a blend, and this names none of its "
                "materials."
                for name in unclear
                if name in parameters.get("User-defined", {})
            ]
    lost = file.get("State", {}).get("Degradation", {})
    lost = [name for name, part in lost.items() if any(_each(part))]
    if lost:
        wrong.append(
            f"State > Degradation ({', '.join(lost)}) is not zero, which this version does not support: the standard "
            "does not say to what the losses are relative, nor what becomes of the stoichiometries."
        )
    return wrong


def _each(part: Any) -> list[Any]:
    """The values for all materials of an electrode, or the only one."""
    return list(part.values()) if isinstance(part, Mapping) else [part]


def _materials(side: str, electrode: Block, extra: Block) -> Mapping[str, Block]:
    """The materials of an electrode by their names."""
    if "Particle" in electrode:
        blend: Mapping[str, Block] = electrode["Particle"]
        return blend
    beyond = {field: extra[name.format(side)] for field, name in UNNAMED.items() if name.format(side) in extra}
    return {"material": {**beyond, **electrode}}


# ---- the cell


def _law(value: Any, E: float | None = None, T_ref: float = T_ROOM) -> Any:
    """The law that a number, an expression or a table writes, with an activation energy [J/mol] where there is one."""
    if isinstance(value, str):
        law: Any = expression(value)
    elif isinstance(value, Mapping):
        law = linear_table(value["x"], value["y"])
    else:
        law = as_law(float(value))
    return Arrhenius(law, E, T_ref) if E else law


def _of_salt(value: Any, E: float | None = None, T_ref: float = T_ROOM) -> Any:
    """The same for a law of the salt concentration."""
    law = _law(value)
    law = OfSalt(law) if isinstance(law, Expression) else law
    return Arrhenius(law, E, T_ref) if E else law


def _cell(file: Block, name: str) -> Cell:
    header, parameters = file["Header"], file["Parameterisation"]
    block, extra = parameters["Cell"], parameters.get("User-defined", {})
    start = file.get("State", {}).get("Initial conditions", {})
    around = file.get("State", {}).get("Thermal environment", {})
    T_ref = block.get("Reference temperature [K]", T_ROOM)
    T_initial = start.get("Initial temperature [K]", T_ref)
    c0 = start.get("Initial electrolyte concentration [mol.m-3]", C_USUAL)
    soc = start.get("Initial state-of-charge", 1.0)
    pairs = int(block["Number of electrode pairs connected in parallel to make a cell"])
    area = block["Electrode area [m2]"] * pairs
    window = _window(*(parameters[side] for side in SIDES))
    sides = {}
    for side, empty, full in zip(SIDES, (LOW, HIGH), (HIGH, LOW), strict=True):
        materials = []
        for material, its in _materials(side, parameters[side], extra).items():
            begins = start.get(H0.format(side), 0.0)
            h0 = begins[material] if isinstance(begins, Mapping) else begins
            theta0 = its[empty] + soc * (its[full] - its[empty])
            materials.append(_particle(its, theta0, c0, T_ref, h0, material))
        particle = Blend(tuple(materials)) if "Particle" in parameters[side] else materials[0]
        sides[side] = _electrode(parameters[side], extra.get(C_DL.format(side)), particle)
    separator = parameters.get("Separator")
    measured = tuple(_measured(name, run) for name, run in file.get("Validation", {}).items())
    words = {key: header.get(key, "") or "" for key in ("Title", "Description", "References")}
    cell = Cell(
        negative=sides["Negative electrode"],
        separator=_separator(separator)
        if separator
        else Separator(1e-6, 0.5, MacMullin(1.0)),  # for single particles: any
        positive=sides["Positive electrode"],
        electrolyte=_electrolyte(parameters.get("Electrolyte"), extra, T_ref, name),
        area=area,
        c0=c0,
        V_min=block["Lower voltage cut-off [V]"],
        V_max=block["Upper voltage cut-off [V]"],
        capacity=block["Nominal cell capacity [A.h]"],
        T_ref=T_ref,
        T_initial=T_initial,
        T_ambient=around.get("Ambient temperature [K]", T_initial),
        R_contact=extra.get(R_CONTACT, 0.0),
        window=window,
        soc_initial=soc,
        name=name,
        source=words["References"] or words["Description"] or words["Title"],
        notes=Notes(
            words["Title"],
            words["Description"],
            words["References"],
            pairs,
            measured,
            {key: value for key, value in extra.items() if key not in KNOWN},
        ),
    )
    heat = cell.heat
    known = {
        "volume": block.get("Volume [m3]"),
        "cooling_area": block.get("External surface area [m2]"),
        "rho": block.get("Density [kg.m-3]"),
        "cp": block.get("Specific heat capacity [J.K-1.kg-1]"),
    }
    stated = {key: float(value) for key, value in known.items() if value is not None}
    h = around.get("Heat transfer coefficient [W.m-2.K-1]", 0.0)
    made = Heat(**{"volume": heat.volume, "cooling_area": heat.cooling_area, **stated, "h": h})
    return eqx.tree_at(lambda cell: cell.heat, cell, made)


def _window(negative: Block, positive: Block) -> Window:
    of = lambda electrode, end: (
        [each[end] for each in electrode["Particle"].values()] if "Particle" in electrode else electrode[end]
    )
    return Window(of(negative, LOW), of(negative, HIGH), of(positive, HIGH), of(positive, LOW))


def _electrode(block: Block, C_dl: float | None, particle: Particle | Blend) -> Electrode:
    return Electrode(
        L=block["Thickness [m]"],
        eps=block.get("Porosity", 0.3),  # a file for single particles has none, and it does not matter there
        sigma=block.get("Conductivity [S.m-1]", 1e6),
        transport=MacMullin(1 / block.get("Transport efficiency", 1.0)),
        conduction=Bruggeman(0.0),  # the conductivity is that of the porous electrode
        particle=particle,
        **({} if C_dl is None else {"C_dl": C_dl}),
    )


def _particle(block: Block, theta0: Any, c0: float, T_ref: float, h0: float, name: str) -> Particle:
    """A material, the state of hysteresis of which begins with `h0` [-] where it has one."""
    R_p, has_branches = block["Particle radius [m]"], LITHIATION in block
    rate = F * block["Reaction rate constant [mol.m-2.s-1]"]
    E = block.get("Reaction rate constant activation energy [J.mol-1]")
    return Particle(
        R_p=R_p,
        eps_s=block["Surface area per unit volume [m-1]"] * R_p / 3,
        c_max=block["Maximum concentration [mol.m-3]"],
        theta0=theta0,
        D_s=_law(block["Diffusivity [m2.s-1]"], block.get("Diffusivity activation energy [J.mol-1]"), T_ref),
        U=Branches(_law(block[LITHIATION]), _law(block[DELITHIATION])) if has_branches else _law(block["OCP [V]"]),
        dUdT=_law(block.get("Entropic change coefficient [V.K-1]", 0.0)),
        kinetics=PowerLawKinetics(Arrhenius(rate, E, T_ref) if E else rate, c_ref=c0),
        T_ref=T_ref,
        hysteresis=OneState(HALF * block[DECAY] if DECAY in block else AT_ONCE, h0) if has_branches else None,
        name=name,
    )


def _separator(block: Block) -> Separator:
    return Separator(
        L=block["Thickness [m]"], eps=block["Porosity"], transport=MacMullin(1 / block["Transport efficiency"])
    )


def _electrolyte(block: Block | None, extra: Block, T_ref: float, name: str) -> Electrolyte:
    if block is None:  # a file for single particles; no current through it changes a concentration or costs a voltage
        kappa = Vanishing(as_law(200.0))
        return Electrolyte(kappa=kappa, D=1e-8, t_plus=1.0, chi=1.0, name="none, for single particles")
    E = lambda what: block.get(f"{what} activation energy [J.mol-1]")
    kappa = _of_salt(block["Conductivity [S.m-1]"], E("Conductivity"), T_ref)
    return Electrolyte(
        kappa=kappa if abs(float(kappa(0.0, T_ref))) < CONDUCTS else Vanishing(kappa),
        D=_of_salt(block["Diffusivity [m2.s-1]"], E("Diffusivity"), T_ref),
        t_plus=_of_salt(extra.get(T_PLUS, block["Cation transference number"])),
        chi=_of_salt(extra.get(CHI, 1.0)),
        name=f"that of {name}",
    )


def _measured(name: str, run: Block) -> Measured:
    """A measured run; the standard counts the current of a charge positive."""
    numbers = lambda key: tuple(float(x) for x in run[key])
    T = numbers("Temperature [K]") if "Temperature [K]" in run else None
    lengths = {len(run[key]) for key in ("Time [s]", "Current [A]", "Voltage [V]")}
    if len(lengths) != 1:
        raise ValueError(f"Validation > {name}: times, currents and voltages must be as many as each other.")
    return Measured(name, numbers("Time [s]"), tuple(-x for x in numbers("Current [A]")), numbers("Voltage [V]"), T)
