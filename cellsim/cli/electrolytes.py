"""What the command line says of electrolytes and of ions."""

import inspect
from pathlib import Path

import numpy as np

from cellsim import registry
from cellsim.cli.terminal import columns
from cellsim.constants import T_ROOM, ZERO_CELSIUS
from cellsim.electrolyte import AbstractElectrolyte, aqueous
from cellsim.electrolyte import library as electrolyte_library
from cellsim.electrolyte.about import MEASURED, PROPERTIES, About
from cellsim.electrolyte.ranges import concentrations, is_isothermal, temperatures
from cellsim.files import moved_into_place
from cellsim.settings import BadInput

FORMATS = (".png", ".pdf", ".svg")
TABLE_ROWS = 11
TABLES = 3
MEANINGS = {
    "kappa": ("S/m", "ionic conductivity"),
    "D": ("m2/s", "salt diffusivity"),
    "t_plus": ("-", "cation transference number"),
    "chi": ("-", "thermodynamic factor"),
}


def about(name: str) -> About:
    """The facts beside the laws of the electrolyte called `name`."""
    return registry.module(electrolyte_library, name).ABOUT


def listed() -> list[tuple[str, ...]]:
    """A header, and name, salt, solvent, ranges and measured properties of every electrolyte in the library."""
    rows: list[tuple[str, ...]] = [("name", "salt", "solvent", "c [mol/L]", "T [degC]", "measured")]
    for name in registry.names(electrolyte_library):
        facts = about(name)
        electrolyte = registry.module(electrolyte_library, name).electrolyte()
        low, high = electrolyte.c_range
        c = f"{low / 1000:.2g} to {high / 1000:.3g}"
        measured = ", ".join(facts.measured) if facts.measured else "none"
        rows.append((name, facts.salt, facts.solvent, c, _degrees(electrolyte), measured))
    return rows


def _degrees(electrolyte: AbstractElectrolyte) -> str:
    low, high = (T - ZERO_CELSIUS for T in electrolyte.T_range)
    return f"{0.5 * (low + high):.0f}" if is_isothermal(electrolyte) else f"{low:.0f} to {high:.0f}"


def text(electrolyte: AbstractElectrolyte, name: str | None = None) -> str:
    """All about an electrolyte; `name` is that in the library, where it is there."""
    said = [electrolyte.name, f"Source: {electrolyte.source}"]
    if name is not None:
        remarks = _remarks(inspect.getdoc(registry.module(electrolyte_library, name)) or "")
        said += ["", *remarks] if remarks else []
    said += ["", _range(electrolyte), "", columns(_properties(name)), "", tables(electrolyte)]
    fit = None if name is None else getattr(registry.module(electrolyte_library, name), "FIT", None)
    if fit is not None:
        rows = zip(fit.coefficients, fit.standard_errors, strict=True)
        listed = [(f"p{k}", f"{value:.6g}", f"+/- {error:.2g}") for k, (value, error) in enumerate(rows, 1)]
        said += ["", f"Coefficients of the conductivity, with standard errors, from {fit.points} points"]
        said += [inspect.getdoc(type(electrolyte.kappa)) or "", columns(listed)]
    return "\n".join(said)


def tables(electrolyte: AbstractElectrolyte) -> str:
    """The four functions over concentration, at up to three temperatures of the measured range."""
    c = concentrations(electrolyte, TABLE_ROWS)
    header = ("c [mol/m3]", *(f"{name} [{MEANINGS[name][0]}]" for name in PROPERTIES))
    parts = []
    for T in temperatures(electrolyte, TABLES):
        values = [np.asarray(getattr(electrolyte, name)(c, np.full_like(c, T))) for name in PROPERTIES]
        rows = [(f"{c[k]:.4g}", *(f"{law[k]:.4g}" for law in values)) for k in range(len(c))]
        parts += [f"At {T - ZERO_CELSIUS:.4g} degC", columns([header, *rows]), ""]
    return "\n".join(parts[:-1])


def _range(electrolyte: AbstractElectrolyte) -> str:
    (c_low, c_high), (T_low, T_high) = electrolyte.c_range, electrolyte.T_range
    if not np.isfinite(c_high):
        return "No range is stated."
    return (
        f"Range: {c_low:g} to {c_high:g} mol/m3, {T_low:g} to {T_high:g} K "
        f"({T_low - ZERO_CELSIUS:.4g} to {T_high - ZERO_CELSIUS:.4g} degC)"
    )


def _properties(name: str | None) -> list[tuple[str, ...]]:
    facts = about(name) if name is not None else About("", "")
    rows: list[tuple[str, ...]] = []
    for which in PROPERTIES:
        unit, meaning = MEANINGS[which]
        rows.append((which, f"[{unit}]", meaning, facts.of(which) if name is not None else ""))
    return rows


def _remarks(docstring: str) -> list[str]:
    """What the docstring of a library file says after its first line and its source, paragraph by paragraph."""
    return [part for part in docstring.split("\n\n")[1:] if not part.startswith("Source")]


def library_name(electrolyte: AbstractElectrolyte) -> str | None:
    """The name in the library of an electrolyte that is there, found by what it calls itself."""
    for name in registry.names(electrolyte_library):
        if registry.module(electrolyte_library, name).electrolyte().name == electrolyte.name:
            return name
    return None


def draw(electrolyte: AbstractElectrolyte, name: str | None, stem: str, out: str) -> Path:
    """Writes the figure of an electrolyte to `out`, a picture file or a folder; the file. Raises `BadInput`."""
    from cellsim import plotting  # slow to import

    path = Path(out)
    if path.suffix.lower() not in FORMATS:
        if path.suffix and not path.is_dir():
            raise BadInput("the command line", [f"--out {out}: must be a folder, or a file in {', '.join(FORMATS)}."])
        path = path / f"{stem}.png"
    notes = None
    if name is not None:
        facts = about(name)
        notes = {which: facts.of(which) for which in PROPERTIES if facts.of(which) != MEASURED}
    figure = plotting.electrolyte_figure(electrolyte, notes=notes)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with moved_into_place(path) as partial:
            figure.savefig(partial, format=path.suffix[1:].lower())
    except OSError as error:
        raise BadInput("the command line", [f"cannot write to '{path}': {error.strerror}."]) from None
    return path


# ---- ions in water


def listed_ions() -> list[tuple[str, ...]]:
    """A header, and charge, limiting conductivity and diffusivity of every ion."""
    rows: list[tuple[str, ...]] = [("ion", "z", "lambda [S m2/mol]", "D [m2/s]")]
    for name in aqueous.IONS:
        ion = aqueous.ion(name)
        rows.append((name, f"{ion.z:+d}", f"{float(ion.conductivity):.4g}", f"{float(ion.D):.4g}"))
    return rows


def ion_text(name: str) -> str:
    """All about an ion in water."""
    ion = aqueous.ion(name)
    return "\n".join(
        [
            f"{name} in water at infinite dilution, {T_ROOM - ZERO_CELSIUS:g} degC",
            f"Source: {aqueous.SOURCE}",
            "",
            columns(
                [
                    ("charge number", f"{ion.z:+d}"),
                    ("limiting conductivity per equivalent", f"{float(ion.conductivity):.6g} S m2/mol"),
                    ("diffusivity by Nernst-Einstein", f"{float(ion.D):.6g} m2/s"),
                ]
            ),
        ]
    )
