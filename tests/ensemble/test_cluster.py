"""A cluster gives what one machine gives, also when a worker is lost."""

import os
import signal

import numpy as np
import pytest

from cellsim.ensemble.cases import Case
from cellsim.ensemble.cluster import on_cluster
from cellsim.ensemble.ensemble import ensemble
from cellsim.ensemble.outputs import OUTPUTS
from cellsim.ensemble.program import How, Setup
from cellsim.ensemble.work import Piece

distributed = pytest.importorskip("distributed", reason="needs distributed; install the extra `ensemble`")
pytestmark = pytest.mark.xdist_group("ensemble")
HOW = How((), (OUTPUTS["capacity"],), 100)
STEP = "Discharge at 1C until 2.5 V"


@pytest.fixture(scope="module")
def cluster():
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        yield cluster


def test_a_worker_that_is_killed_half_way_loses_nothing_and_nothing_is_done_twice(
    small, differences, found, cluster, tmp_path
):
    killed, told = [], []

    def kill(progress):
        told.append(progress.done)
        if not killed and progress.done >= 20:
            with distributed.Client(cluster) as client:
                pids = client.run(os.getpid)
            killed.append(next(iter(pids.values())))
            os.kill(killed[0], signal.SIGKILL)

    address = cluster.scheduler_address
    some = ensemble(small, STEP, **differences, chunk=4, client=address, folder=tmp_path, progress=kill)
    assert killed and some.succeeded.all()
    assert told == list(range(4, 41, 4)), "every piece came once"
    assert len(list(tmp_path.glob("*.parquet"))) == 10
    for name in found.values:
        np.testing.assert_allclose(some[name], found[name], rtol=1e-12, err_msg=name)


def test_what_a_worker_raises_is_the_reason_of_its_cells(cluster):
    nothing = Piece(np.arange(3), Setup(None, None, 1e-6, 1e-6), Case(None, (), np.ones(3), None, None), HOW, 4)
    with distributed.Client(cluster) as client:
        ((_, rows),) = on_cluster([nothing], client, "broken", retries=1)
    assert not rows.succeeded.any() and rows.outputs.shape == (3, 1)
    assert all(reason.startswith("failed: AttributeError: ") for reason in rows.reasons) and len(rows.reasons) == 3
