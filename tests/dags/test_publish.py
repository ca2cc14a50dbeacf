"""Whose champion is published, what is kept beside it, and what a night after a rollback says, for real."""

from datetime import UTC, datetime, timedelta

import pytest

from movierec.db import connect
from movierec.publishing.pointer import move_pointer
from tests import movielens
from tests.dags.test_nights import query, states
from tests.night import ingest

LIVE = "select version.version_id, training_id from serving.live join serving.version using (version_id)"
FORM = {"training": None, "why": None, "who": None, "shards": 1}


@pytest.fixture
def trained(night, tmp_path):
    """Take in last night and then a past one, and train both; return the two trainings."""
    folder = movielens.generate(tmp_path / "data")
    now = datetime.now(UTC)
    with connect(night.warehouse) as conn:
        batches = [
            ingest(conn, night.app, folder, f"{days} days ago", as_of=now - timedelta(days=days)) for days in (1, 9)
        ]
    for batch_id in batches:
        form = {"rankers": ["popularity"], "protocols": ["per_user_temporal"], "batch": batch_id}
        run = night.run("movierec_train", **form)
        assert run.state == "success", states(run)
    return [training for (training,) in query(night.warehouse, "select training_id from ml.training order by 1")]


def publish(night, **fields):
    return night.run("movierec_publish", **{**FORM, **fields})


def events(asset):
    """Return what the events of an asset say, in order; the session's Airflow keeps those of all tests."""
    from airflow.models.asset import AssetEvent, AssetModel
    from airflow.utils.session import create_session
    from sqlalchemy import select

    of_asset = select(AssetEvent.extra).join(AssetModel, AssetModel.id == AssetEvent.asset_id)
    with create_session() as session:
        return list(session.scalars(of_asset.where(AssetModel.name == asset).order_by(AssetEvent.id)))


def test_the_newest_night_goes_live_a_past_one_is_kept_beside_and_a_rollback_holds(night, trained, capsys):
    last, past = trained
    assert [extra["training_id"] for extra in events("movierec_champion")[-2:]] == [last, past]

    run = publish(night)  # triggered by nothing: the newest accepted night, not the newest training
    assert run.state == "success", states(run)
    assert query(night.warehouse, LIVE) == [(1, last)]

    before = len(events("movierec_serving"))
    run = publish(night, training=past)
    assert run.state == "success", states(run)
    assert (states(run)["go_live"], states(run)["prune"]) == ("skipped", "success")
    assert "version 2 shows an earlier night; it is kept beside version 1" in capsys.readouterr().out
    assert query(night.warehouse, LIVE) == [(1, last)]
    assert query(night.warehouse, "select status from serving.version where version_id = 2") == [("audited",)]
    assert len(events("movierec_serving")) == before  # nothing went live

    with connect(night.warehouse) as conn:
        move_pointer(conn, 2, "ada", "too many sequels")
    run = publish(night)
    assert states(run)["go_live"] == "failed"
    assert "whose version 1 ada took back" in capsys.readouterr().out
    assert query(night.warehouse, LIVE) == [(2, past)]

    run = publish(night, why="sequels are gone", who="bob")
    assert run.state == "success", states(run)
    assert query(night.warehouse, LIVE) == [(4, last)]
    moves = query(night.warehouse, "select to_version_id, moved_by, reason from ops.pointer_move order by move_id")
    assert moves[1:] == [(2, "ada", "too many sequels"), (4, "bob", "sequels are gone")]


def test_the_training_that_triggered_the_run_is_published(airflow, monkeypatch):
    from types import SimpleNamespace

    import movierec_run

    sent = [SimpleNamespace(extra={"training_id": number}) for number in (7, 9)] + [SimpleNamespace(extra={})]
    for named, expected in ((None, [7, 9]), (3, [3])):
        context = {"triggering_asset_events": {movierec_run.CHAMPION: sent}, "params": {"training": named}}
        monkeypatch.setattr(movierec_run, "get_current_context", lambda context=context: context)
        assert movierec_run.triggering_trainings() == expected
