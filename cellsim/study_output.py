"""The files of a study: `sensitivity.csv`, `sensitivity.json` and `sensitivity.png`, and what is seen along time."""

import csv
import dataclasses
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cellsim.output import moved_into_place
from cellsim.sensitivity import propagation, screening, sobol
from cellsim.sensitivity.local import Sensitivity

TABLE, WORDS, PICTURE, CURVES = "sensitivity.csv", "sensitivity.json", "sensitivity.png", "sensitivity_{}.{}"
VOLTAGE = "voltage"


def rows_of(found: Any) -> list[dict[str, Any]]:
    """What a study found, of results that are one number: a row for every result and input."""
    if isinstance(found, sobol.Sobol):
        return sobol.as_rows(found)
    if isinstance(found, screening.Morris):
        return screening.as_rows(found)
    if isinstance(found, propagation.Propagation):
        return propagation.as_rows(found)
    rows = []
    for each in found:
        if not each.is_along_time:
            for k in np.argsort(-each.sizes, kind="stable"):
                numbers = {"value": each.numbers[k], "slope": each.slopes[k], "scaled": each.scaled[k]}
                about = {"output": each.output.name, "parameter": each.paths[k], "unit": each.units[k]}
                rows.append(about | {name: float(x) for name, x in numbers.items()})
    return rows


def write_study(
    found: Any, labels: Mapping[str, str], times: Any, directory: str | Path, title: str, about: Mapping[str, Any]
) -> list[Path]:
    """Writes every file of a study into `directory`, which is made if need be; the files in the order of writing."""
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    rows = rows_of(found)
    files = [directory / TABLE, directory / WORDS]
    with moved_into_place(files[0]) as path:
        _write_table(rows, path)
    curves = _curves(found, times)
    with moved_into_place(files[1]) as path:
        told = {**about, **_counts(found), "rows": rows, **({"voltage": _ranked(found)} if _ranked(found) else {})}
        path.write_text(json.dumps(_finite(told), indent=2) + "\n", encoding="utf-8")
    if curves is not None:
        files.append(directory / CURVES.format(VOLTAGE, "csv"))
        with moved_into_place(files[-1]) as path:
            _write_table(curves, path)
    for name, figure in _figures(found, labels, times, title):
        files.append(directory / name)
        with moved_into_place(files[-1]) as path:
            figure.savefig(path, format="png")
    return files


def _write_table(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        names = list(dict.fromkeys(name for row in rows for name in row))
        table = csv.writer(file, lineterminator="\n")
        table.writerow(names)
        for row in rows:
            table.writerow([f"{row[name]:.10g}" if isinstance(row[name], float) else row[name] for name in names])


def _counts(found: Any) -> dict[str, Any]:
    """How much the study rests on."""
    if isinstance(found, list):
        return {}
    names = ("runs", "samples", "trajectories", "lost")
    return {name: getattr(found, name) for name in names if hasattr(found, name)}


def _ranked(found: Any) -> list[dict[str, Any]]:
    """Of a local study the numbers that the voltage depends on, the greatest effect first [V per relative change]."""
    if not isinstance(found, list):
        return []
    return [{"parameter": path, "rms_V": size} for each in found if each.is_along_time for path, size in each.ranked]


def _curves(found: Any, times: Any) -> list[dict[str, Any]] | None:
    """What is seen along time: a row a time."""
    if isinstance(found, list):
        along = next((each for each in found if each.is_along_time), None)
        if along is None:
            return None
        columns = {"time_s": along.t, "voltage_V": along.value, **dict(zip(along.paths, along.scaled, strict=True))}
    elif times is None:
        return None
    elif isinstance(found, propagation.Propagation):
        band = found.spreads[VOLTAGE]
        shares = [f"quantile_{100 * share:g}_V" for share in propagation.SHARES]
        columns = {
            "time_s": times,
            "mean_V": band.mean,
            "std_V": band.std,
            **dict(zip(shares, band.quantiles, strict=True)),
        }
        columns |= {f"rank_correlation_{path}": r for path, r in zip(found.paths, band.rank_correlation, strict=True)}
    else:
        of = (found.indices if isinstance(found, sobol.Sobol) else found.effects)[VOLTAGE]
        columns = {"time_s": times}
        for field in dataclasses.fields(of):
            rows = zip(found.paths, getattr(of, field.name), strict=True)
            columns |= {f"{field.name}_{path}": row for path, row in rows}
    return [dict(zip(columns, map(float, row), strict=True)) for row in zip(*columns.values(), strict=True)]


def _figures(found: Any, labels: Mapping[str, str], times: Any, title: str) -> list[tuple[str, Any]]:
    from cellsim import plotting

    along = CURVES.format(VOLTAGE, "png")
    if isinstance(found, list):
        figures = []
        for each in found:
            assert isinstance(each, Sensitivity)
            name = PICTURE if each.is_along_time else CURVES.format(each.output.name.replace(" ", "_"), "png")
            figures.append((name, plotting.sensitivity_figure(each, title)))
        return figures
    if isinstance(found, sobol.Sobol):
        curves = [] if times is None else [(along, plotting.index_curves_figure(times, found, title))]
        return [(PICTURE, plotting.sobol_figure(found, labels, title)), *curves]
    if isinstance(found, screening.Morris):
        return [(PICTURE, plotting.tornado_figure(found, labels, title))]
    curves = [] if times is None else [(along, plotting.band_figure(times, found, labels[VOLTAGE], title))]
    return [(PICTURE, plotting.spread_figure(found, labels, title)), *curves]


def _finite(value: Any) -> Any:
    """`value` with null for numbers that JSON has no word for."""
    if isinstance(value, Mapping):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
