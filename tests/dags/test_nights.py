"""The three DAGs for real, task by task, on a generated dataset."""

import json
from datetime import UTC, datetime
from pathlib import Path

from movierec.dag_ids import NIGHT
from movierec.db import connect
from movierec.evaluation.protocols import PROTOCOLS
from movierec.training.store_mark import FILE
from tests import movielens
from tests.ingestion.test_core import fingerprints

RANKERS = ["popularity", "ease"]  # all of them are run under the scheduler, in test_scheduler
QUICK = {"rankers": ["ease"], "protocols": ["per_user_temporal"]}


def states(run):
    return {f"{it.task_id}[{it.map_index}]".replace("[-1]", ""): it.state for it in run.get_task_instances()}


def query(conninfo, sql):
    with connect(conninfo) as conn:
        return conn.execute(sql).fetchall()


def run_chain(night, folder, **training):
    forms = {"movierec_ingest": {"dataset": str(folder)}, "movierec_train": training}
    runs = {}
    for dag_id in NIGHT:
        runs[dag_id] = night.run(dag_id, **forms.get(dag_id, {}))
        assert runs[dag_id].state == "success", states(runs[dag_id])
    return runs


def test_two_nights_a_bad_one_and_a_night_with_some_broken_rows(night, tmp_path):
    folder = movielens.generate(tmp_path / "good")
    run_chain(night, folder, rankers=RANKERS)
    assert query(night.warehouse, "select version_id from serving.live") == [(1,)]
    due = "select count(*), count(distinct user_id), count(distinct (user_id, movie_id)), min(rank), max(rank)"
    assert query(night.warehouse, f"{due} from serving.live_recommendation") == [(60 * 50, 60, 60 * 50, 1, 50)]
    seen = "select count(*) from serving.live_recommendation join core.ratings using (user_id, movie_id)"
    assert query(night.warehouse, seen) == [(0,)]
    evaluated = query(night.warehouse, "select distinct ranker, protocol from ml.metric")
    assert sorted(evaluated) == [(ranker, protocol) for ranker in sorted(RANKERS) for protocol in sorted(PROTOCOLS)]
    with connect(night.warehouse) as conn:
        first = fingerprints(conn)

    run_chain(night, folder, **QUICK)
    assert query(night.warehouse, "select version_id from serving.live") == [(2,)]
    with connect(night.warehouse) as conn:
        assert fingerprints(conn) == first

    lines = (folder / "tiny.inter").read_text().splitlines()
    halved = movielens.generate(tmp_path / "halved")
    (halved / "tiny.inter").write_text("\n".join(lines[: len(lines) // 2]) + "\n")
    stopped = night.run("movierec_ingest", dataset=str(halved))
    assert stopped.state == "failed"
    assert states(stopped)["check_raw"] == "failed"
    assert states(stopped)["stage"] == "upstream_failed"
    assert "gate raw" in note_of(stopped)
    assert query(night.warehouse, "select version_id from serving.live") == [(2,)]
    with connect(night.warehouse) as conn:
        assert fingerprints(conn) == first

    remembered = "select status, champion, version_id, churn is not null, viewers from ops.night order by batch_id"
    nights = query(night.warehouse, remembered)
    champions = [ranker for (ranker,) in query(night.warehouse, "select ranker from ml.champion order by training_id")]
    assert nights[:2] == [("accepted", champions[0], 1, False, 60), ("accepted", champions[1], 2, True, 60)]
    assert nights[2] == ("refused", None, None, False, None)
    ((stages, memory),) = query(
        night.warehouse, "select stage_seconds, peak_memory_mb from ops.night where batch_id = 1"
    )
    assert {"movierec_ingest.extract", "movierec_train.fit_ranker", "movierec_publish.go_live"} <= set(stages)
    assert memory > 50

    broken = movielens.generate(tmp_path / "broken")
    with (broken / "tiny.inter").open("a") as file:
        file.write("1\t1\t9\t881250949\nabc\t1\t3\t881250949\n")
    note = note_of(run_chain(night, broken, **QUICK)["movierec_ingest"])
    assert note.startswith("To be known of this run:\n- Ratings of movielens go from 0.5 to 5")
    assert "are rejected, against the rule rating" in note
    assert query(night.warehouse, "select version_id from serving.live") == [(3,)]
    rejected = query(night.warehouse, "select broken_rules, record ->> 'user_id' from quarantine.row order by position")
    assert rejected == [(["rating"], "1"), (["user_id"], "abc")]


def test_a_broken_contract_fails_the_extraction_at_once_with_its_sentence(night, tmp_path, capsys):
    folder = movielens.generate(tmp_path / "renamed")
    text = (folder / "tiny.inter").read_text().replace("rating:float", "score:float")
    (folder / "tiny.inter").write_text(text)
    run = night.run("movierec_ingest", dataset=str(folder))
    assert states(run)["extract[0]"] == "failed"  # not up_for_retry: a second try would see the same file
    assert states(run)["extract[1]"] == "success"
    assert states(run)["check_raw"] == "failed"  # no earlier night has ratings to go on with
    assert states(run)["stage"] == "upstream_failed"
    assert "tiny.inter: column rating is missing; seen: user_id, item_id, score, timestamp" in capsys.readouterr().out
    assert query(night.warehouse, "select sources from ops.batch") == [(["movielens", "app", "serving"],)]


def note_of(run):
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session(scoped=False) as session:
        return session.scalar(select(DagRun).where(DagRun.id == run.id)).note


def test_a_night_that_is_unusual_is_told_in_the_run_and_by_a_notice(night, tmp_path, caplog):
    from tests.monitoring.test_nights import remember

    folder = movielens.generate(tmp_path / "data")
    usual = {"dataset": str(folder), "newest_rating_days": 0.5, "rows_in": 10_000}
    with connect(night.warehouse) as conn:
        for number in range(5):
            remember(conn, 1000 + number, **usual, as_of=datetime(2026, 1, 1 + number, tzinfo=UTC))
    run = night.run("movierec_ingest", dataset=str(folder))
    assert run.state == "success"
    ((message,),) = query(night.warehouse, "select message from ops.notice where kind = 'drift'")
    assert message.startswith("movierec_ingest.record_night is unusual (night of ")
    assert "rows in is " in message
    assert "days since the newest rating is " in message
    assert "unusual: rows in is " in caplog.text
    assert "days since the newest rating is " in note_of(run)


def test_training_before_any_night_says_what_to_run_first(night, capsys):
    run = night.run("movierec_train")
    assert states(run)["open_training"] == "failed"
    assert "no night has been accepted yet; run movierec_ingest first" in capsys.readouterr().out


def test_a_training_in_the_store_of_another_warehouse_is_refused_before_it_writes(first_night, night, settings, capsys):
    mark = Path(settings.artifacts) / FILE
    assert json.loads(mark.read_text())["mark"]  # of the first night
    mark.write_text('{"mark": "of a copy", "home": "/srv/copy"}')
    run = night.run("movierec_train", **QUICK)
    assert states(run)["open_training"] == "failed"
    assert "is another warehouse's, that of /srv/copy on " in capsys.readouterr().out
    assert [path.name for path in mark.parent.glob("trainings/*")] == ["000001"]


def test_publishing_before_any_training_says_what_to_run_first(night, capsys):
    run = night.run("movierec_publish")
    assert states(run)["open_version"] == "failed"
    assert "no champion has been chosen yet; run movierec_train first" in capsys.readouterr().out
