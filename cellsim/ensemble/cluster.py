"""Pieces of work on the workers of a Dask cluster."""

from collections.abc import Iterator, Sequence
from typing import Any

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
    own = None
    if isinstance(client, str):
        client = own = distributed.Client(client)
    try:
        futures = {
            client.submit(_done, piece, key=f"{name}-{piece.number}", retries=retries, pure=False): piece
            for piece in work
        }
        waiting = distributed.as_completed(list(futures))
        for future in waiting:
            piece = futures.pop(future)
            if future.status == "finished":
                try:
                    rows = future.result()
                except Exception:  # the worker that held it is gone before it was fetched: it is computed once more
                    client.retry([future])
                    futures[future] = piece
                    waiting.add(future)
                    continue
            else:
                reason = f"failed: {type(future.exception()).__name__}: {future.exception()}"
                rows = lost(piece.how, piece.cells, piece.setup.times, reason)
            future.release()
            yield piece, rows
    finally:
        client.cancel(list(futures)) if "futures" in locals() and futures else None
        if own is not None:
            own.close()


def _done(piece: Piece) -> Rows:
    return piece.done()
