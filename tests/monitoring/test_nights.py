from datetime import UTC, datetime, timedelta
from math import log

import pytest

from movierec.dag_ids import NIGHT
from movierec.db import copy_rows
from movierec.monitoring.nights import DAG_PARAMETERS, record_night, record_stage, unusual_measures
from tests import movielens
from tests.night import ingest
from tests.plans import believe_empty, most_rows

FIRST = datetime(2026, 3, 1, 2, tzinfo=UTC)


def remember(conn, number, dataset="folder", shares=None, **measures):
    """Write the row of a night, the first one being 1, and how something of it was distributed."""
    columns = {
        **{"batch_id": number, "as_of": FIRST + timedelta(days=number), "dataset": dataset, "status": "accepted"},
        **{"is_change_accepted": False},
        **measures,
    }
    names, marks = ", ".join(columns), ", ".join(["%s"] * len(columns))
    conn.execute(f"insert into ops.night ({names}) values ({marks})", list(columns.values()))
    for distribution, buckets in (shares or {}).items():
        for bucket, share in buckets.items():
            conn.execute("insert into ops.night_share values (%s, %s, %s, %s)", [number, distribution, bucket, share])


def bound(conn, number, measure):
    query = "select usual, nights, lower, upper, is_within from ops.night_bound where batch_id = %s and measure = %s"
    return conn.execute(query, [number, measure]).fetchone()


def test_bounds_are_the_median_and_five_scaled_deviations_of_the_nights_before(conn):
    for number, seconds in enumerate([1000, 1100, 900, 1300, 700, 1000], start=1):
        remember(conn, number, train_seconds=seconds)
    remember(conn, 7, train_seconds=2100)
    # of 700, 900, 1000, 1000, 1100, 1300 the deviations from 1000 are 0, 0, 100, 100, 300, 300: five times their median
    # is 5 × 1.4826 × 100 = 741, less than the whole median that is always allowed
    assert bound(conn, 7, "train_seconds") == (1000, 6, None, 2000, False)
    remember(conn, 8, rows_in=1000, ndcg_at_k=0.1)
    assert bound(conn, 8, "ndcg_at_k")[1:] == (0, None, None, True)


def test_a_spread_wider_than_the_floor_is_allowed(conn):
    for number, rows in enumerate([1000, 1200, 800, 1400, 600], start=1):
        remember(conn, number, rows_in=rows)
    remember(conn, 6, rows_in=2400)
    usual, nights, lower, upper, is_within = bound(conn, 6, "rows_in")
    assert (usual, nights, is_within) == (1000, 5, True)
    assert upper == pytest.approx(1000 + 5 * 1.4826 * 200)
    assert lower == pytest.approx(1000 - 5 * 1.4826 * 200)


def test_one_extreme_night_moves_no_bound(conn):
    for number, rows in enumerate([1000, 1000, 1000, 1000, 1_000_000], start=1):
        remember(conn, number, rows_in=rows)
    remember(conn, 6, rows_in=1300)
    assert bound(conn, 6, "rows_in") == (1000, 5, 750, 1250, False)


def test_nights_are_compared_with_accepted_ones_of_the_same_dataset_before_them_and_since_a_change(conn):
    remember(conn, 1, rows_in=10)
    remember(conn, 2, rows_in=5_000, is_change_accepted=True)
    remember(conn, 3, rows_in=1, dataset="other")
    remember(conn, 4, rows_in=1, status="refused")
    remember(conn, 5, rows_in=5_000)
    remember(conn, 6, rows_in=5_000)
    history = "select earlier_batch_id from ops.night_history where batch_id = %s order by 1"
    assert conn.execute(history, [5]).fetchall() == [(2,)]
    assert conn.execute(history, [6]).fetchall() == [(2,), (5,)]
    assert conn.execute(history, [2]).fetchall() == []


def test_drift_is_the_population_stability_index_against_the_mean_of_the_nights_before(conn):
    remember(conn, 1, shares={"stars": {"up to 4": 0.4, "up to 5": 0.6}})
    remember(conn, 2, shares={"stars": {"up to 4": 0.6, "up to 5": 0.4}})
    remember(conn, 3, shares={"stars": {"up to 4": 0.8, "up to 5": 0.2}})
    psi = dict(conn.execute("select batch_id, psi from ops.night_drift").fetchall())
    assert psi[2] == pytest.approx(0.2 * log(0.6 / 0.4) - 0.2 * log(0.4 / 0.6))
    assert psi[3] == pytest.approx(0.3 * log(0.8 / 0.5) - 0.3 * log(0.2 / 0.5))
    assert set(psi) == {2, 3}
    assert unusual_measures(conn, 2) == []
    assert unusual_measures(conn, 3) == [
        "drift of the ratings is 0.416; usual is 0.162 (1 nights), allowed is at most 0.25",
    ]
    assert unusual_measures(conn, 3, "movierec_publish") == []


def test_a_bucket_that_nobody_has_seen_before_is_drift_and_no_error(conn):
    remember(conn, 1, shares={"genres": {"Drama": 1.0}})
    remember(conn, 2, shares={"genres": {"Drama": 0.5, "Horror": 0.5}})
    ((psi,),) = conn.execute("select psi from ops.night_drift").fetchall()
    assert psi == pytest.approx(-0.5 * log(0.5) + (0.5 - 0.0001) * log(0.5 / 0.0001))


def test_what_is_unusual_is_said_with_what_is_usual_and_what_is_allowed(conn):
    for number in range(1, 6):
        remember(conn, number, newest_rating_days=0.5, coverage=0.4)
    remember(conn, 6, newest_rating_days=4.0, coverage=0.1)
    assert unusual_measures(conn, 6) == [
        "days since the newest rating is 4; usual is 0.5 (5 nights), allowed is at most 3.5",
        "share of the catalogue in the lists is 0.1; usual is 0.4 (5 nights), allowed is at least 0.2 and at most 0.6",
    ]


def stage(conn, dag_id, task_id, start, end, memory=100.0, map_index=-1, run_id="night"):
    times = {"started_at": FIRST + timedelta(seconds=start), "ended_at": FIRST + timedelta(seconds=end)}
    key = {"dag_id": dag_id, "run_id": run_id, "task_id": task_id, "map_index": map_index}
    record_stage(conn, {**key, **times, "peak_memory_mb": memory})


def test_a_night_is_one_row_with_the_times_of_its_tasks_and_its_rows(conn, app, tmp_path):
    batch_id = ingest(conn, app, movielens.write(tmp_path / "data"))
    stage(conn, "movierec_ingest", "extract", 0, 4, map_index=0)
    stage(conn, "movierec_ingest", "extract", 1, 9, map_index=1, memory=300)
    stage(conn, "movierec_ingest", "stage", 9, 12)
    stage(conn, "movierec_ingest", "stage", 20, 21)  # cleared, and run again
    stage(conn, "movierec_ingest", "stage", 20, 90, run_id="another")
    assert record_night(conn, "movierec_ingest", "night").unusual == []
    columns = (
        "ingest_seconds, train_seconds, stage_seconds, peak_memory_mb, rows_in, rows_kept, rows_quarantined, status"
    )
    (row,) = conn.execute(f"select {columns} from ops.night where batch_id = %s", [batch_id]).fetchall()
    stages = {"movierec_ingest.extract": 9, "movierec_ingest.stage": 1}
    rows, kept, quarantined = conn.execute(
        "select sum(raw_rows)::int, sum(staging_rows)::int, sum(quarantine_rows)::int from ops.slice"
    ).fetchone()
    assert row == (21, None, stages, 300, rows, kept, quarantined, "accepted")
    shares = "select distribution, bucket, share from ops.night_share where distribution = 'stars' order by bucket"
    assert conn.execute(shares).fetchall() == [("stars", f"up to {stars}", pytest.approx(1 / 3)) for stars in (3, 4, 5)]
    again = record_night(conn, "movierec_ingest", "night")
    assert again.unusual == []
    assert conn.execute("select count(*) from ops.night").fetchone() == (1,)


def test_a_run_without_a_batch_records_nothing(conn):
    stage(conn, "movierec_ingest", "open_batch", 0, 1)
    assert record_night(conn, "movierec_ingest", "night") == ([], [])
    assert conn.execute(
        "select (select count(*) from ops.night), (select count(*) from ops.night_stage)"
    ).fetchone() == (*(0, 0),)


def publish(conn, batch_id, lists, run_id, ranker="ease", movies=10):
    """Publish a version of a batch whose lists are `{viewer: movies}`, with scores that fall from 1."""
    (training_id,) = conn.execute(
        "insert into ml.training (run_id, batch_id, seed) values (%s, %s, 1) returning training_id", [run_id, batch_id]
    ).fetchone()
    conn.execute("insert into ml.champion values (%s, %s, 'best')", [training_id, ranker])
    conn.execute(
        "insert into ml.decision (training_id, challenger, verdict, reason, guardrails, ranker, decided_by)"
        " values (%s, %s, 'promote', 'best', '[]', %s, 'rules')",
        [training_id, ranker, ranker],
    )
    conn.execute(
        "insert into ml.metric select %s, 'per_user_temporal', %s, 10, metric, 'all', 'all', value, null, null, 2"
        " from (values ('ndcg', 0.25), ('recall', 0.5)) as it (metric, value)",
        [training_id, ranker],
    )
    (version_id,) = conn.execute(
        "insert into serving.version (run_id, training_id, ranker, list_length, status, published_at)"
        " values (%s, %s, %s, 2, 'published', now()) returning version_id",
        [run_id, training_id, ranker],
    ).fetchone()
    entries = (
        (version_id, user, rank, movie, "a movie", 1 / rank, "liked")
        for user, listed in lists.items()
        for rank, movie in enumerate(listed, start=1)
    )
    columns = ("version_id", "user_id", "rank", "movie_id", "title", "score", "reason")
    copy_rows(conn, "serving.recommendation", columns, entries)
    columns = ("version_id", "movie_id", "title", "genres", "directors", "actors", "ratings", "popularity_rank")
    catalogue = ((version_id, movie, "a movie", [], [], [], 1, movie) for movie in range(1, movies + 1))
    copy_rows(conn, "serving.catalogue", columns, catalogue)
    conn.commit()


def batch(conn, run_id, day):
    query = "insert into ops.batch (run_id, dataset, as_of, status) values (%s, 'folder', %s, 'accepted')"
    return conn.execute(f"{query} returning batch_id", [run_id, FIRST + timedelta(days=day)]).fetchone()[0]


def test_lists_are_compared_with_those_of_the_version_before(conn):
    publish(conn, batch(conn, "one", 1), {7: [1, 2], 8: [3, 4]}, "one")
    record_night(conn, "movierec_publish", "one")
    # viewer 7 keeps one movie of two, viewer 8 both in another order; 9 has had no list before
    publish(conn, batch(conn, "two", 2), {7: [1, 5], 8: [4, 3], 9: [6, 7]}, "two")
    record_night(conn, "movierec_publish", "two")
    columns = "champion, verdict, decided_by, ndcg_at_k, recall_at_k, viewers, coverage, churn, live_at is not null"
    rows = conn.execute(f"select {columns} from ops.night order by batch_id").fetchall()
    assert rows == [
        ("ease", "promote", "rules", 0.25, 0.5, 2, 0.4, None, True),
        ("ease", "promote", "rules", 0.25, 0.5, 3, 0.6, 0.25, True),
    ]
    drift = dict(conn.execute("select distribution, psi from ops.night_drift where batch_id = 2").fetchall())
    assert set(drift) == {"lists", "scores"}
    assert drift["scores"] == pytest.approx(0)  # half of the scores are 1, half are ½, as in the night before


def test_another_ranker_has_other_scores_and_that_is_no_drift(conn):
    publish(conn, batch(conn, "one", 1), {7: [1, 2]}, "one")
    record_night(conn, "movierec_publish", "one")
    publish(conn, batch(conn, "two", 2), {7: [1, 2]}, "two", ranker="popularity")
    conn.execute("update serving.recommendation set score = score * 1000 where version_id = 2")
    conn.commit()
    record_night(conn, "movierec_publish", "two")
    assert conn.execute("select psi from ops.night_drift where distribution = 'scores'").fetchone() == (
        pytest.approx(0),
    )


def test_scores_that_collapse_are_unusual(conn):
    publish(conn, batch(conn, "one", 1), {7: [1, 2], 8: [1, 2]}, "one")
    record_night(conn, "movierec_publish", "one")
    publish(conn, batch(conn, "two", 2), {7: [1, 2], 8: [1, 2]}, "two")
    conn.execute("update serving.recommendation set score = 0 where version_id = 2")
    conn.commit()
    (sentence,) = record_night(conn, "movierec_publish", "two").unusual
    assert sentence.startswith("drift of the scores is ")


def test_a_night_stays_when_its_batch_goes(conn):
    publish(conn, batch(conn, "one", 1), {7: [1, 2]}, "one")
    record_night(conn, "movierec_publish", "one")
    conn.execute("delete from serving.version; delete from ml.training; delete from ops.batch")
    assert conn.execute("select champion, viewers from ops.night").fetchone() == ("ease", 1)


def test_the_warehouse_names_the_dags_of_a_night_as_they_are_called(conn):
    publish(conn, batch(conn, "one", 1), {1: [1]}, "one")
    for query in ("select dag_id from ops.run_batch", "select dag_id from ops.night_rule"):
        assert {dag_id for (dag_id,) in conn.execute(query)} == set(NIGHT)


VIEWERS, LISTED, MOVIES = 600, 10, 400


@pytest.mark.parametrize("believed", ["both versions", "one version", "nothing"])
def test_nights_are_recorded_in_linear_time_whatever_the_planner_believes(conn, believed):
    lists = {viewer: [(viewer + 7 * rank) % MOVIES for rank in range(LISTED)] for viewer in range(VIEWERS)}
    for day, run_id in enumerate(("one", "two"), start=1):
        publish(conn, batch(conn, run_id, day), lists, run_id, movies=MOVIES)
        if believed == "both versions" or run_id == "one":
            conn.execute("analyze serving.recommendation, serving.catalogue")
    if believed == "nothing":
        believe_empty(conn, "serving.recommendation", "serving.catalogue")
    parameters = {"batch_id": 2, "version_id": 2, "k": LISTED, **DAG_PARAMETERS}
    entries = 2 * VIEWERS * LISTED
    assert most_rows(conn, "night/night", parameters) <= 2 * entries
    assert most_rows(conn, "night/night_share_of_lists", parameters) <= 2 * entries
