"""A step that is killed, a server that crashes, two runs at once: afterwards the rows are those of one quiet night."""

import time

import psycopg
import pytest

from movierec.db import connect
from tests.faults.datasets import clean, write_csv
from tests.faults.stages import end_our_backends
from tests.faults.steps import NAMES, RETRIED, take
from tests.faults.world import facts

AS_OF = "2020-01-01T00:00:00+00:00"
ALL = ",".join(NAMES)
NEXT = "2020-01-02T00:00:00+00:00"
COUNTS = (
    "select table_name, piece, count(*), sum(raw_rows), sum(staging_rows), sum(quarantine_rows) from ops.slice "
    "group by 1, 2 order by 1, 2"
)
LAYERS = "select table_name, (ops.layer_rows(slice_id)).* from ops.slice order by table_name, piece"
WRITTEN_TABLES = {
    "extract": "raw.ratings",
    "stage": "staging.ratings",
    "core": "core.ratings",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Enough ratings for a step to last long enough to be met on its way, some of them bad."""
    rows = clean(9, ratings=30_000, movies=300, users=200)
    rows.ratings += [("1", "1", "11", "1000000000"), ("1", "999999", "3", "1000000000")]
    return write_csv(tmp_path_factory.mktemp("data"), rows)


def all_layers(server):
    with connect(server.conninfo("warehouse")) as conn:
        return facts(conn), conn.execute(COUNTS).fetchall(), conn.execute(LAYERS).fetchall()


@pytest.fixture(scope="module")
def undisturbed(durable_server, folder):
    """Return what a night leaves that nothing disturbs."""
    durable_server.renew()
    take(durable_server.conninfo("warehouse"), durable_server.conninfo("app"), str(folder), "night", AS_OF)
    return all_layers(durable_server)


def arguments(server, folder, run_id="night", as_of=AS_OF, steps=ALL):
    return (server.conninfo("warehouse"), server.conninfo("app"), folder, run_id, as_of, steps)


def await_writing(server, table):
    """Wait until somebody writes to a table in a transaction that is still open."""
    with psycopg.connect(server.conninfo("warehouse"), autocommit=True) as conn:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            (found,) = conn.execute(
                "select count(*) from pg_locks where relation = %s::regclass and mode = 'RowExclusiveLock'", [table]
            ).fetchone()
            if found:
                return
            time.sleep(0.002)
    raise AssertionError(f"nobody wrote to {table}")


@pytest.mark.parametrize("step", WRITTEN_TABLES)
def test_a_step_killed_on_its_way_and_retried_leaves_the_rows_of_a_quiet_night(
    durable, folder, undisturbed, process, step
):
    victim = process(*arguments(durable, folder))
    await_writing(durable, WRITTEN_TABLES[step])
    victim.kill()
    assert victim.wait() < 0
    take(*arguments(durable, folder))
    assert all_layers(durable) == undisturbed


@pytest.mark.parametrize("last", NAMES)
def test_a_night_that_ended_after_a_step_takes_that_step_again_and_goes_on(durable, folder, undisturbed, last):
    done = NAMES[: NAMES.index(last) + 1]
    take(*arguments(durable, folder, steps=",".join(done)))
    take(*arguments(durable, folder, steps=",".join(NAMES[NAMES.index(last) :])))
    assert all_layers(durable) == undisturbed


@pytest.mark.parametrize("step", WRITTEN_TABLES)
def test_a_server_that_crashes_on_the_way_is_a_reason_to_try_again(durable, folder, undisturbed, process, step):
    victim = process(*arguments(durable, folder))
    await_writing(durable, WRITTEN_TABLES[step])
    durable.crash()
    assert victim.wait(60) == RETRIED
    assert "OperationalError" in victim.stdout.read()
    take(*arguments(durable, folder))
    assert all_layers(durable) == undisturbed


@pytest.mark.parametrize("step", WRITTEN_TABLES)
def test_a_connection_that_is_ended_on_the_way_is_a_reason_to_try_again(durable, folder, undisturbed, process, step):
    victim = process(*arguments(durable, folder))
    await_writing(durable, WRITTEN_TABLES[step])
    end_our_backends(durable.conninfo("warehouse"))
    assert victim.wait(60) == RETRIED, victim.stdout.read()
    take(*arguments(durable, folder))
    assert all_layers(durable) == undisturbed


@pytest.mark.parametrize("step", WRITTEN_TABLES)
def test_time_that_is_up_and_a_lock_that_is_held_are_reasons_to_try_again(durable, folder, undisturbed, step):
    warehouse, *others = arguments(durable, folder)
    take(warehouse, *others[:-1], ",".join(NAMES[: NAMES.index(step)]) or "extract")
    if step != "extract":  # which has nothing left to do
        with pytest.raises(SystemExit, match=str(RETRIED)):
            take(f"{warehouse} options='-c statement_timeout=5'", *others[:-1], step)
        with psycopg.connect(warehouse) as holder, pytest.raises(SystemExit, match=str(RETRIED)):
            holder.execute(f"lock table {WRITTEN_TABLES[step]} in exclusive mode")
            take(f"{warehouse} options='-c lock_timeout=50'", *others[:-1], step)
    take(*arguments(durable, folder))
    assert all_layers(durable) == undisturbed


@pytest.mark.parametrize("run_ids", [("night", "night"), ("night", "other")])
def test_two_runs_of_one_night_at_once_leave_the_rows_of_one(durable, folder, undisturbed, process, run_ids):
    both = [process(*arguments(durable, folder, run_id)) for run_id in run_ids]
    for one in both:
        assert one.wait(120) == 0, one.stdout.read()
    assert all_layers(durable) == undisturbed


def test_two_nights_at_once_leave_what_they_leave_one_after_the_other(durable, folder, undisturbed, process):
    both = [process(*arguments(durable, folder, as_of[:10], as_of)) for as_of in (NEXT, AS_OF)]
    for one in both:
        assert one.wait(120) == 0, one.stdout.read()
    assert all_layers(durable) == undisturbed


def test_a_killed_night_leaves_nothing_for_readers_to_see(durable, folder, process):
    victim = process(*arguments(durable, folder))
    await_writing(durable, "core.ratings")
    with connect(durable.conninfo("warehouse")) as conn:
        assert conn.execute("select count(*) from core.ratings").fetchone() == (0,)
    victim.kill()
