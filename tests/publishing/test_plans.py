"""What walks over lists reads each row of them a few times, however many there are: counted in rows, not timed."""

import pytest

from movierec.bench.web import data
from movierec.data.columns import LIKED_WEIGHT, RELEVANT_FROM
from movierec.db import run_sql
from movierec.publishing import deltas
from movierec.publishing.versions import SIMILAR_LENGTH
from tests.plans import believe_empty, most_rows
from tests.publishing.conftest import write_and_go_live

VIEWERS, MOVIES, LISTED = 400, 300, 10
CANDIDATES = 150  # that the generator gives each viewer
WRITTEN = [
    f"serving.{table}"
    for table in ("recommendation", "candidate", "similar_movie", "fallback", "catalogue", "item_weight")
]
OPINION = {"relevant_from": RELEVANT_FROM, "liked_weight": LIKED_WEIGHT}


@pytest.fixture
def listed(conn):
    """Return a warehouse with three versions of lists, of which the second is live."""
    data.write_facts(conn, VIEWERS, MOVIES)
    run_sql(conn, "bench/open_batch")
    versions = [data.write_version(conn, MOVIES, LISTED) for _ in range(3)]
    data.show_version(conn, versions[1])
    return conn


@pytest.fixture
def analyzed_conn(listed):
    """Return the same after all that has happened to it was not noticed by the planner, and one version then was."""
    believe_empty(listed, *WRITTEN)
    run_sql(listed, "serving/analyze_version")
    return listed


def test_an_audit_reads_lists_a_few_times(analyzed_conn):
    analyzed_conn.execute("set local search_path to core")
    parameters = {"version_id": 3, "similar_length": SIMILAR_LENGTH, **OPINION}
    assert most_rows(analyzed_conn, "serving/audit", parameters) <= 3 * VIEWERS * (LISTED + CANDIDATES)


def test_kept_versions_are_compared_by_the_lists_of_the_compared_viewers(analyzed_conn):
    compared = 20
    all_lists = 3 * VIEWERS * LISTED
    assert most_rows(analyzed_conn, "serving/kept_versions", {"k": LISTED, "viewers": compared}) <= all_lists / 3


def test_the_lists_of_a_few_viewers_are_shown_without_reading_those_of_all(analyzed_conn):
    assert most_rows(analyzed_conn, "report/lists", {"viewers": 3, "movies": LISTED}) <= 3 * VIEWERS


def test_the_audit_of_a_delta_reads_what_its_viewers_said_a_few_times(analyzed_conn):
    (delta_id,) = analyzed_conn.execute(
        "insert into serving.delta (version_id, run_id, seen) values (2, 'hour', pg_current_snapshot())"
        " returning delta_id"
    ).fetchone()
    analyzed_conn.execute(
        "insert into serving.delta_viewer select version_id, user_id, %s, movie_ids"
        " from serving.candidate where version_id = 2",
        [delta_id],
    )
    analyzed_conn.execute(
        "insert into serving.delta_recommendation select %s, user_id, rank, movie_id, title, release_year, score,"
        " because_movie_id, reason from serving.recommendation where version_id = 2",
        [delta_id],
    )
    believe_empty(analyzed_conn, "serving.delta_viewer", "serving.delta_recommendation")
    run_sql(analyzed_conn, "serving/analyze_delta")
    rows = most_rows(analyzed_conn, "serving/audit_delta", {"delta_id": delta_id, **OPINION})
    assert rows <= 3 * VIEWERS * (LISTED + CANDIDATES)


def test_the_first_delta_of_a_version_goes_through_what_is_new_and_not_through_all_that_was_ever_said(listed):
    history, new = 20_000, 10
    said = (
        "insert into serving.viewer_event (event_id, user_id, movie_id, kind, created_at, updated_at)"
        " select %s || number, 1 + number %% 400, 1 + number %% 300, 'like', %s, %s"
        " from generate_series(1, %s) as turn (number)"
    )
    listed.execute(said, ["learned ", "2020-01-01", "2020-01-01", history])
    listed.execute("insert into serving.unlearned_event select event_id from serving.viewer_event")
    listed.execute("analyze serving.viewer_event, serving.unlearned_event")  # as it is before a night
    listed.execute(
        "insert into core.events"
        " select 'serving', event_id, user_id, movie_id, kind, value, created_at from serving.viewer_event"
    )
    listed.execute(said, ["new ", "now", "now", new])
    unlearned = "insert into serving.unlearned_event select event_id from serving.viewer_event where event_id ~ '^new'"
    listed.execute(unlearned)
    delta_id = deltas.open_delta(listed, "night")
    parameters = {"delta_id": delta_id, "margin_minutes": deltas.MARGIN_MINUTES}
    assert len(deltas._viewers(listed, delta_id)) == new
    assert most_rows(listed, "serving/delta_viewers", parameters) <= 20 * new


def test_metrics_of_old_trainings_are_looked_up_by_training(analyzed_conn):
    trainings, viewers = 100, 20
    analyzed_conn.execute(
        "insert into ml.training (run_id, batch_id, seed, created_at)"
        " select 'old ' || number, 1, 1, now() - interval '400 days' from generate_series(1, %s) as series (number)",
        [trainings],
    )
    analyzed_conn.execute(
        "insert into ml.user_metric (training_id, protocol, ranker, k, user_id, precision_at_k, recall_at_k, f1_at_k,"
        " ndcg_at_k) select training_id, 'per_user_temporal', 'ease', 10, user_id, 0, 0, 0, 0 from ml.training"
        " cross join generate_series(1, %s) as viewer (user_id) where run_id like 'old %%'",
        [viewers],
    )
    analyzed_conn.execute("insert into ml.champion select max(training_id), 'ease', 'best' from ml.training")
    believe_empty(analyzed_conn, "ml.training", "ml.user_metric")
    rows = most_rows(analyzed_conn, "maintenance/prune_user_metrics", {"keep_days": 365})
    assert (trainings - 1) * viewers <= rows <= 2 * trainings * viewers


def test_the_planner_knows_how_many_rows_there_are_of_what_was_audited(live, settings):
    assert write_and_go_live(live, settings, "next night") == 2
    live.execute("select serving.give_feedback('a', 1, 3, 'like', null)")
    live.commit()
    assert deltas.cover_feedback(live, "hour", 2, settings) == 1
    for table in (*WRITTEN, "serving.delta_viewer", "serving.delta_recommendation"):
        believed = "select reltuples::bigint from pg_class where oid = %s::regclass"
        rows = live.execute(f"select count(*) from {table}").fetchone()
        assert live.execute(believed, [table]).fetchone() == rows, table
