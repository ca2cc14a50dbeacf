"""Whatever befalls a publication: readers see one whole version, and a retry brings the lists of a quiet night."""

import itertools
from dataclasses import replace

import psycopg
import pytest

from movierec.config import Settings
from movierec.db import connect
from movierec.errors import MovierecError
from movierec.promotion import champion as promotion
from movierec.training import evaluate, fit, snapshot
from movierec.training.data import TrainingData
from movierec.training.folder import TrainingFolder
from tests import movielens
from tests.faults.publication import STAGES, exit_status, kill, publish, start_publication
from tests.night import ingest
from tests.publishing.conftest import LENGTH

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
def published(durable_server, tmp_path_factory):
    """Take a night as far as live lists, and return server, settings, what is served, and the statements per stage."""
    durable_server.renew()
    home = tmp_path_factory.mktemp("publication")
    settings = replace(Settings(), home=home, artifacts=str(home / "artifacts"))
    warehouse = durable_server.conninfo("warehouse")
    with connect(warehouse) as conn:
        batch_id = ingest(conn, durable_server.conninfo("app"), movielens.generate(home / "data"))
        folder = TrainingFolder.of(settings, snapshot.open_training(conn, "run", batch_id, seed=1))
        snapshot.take_snapshot(conn, folder)
        fit.build_features(folder, seed=1)
        data = TrainingData(folder)
        evaluate.evaluate_ranker(conn, data, fit.fit_ranker(data, "ease"))
        promotion.compare(conn, folder)
        promotion.choose_champion(conn, folder.training_id)
    counts = publish(warehouse, settings, "quiet night")
    return durable_server, settings, served(warehouse), counts


def served(warehouse):
    """Return the live version, how many there are, digests of its lists and similar movies, and its counts."""
    with connect(warehouse) as conn:
        return conn.execute(SERVED).fetchone()


def fault(published, stage, share, happen):
    """Let something happen in a stage, once a share of its statements has run; retry; return before, after and exit."""
    server, settings, quiet, counts = published
    warehouse, run_id = server.conninfo("warehouse"), f"night {next(_numbers)}"
    before = served(warehouse)
    statement = 1 + round(share * (counts[stage] - 1))
    status = exit_status(start_publication(warehouse, settings, run_id, stage, statement, happen))
    between = served(warehouse)
    assert between[1:] == quiet[1:]  # one live version, whole, with these lists
    assert between[0] >= before[0]
    if list(STAGES).index(stage) < list(STAGES).index("go_live"):
        assert between[0] == before[0]
    if between[0] == before[0]:
        publish(warehouse, settings, run_id)
    after = served(warehouse)
    assert after[1:] == quiet[1:]
    assert after[0] > before[0]
    assert after[4] == f"({VIEWERS * LENGTH},{VIEWERS})"
    return status


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("stage", STAGES)
def test_a_task_that_is_killed_at_any_stage_changes_nothing_that_is_seen(published, stage, share):
    assert fault(published, stage, share, kill) == -9


@pytest.mark.parametrize("stage", ["write_lists", "go_live"])
def test_a_connection_that_is_ended_in_a_transaction_is_a_reason_to_try_again(published, stage):
    server = published[0]

    def end_our_backend(_: int) -> None:
        with psycopg.connect(server.conninfo("warehouse"), autocommit=True) as other:
            other.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where application_name = 'movierec' and datname = current_database()"
            )

    assert fault(published, stage, 0.5, end_our_backend) == 1


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
    pids = [start_publication(warehouse, settings, name, "", -1, lambda _: None) for name in ("one", "two")]
    statuses = [exit_status(pid) for pid in pids]
    assert 0 in statuses  # the older of the two may find the newer one live, and says so
    assert served(warehouse)[1:] == quiet[1:]
    assert served(warehouse)[0] > before[0]
