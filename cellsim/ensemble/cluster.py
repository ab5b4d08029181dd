"""Pieces of work on the workers of a Dask cluster."""

from collections.abc import Iterator, Sequence
from typing import Any

from cellsim.ensemble.identity import identity
from cellsim.ensemble.results import Rows, lost
from cellsim.ensemble.store import HOW_TO_GET
from cellsim.ensemble.work import Piece


def on_cluster(work: Sequence[Piece], client: Any, name: str, retries: int) -> Iterator[tuple[Piece, Rows]]:
    """What became of every piece, in the order in which they are done. `client` is a `distributed.Client`, or the
    address of a scheduler.

    A piece whose worker is lost is given to another one, a piece that raises an error is tried `retries` times more;
    then its cells count as failed, for that reason. Raises `ImportError` without distributed.
    """
    try:
        import distributed
    except ImportError:
        raise ImportError(f"a cluster needs distributed: {HOW_TO_GET}") from None
    own = distributed.Client(client) if isinstance(client, str) else None
    client = client if own is None else own
    futures: dict[Any, Piece] = {}
    try:
        for piece in work:
            key = f"{name}-{identity(piece.cells)}"
            futures[client.submit(_done, piece, key=key, retries=retries, pure=False)] = piece
        waiting = distributed.as_completed(list(futures))
        for future in waiting:
            piece = futures.pop(future)
            try:
                rows = future.result()
            except (OSError, distributed.CancelledError):  # its worker is gone with what it had done
                client.retry([future])
                futures[future] = piece
                waiting.add(future)
                continue
            except Exception as error:  # whatever a cell may raise, it must not stop the others
                reason = f"failed: {type(error).__name__}: {error}"
                rows = lost(piece.how, piece.cells, piece.setup.times, reason)
            future.release()
            yield piece, rows
    finally:
        client.cancel(list(futures))
        if own is not None:
            own.close()


def _done(piece: Piece) -> Rows:
    return piece.done()
