"""Readers while lists are published: none sees anything but one whole version, and none keeps a publication waiting."""

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from movierec.db import connect
from movierec.publishing import pointer
from tests.faults.chains import publication
from tests.faults.stages import take
from tests.publishing.conftest import LENGTH

VIEWERS = 60
KEPT = 2  # versions
PAUSE_SECONDS = 0.5  # between the reads of one reader: fifty without a pause would leave publications no processor
READ = """
select
    count(*) = %(rows)s and count(distinct (user_id, rank)) = %(rows)s and count(distinct version_id) = 1
    and min(version_id) = (select version_id from serving.live)
    and (select count(*) = %(length)s from serving.recommend(%(viewer)s, %(length)s))
from serving.live_recommendation
"""
# From the start of the transaction that moves the pointer to its commit, by the server's clock.
MOVES = """
select (extract(epoch from pg_xact_commit_timestamp(xmin) - moved_at) * 1000)::real
from ops.pointer_move order by move_id
"""
log = logging.getLogger(__name__)


class Readers:
    """Threads that read the live lists, each over a connection of its own, until they are told to stop."""

    def __init__(self, warehouse, number):
        self.warehouse, self.number, self.done = warehouse, number, threading.Event()
        self.started = threading.Barrier(number + 1)

    def __enter__(self):
        self.pool = ThreadPoolExecutor(self.number)
        self.results = [self.pool.submit(self._read, 1 + number % VIEWERS) for number in range(self.number)]
        self.started.wait(60)
        return self

    def __exit__(self, *_):
        self.done.set()
        self.pool.shutdown()

    def _read(self, viewer):
        """Return for each read whether it saw one whole version, and how many seconds it took."""
        expected = {"rows": VIEWERS * LENGTH, "length": LENGTH, "viewer": viewer}
        reads = []
        with connect(self.warehouse) as conn:
            self.started.wait(60)
            while not self.done.wait(PAUSE_SECONDS):
                before = time.monotonic()
                (is_whole,) = conn.execute(READ, expected).fetchone()
                conn.rollback()
                reads.append((is_whole, time.monotonic() - before))
        return reads


@pytest.mark.parametrize(("readers", "publications"), [(10, 3), pytest.param(50, 10, marks=pytest.mark.slow)])
def test_readers_and_an_idle_transaction_see_whole_versions_over_publications(
    served_night, tmp_path, readers, publications
):
    warehouse, settings = served_night.copy(tmp_path)
    settings = replace(settings, keep_nights=KEPT)  # what the idle transaction reads is pruned meanwhile
    seen = "select version_id, count(*) from serving.live_recommendation group by 1"
    with connect(warehouse) as idle, Readers(warehouse, readers) as reading:
        idle.execute("set transaction isolation level repeatable read")
        before = idle.execute(seen).fetchall()
        for number in range(publications):
            take(warehouse, publication(warehouse, settings, f"night {number}"))
        assert idle.execute(seen).fetchall() == before == [(1, VIEWERS * LENGTH)]
        idle.rollback()
        assert pointer.live_version(idle) == 1 + publications
        kept = idle.execute("select version_id from serving.version order by 1").fetchall()
        assert kept == [(publications,), (publications + 1,)]
    reads = [read for result in reading.results for read in result.result()]
    assert all(result.result() for result in reading.results)
    assert [read for read in reads if not read[0]] == []
    with connect(warehouse) as conn:
        moves = [milliseconds for (milliseconds,) in conn.execute(MOVES).fetchall()[1:]]  # the first is the copy's own
    assert len(moves) == publications
    log.info(
        "%d reads by %d readers, none bad, the longest %.3f s; moves of the pointer took %.1f to %.1f ms",
        len(reads),
        readers,
        max(seconds for _, seconds in reads),
        min(moves),
        max(moves),
    )
