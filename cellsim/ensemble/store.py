"""Results on disk as they come, one parquet file for each piece of work; a run that was cut off goes on from them."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from cellsim.ensemble.results import CURVES, Rows
from cellsim.ensemble.work import Piece
from cellsim.files import moved_into_place

ABOUT = "ensemble.json"
HOW_TO_GET = "pip install 'cellsim[ensemble]'"


class OtherEnsemble(ValueError):
    """A folder holds the results of another ensemble."""


class Store:
    """A folder with the rows that are done. Raises `OtherEnsemble`, `OSError`, and `ImportError` without pyarrow."""

    def __init__(self, folder: str | Path, fingerprint: str, names: tuple[str, ...]):
        try:
            import pyarrow.parquet
        except ImportError:
            raise ImportError(f"results on disk need pyarrow: {HOW_TO_GET}") from None
        self._parquet, self._arrow = pyarrow.parquet, pyarrow
        self._folder, self._names = Path(folder), names
        self._folder.mkdir(parents=True, exist_ok=True)
        about = self._folder / ABOUT
        if about.exists():
            found = json.loads(about.read_text(encoding="utf-8")).get("fingerprint")
            if found != fingerprint:
                raise OtherEnsemble(
                    f"{self._folder} holds the results of another ensemble ({found}, this one is {fingerprint}): a "
                    "number, a protocol, a law or an output differs, or what a function of your own computes (or the "
                    "version of Python that reads it). Give another folder, or remove that one."
                )
        else:
            self._moved_into_place(about, lambda path: path.write_text(json.dumps({"fingerprint": fingerprint}) + "\n"))

    def path_of(self, piece: Piece) -> Path:
        """The file of a piece of work, named by its first cell, which is in no other."""
        return self._folder / f"part-{int(piece.cells[0]):06d}.parquet"

    def done(self) -> list[Rows]:
        """The rows that were done before, however they were cut into pieces; broken files are passed over."""
        found: list[Rows] = []
        seen: set[int] = set()
        for path in sorted(self._folder.glob("part-*.parquet")):
            try:
                rows = self._rows(self._parquet.read_table(path))
            except (OSError, self._arrow.ArrowInvalid, KeyError):
                continue
            cells = set(rows.cells.tolist())
            if cells and not cells & seen:  # two calls at once may both have done a cell
                found.append(rows)
                seen |= cells
        return found

    def _rows(self, table: Any) -> Rows:
        column = lambda name: table.column(name).to_numpy()
        curves = {
            name: np.stack(column(name)) if table.num_rows else np.zeros((0, 0))
            for name in CURVES
            if name in table.column_names
        }
        outputs = np.stack([column(name) for name in self._names], axis=1)
        reasons = tuple(table.column("reason").to_pylist())
        return Rows(column("cell"), outputs, np.array(table.column("succeeded").to_pylist(), bool), reasons, curves)

    def write(self, piece: Piece, rows: Rows) -> None:
        """Keeps what became of a piece."""
        columns: dict[str, Any] = {"cell": rows.cells}
        for path, values in zip(piece.how.paths, piece.cases.values, strict=True):
            columns[path] = list(values) if values.ndim > 1 else values
        columns |= {"soc": piece.cases.soc} | ({} if piece.cases.T is None else {"T": piece.cases.T})
        columns |= {name: rows.outputs[:, k] for k, name in enumerate(self._names)}
        columns |= {name: list(x) for name, x in rows.curves.items()}
        columns |= {"succeeded": rows.succeeded, "reason": list(rows.reasons)}
        table = self._arrow.table(columns)
        self._moved_into_place(self.path_of(piece), lambda path: self._parquet.write_table(table, path))

    def _moved_into_place(self, path: Path, write: Any) -> None:
        """Written under another name first, so that no file is ever half there."""
        with moved_into_place(path, keeps_earlier=False) as partial:
            write(partial)
