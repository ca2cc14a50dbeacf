"""Whatever befalls a training or an hour's feedback: lists stay whole, and a retry leaves what a quiet run leaves."""

import hashlib
import shutil
from pathlib import Path

import pytest

from movierec.db import connect
from movierec.errors import DiskFullError, ModelError
from movierec.rankers.saved_models.model_card import CARD
from tests.faults.chains import feedback, training
from tests.faults.stages import end_our_backends, exit_status, kill, start, take

CHAINS = {"training": training, "feedback": feedback}
STAGES = {
    "training": ("take_snapshot", "build_features", "fit_ranker", "evaluate_ranker", "compare", "choose_champion"),
    "feedback": ("write_delta", "audit_delta", "go_live"),
}
EVERY_STAGE = [(chain, stage) for chain, stages in STAGES.items() for stage in stages]
TABLES = (
    "select format('%I.%I', schemaname, tablename) from pg_tables where schemaname in ('ml', 'serving', 'core')"
    " order by 1"
)
DIGEST = """
select md5(string_agg(line, '|' order by line))
from (select (to_jsonb(fact) - %s::text[])::text as line from {} as fact) as lines
"""
# when something was done, or how long it took, and transactions' numbers
DIFFERENT = [
    *("fit_seconds", "score_seconds", "seconds", "decided_at", "created_at", "opened_at", "published_at", "tuned_at"),
    *("since", "delta_since", "occurred_at", "received_at", "updated_at", "changed_by", "seen"),
]
LISTS = (
    "select count(*), count(distinct version_id), count(distinct user_id),"
    " md5(string_agg(concat_ws(',', user_id, rank, movie_id, score, reason), '|' order by user_id, rank))"
    " from serving.live_recommendation"
)


def digests(warehouse, settings):
    """Return digests of all that there is: tables without times, and files."""
    with connect(warehouse) as conn:
        tables = [table for (table,) in conn.execute(TABLES).fetchall()]
        rows = {table: conn.execute(DIGEST.format(table), [DIFFERENT]).fetchone()[0] for table in tables}
    root = Path(settings.artifacts)
    files = {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in root.rglob("*")
        if path.is_file()
        and not path.name.startswith(".")
        and path.name != "fit.json"  # which says how long a fit took
    }
    return rows | files


def lists(warehouse):
    with connect(warehouse) as conn:
        return conn.execute(LISTS).fetchone()


def begin_chain(served_night, chain, home):
    """Return the warehouse and settings after a served night; for feedback two viewers have said something since."""
    warehouse, settings = served_night.copy(home)
    if chain == "feedback":
        with connect(warehouse) as conn:
            for viewer, kind in ((1, "dislike"), (2, "like")):
                conn.execute(
                    "select serving.give_feedback(%(kind)s, %(viewer)s, (select movie_id from"
                    " serving.live_recommendation where user_id = %(viewer)s and rank = 2), %(kind)s)",
                    {"viewer": viewer, "kind": kind},
                )
    return warehouse, settings


@pytest.fixture(scope="module")
def quiet_runs(served_night, tmp_path_factory):
    """Return the steps per stage of each chain where nothing happens, what it leaves, and the lists then."""
    found = {}
    for chain, stages in STAGES.items():
        warehouse, settings = begin_chain(served_night, chain, tmp_path_factory.mktemp(chain))
        counts = take(warehouse, CHAINS[chain](warehouse, settings, "run"))
        assert tuple(counts) == stages
        found[chain] = counts, digests(warehouse, settings), lists(warehouse)
    return found


def fault(served_night, quiet_runs, home, chain, stage, share, happen):
    """Let something happen in a stage, try it and what follows again, and return how the first try ended."""
    counts, undisturbed, lists_after = quiet_runs[chain]
    warehouse, settings = begin_chain(served_night, chain, home)
    lists_before = lists(warehouse)
    stages, step = CHAINS[chain](warehouse, settings, "run"), 1 + round(share * (counts[stage] - 1))
    status = exit_status(start(warehouse, stages, stage, step, happen))
    assert lists(warehouse) in (lists_before, lists_after)
    again = STAGES[chain][STAGES[chain].index(stage) :]
    take(warehouse, {name: stages[name] for name in again})
    assert digests(warehouse, settings) == undisturbed
    return status


@pytest.mark.parametrize(
    "share", [0.5, *(pytest.param(share, marks=pytest.mark.slow) for share in (0.0, 0.25, 0.75, 1.0))]
)
@pytest.mark.parametrize(("chain", "stage"), EVERY_STAGE)
def test_a_killed_task_that_is_tried_again_leaves_what_a_quiet_one_does(
    served_night, quiet_runs, tmp_path, chain, stage, share
):
    assert fault(served_night, quiet_runs, tmp_path, chain, stage, share, kill) == -9


@pytest.mark.parametrize(
    ("chain", "stage", "share"),
    [  # while the database is still needed: a snapshot is written after all of it has been read
        ("training", "take_snapshot", 0.0),
        ("training", "evaluate_ranker", 0.5),
        ("feedback", "write_delta", 0.5),
    ],
)
def test_a_connection_that_is_ended_is_a_reason_to_try_again(served_night, quiet_runs, tmp_path, chain, stage, share):
    warehouse = served_night.server.conninfo("warehouse")
    assert fault(served_night, quiet_runs, tmp_path, chain, stage, share, lambda _: end_our_backends(warehouse)) == 1


@pytest.mark.slow
@pytest.mark.parametrize(("chain", "stage"), [("training", "evaluate_ranker"), ("feedback", "go_live")])
def test_a_server_that_crashes_is_a_reason_to_try_again(served_night, quiet_runs, tmp_path, chain, stage):
    assert fault(served_night, quiet_runs, tmp_path, chain, stage, 0.5, lambda _: served_night.server.crash()) == 1


@pytest.mark.parametrize(("spare", "artifact"), [(20_000, r"snapshot/\w+\.parquet"), (225_000, r"\.npz")])
def test_a_full_disk_ends_a_training_with_its_sentence_and_one_with_room_is_as_ever(
    served_night, quiet_runs, disk_of, spare, artifact
):
    disk = disk_of("4m")
    warehouse, settings = begin_chain(served_night, "training", disk)
    before = lists(warehouse)
    ballast = disk / "ballast"
    ballast.write_bytes(bytes(shutil.disk_usage(disk).free - spare))
    stages = training(warehouse, settings, "run")
    with pytest.raises(DiskFullError, match=rf"^no room for .*{artifact}: [\d,]+ bytes are needed, [\d,]+ are free$"):
        take(warehouse, stages)
    assert lists(warehouse) == before
    ballast.unlink()
    take(warehouse, stages)
    assert digests(warehouse, settings) == quiet_runs["training"][1]


def halve(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def overwrite(path):
    path.write_bytes(b"\x80\x04 not what was written here")


@pytest.mark.parametrize(
    ("pattern", "damage"),
    [("final/*/*.npz", halve), (f"final/*/{CARD}", overwrite), ("snapshot/movies.parquet", Path.unlink)],
)
def test_a_damaged_artifact_stops_a_delta_and_one_that_is_whole_again_is_taken(
    served_night, quiet_runs, tmp_path, pattern, damage
):
    warehouse, settings = begin_chain(served_night, "feedback", tmp_path)
    before, stages = lists(warehouse), feedback(warehouse, settings, "run")
    (damaged, *_) = sorted(Path(settings.artifacts).glob(f"trainings/000001/{pattern}"))
    whole = damaged.read_bytes()
    damage(damaged)
    with pytest.raises(ModelError, match=r"train again"):
        take(warehouse, stages)
    assert lists(warehouse) == before
    damaged.write_bytes(whole)
    take(warehouse, stages)
    assert digests(warehouse, settings) == quiet_runs["feedback"][1]
