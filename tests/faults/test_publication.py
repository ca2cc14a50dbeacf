"""Whatever befalls a publication: readers see one whole version, and a retry brings the lists of a quiet night."""

import itertools

import psycopg
import pytest

from movierec.db import connect
from movierec.errors import MovierecError
from tests.faults.chains import publication
from tests.faults.stages import end_our_backends, exit_status, kill, start, take
from tests.publishing.conftest import LENGTH

STAGES = (
    *("fit_champion", "write_lists", "write_similar", "write_fallback", "write_catalogue", "write_item_weights"),
    *("audit_version", "go_live", "prune"),
)
VIEWERS = 60
SERVED = """
select
    (select version_id from serving.live),
    (select count(*) from serving.live),
    (
        select md5(string_agg(concat_ws(',', user_id, rank, movie_id, score, reason), '|' order by user_id, rank))
        from serving.live_recommendation
    ),
    (
        select md5(string_agg(concat_ws(',', movie_id, rank, similar_movie_id), '|' order by movie_id, rank))
        from serving.live_similar_movie
    ),
    (select (count(*), count(distinct user_id))::text from serving.live_recommendation)
"""
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def published(served_night, tmp_path_factory):
    """Publish once more, and return server, settings, what is served, and the steps per stage."""
    warehouse, settings = served_night.copy(tmp_path_factory.mktemp("publication"))
    counts = take(warehouse, publication(warehouse, settings, "quiet night"))
    assert tuple(counts) == STAGES
    return served_night.server, settings, served(warehouse), counts


def served(warehouse):
    """Return the live version, how many there are, digests of its lists and similar movies, and its counts."""
    with connect(warehouse) as conn:
        return conn.execute(SERVED).fetchone()


def publish(warehouse, settings, run_id):
    take(warehouse, publication(warehouse, settings, run_id))


def fault(published, stage, share, happen):
    """Let something happen in a stage, once a share of its steps has been taken; retry; return how the first ended."""
    server, settings, quiet, counts = published
    warehouse, run_id = server.conninfo("warehouse"), f"night {next(_numbers)}"
    before = served(warehouse)
    stages, step = publication(warehouse, settings, run_id), 1 + round(share * (counts[stage] - 1))
    status = exit_status(start(warehouse, stages, stage, step, happen))
    between = served(warehouse)
    assert between[1:] == quiet[1:]  # one live version, whole, with these lists
    assert between[0] >= before[0]
    if STAGES.index(stage) < STAGES.index("go_live"):
        assert between[0] == before[0]
    if between[0] == before[0]:
        publish(warehouse, settings, run_id)
    after = served(warehouse)
    assert after[1:] == quiet[1:]
    assert after[0] > before[0]
    assert after[4] == f"({VIEWERS * LENGTH},{VIEWERS})"
    return status


@pytest.mark.parametrize("share", [0.5, *(pytest.param(share, marks=pytest.mark.slow) for share in (0.0, 1.0))])
@pytest.mark.parametrize("stage", STAGES)
def test_a_task_that_is_killed_at_any_stage_changes_nothing_that_is_seen(published, stage, share):
    assert fault(published, stage, share, kill) == -9


@pytest.mark.parametrize("stage", ["write_lists", "go_live"])
def test_a_connection_that_is_ended_in_a_transaction_is_a_reason_to_try_again(published, stage):
    warehouse = published[0].conninfo("warehouse")
    assert fault(published, stage, 0.5, lambda _: end_our_backends(warehouse)) == 1


@pytest.mark.parametrize("stage", ["write_lists", "audit_version", "go_live"])
def test_a_server_that_crashes_on_the_way_loses_nothing_that_was_live(published, stage):
    assert fault(published, stage, 0.5, lambda _: published[0].crash()) == 1


def test_time_that_is_up_and_a_lock_that_is_held_are_reasons_to_try_again(published):
    server, settings, quiet, _ = published
    warehouse = server.conninfo("warehouse")
    before = served(warehouse)
    with pytest.raises(psycopg.errors.QueryCanceled):
        publish(f"{warehouse} options='-c statement_timeout=1'", settings, "hurried")
    with psycopg.connect(warehouse) as holder:
        holder.execute("select from serving.live for update")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            publish(f"{warehouse} options='-c lock_timeout=50'", settings, "hurried")
        assert served(warehouse) == before
    publish(warehouse, settings, "hurried")
    assert served(warehouse)[1:] == quiet[1:]
    assert served(warehouse)[0] > before[0]


FULL = "too many clients|remaining connection slots are reserved"


def test_a_server_without_a_free_connection_is_a_reason_to_try_again(published):
    server, settings, quiet, _ = published
    warehouse, taken = server.conninfo("warehouse"), []
    try:
        with pytest.raises(psycopg.OperationalError, match=FULL):
            while True:
                taken.append(psycopg.connect(warehouse))
        with pytest.raises(psycopg.OperationalError, match=FULL) as refused:
            publish(warehouse, settings, "crowded")
        assert not isinstance(refused.value, MovierecError)
    finally:
        for conn in taken:
            conn.close()
    publish(warehouse, settings, "crowded")
    assert served(warehouse)[1:] == quiet[1:]


def test_two_runs_that_publish_at_once_leave_one_whole_version(published):
    server, settings, quiet, _ = published
    warehouse = server.conninfo("warehouse")
    before = served(warehouse)
    runs = [publication(warehouse, settings, name) for name in ("one", "two")]
    pids = [start(warehouse, run, "", -1, lambda _: None) for run in runs]
    statuses = [exit_status(pid) for pid in pids]
    assert 0 in statuses  # the older of the two may find the newer one live, and says so
    assert served(warehouse)[1:] == quiet[1:]
    assert served(warehouse)[0] > before[0]
