import threading
from dataclasses import replace

import pytest

from movierec.artifacts import write_bytes
from movierec.data.dataset import Dataset
from movierec.db import connect, fetch, read_sql
from movierec.errors import PublishError
from movierec.features.content import MovieFeatures
from movierec.local import summary
from movierec.publishing import lists, pointer, versions
from movierec.rankers import registry
from movierec.training import snapshot
from movierec.training.data import TrainingData
from movierec.training.folder import TrainingFolder
from tests import movielens
from tests.night import ingest
from tests.publishing.conftest import LENGTH, SHARDS, decide, write, write_and_go_live


def rows(conn, table, version_id):
    return conn.execute(f"select * from serving.{table} where version_id = %s order by 2, 3", [version_id]).fetchall()


def test_a_version_gives_every_viewer_the_due_list_and_every_movie_its_twenty(conn, settings, champion):
    version_id = write_and_go_live(conn, settings)
    assert pointer.live_version(conn) == version_id
    assert conn.execute(
        "select count(*), count(distinct user_id), min(rank), max(rank) from serving.live_recommendation"
    ).fetchone() == (60 * LENGTH, 60, 1, LENGTH)
    assert conn.execute("select count(*), count(distinct movie_id) from serving.live_similar_movie").fetchone() == (
        90 * 20,
        90,
    )
    assert conn.execute("select count(*) from serving.live_fallback").fetchone() == (LENGTH,)


def test_reasons_are_true(conn, settings, champion):
    write_and_go_live(conn, settings)
    untrue = conn.execute(
        "select count(*) from serving.live_recommendation as shown"
        " left join core.ratings on ratings.user_id = shown.user_id and ratings.movie_id = shown.because_movie_id"
        " left join core.movies on movies.movie_id = shown.because_movie_id"
        " left join (select user_id, avg(rating) as mean from core.ratings group by 1) as taste"
        " on taste.user_id = shown.user_id"
        " where because_movie_id is not null"
        " and (ratings.rating is null or ratings.rating < taste.mean - 1e-5"
        "      or reason is distinct from 'Because you liked ' || movies.title)"
    ).fetchone()
    assert untrue == (0,)
    named = conn.execute("select count(because_movie_id) from serving.live_recommendation").fetchone()
    assert named > (0,)


def test_newcomers_get_what_rankers_show_a_viewer_of_whom_nothing_is_known(conn, settings, champion):
    version_id = versions.open_version(conn, "night", LENGTH)
    lists.fit_champion(conn, version_id, settings)
    lists.write_fallback(conn, version_id, settings)
    data = TrainingData(TrainingFolder.of(settings, champion))
    recent = registry.create("recent_popularity").fit(data.dataset, MovieFeatures.build(data.dataset))
    expected = recent.recommend([-1], LENGTH)
    found = conn.execute("select movie_id, reason from serving.fallback order by rank").fetchall()
    assert found == [(movie, "Popular these days") for movie in expected["movie_id"].tolist()]


def test_writing_a_version_twice_leaves_the_same_rows(conn, settings, champion):
    version_id = write(conn, settings)
    before = {table: rows(conn, table, version_id) for table in ("recommendation", "similar_movie", "fallback")}
    assert write(conn, settings) == version_id
    assert {table: rows(conn, table, version_id) for table in before} == before


LIST, SIMILAR, NEW = "the list of a viewer", "the list of similar movies", "the fallback list"
SEEN = "(select movie_id from core.ratings where user_id = 1 limit 1)"
DISLIKED = "(select movie_id from core.ratings where user_id = 1 and rating < 4 limit 1)"
FIRST = (
    "(select movie_id from serving.recommendation as first"
    " where first.version_id = damaged.version_id and first.user_id = 1 and first.rank = 1)"
)
DELETED = None  # in place of what is set: the rows are deleted
DAMAGES = [  # table, what is set, where, and what the audit says
    ("recommendation", DELETED, "user_id = 1 and rank = 20", f"{LIST} does not have the expected number"),
    ("recommendation", DELETED, "user_id = 1", f"{LIST} does not have the expected number of movies: 1"),
    ("recommendation", "user_id = 777", "user_id = 1", f"{LIST} does not have the expected number"),
    ("recommendation", f"movie_id = {SEEN}", "user_id = 1 and rank = 3", "already seen by the viewer: 1"),
    ("recommendation", f"movie_id = {FIRST}", "user_id = 1 and rank = 2", f"{LIST} has a movie twice: 1"),
    ("recommendation", "rank = 99", "user_id = 1 and rank = 20", f"{LIST} has other ranks"),
    ("recommendation", "movie_id = 9999", "user_id = 1 and rank = 2", f"{LIST} has a movie that"),
    ("recommendation", "score = 'NaN'", "user_id = 1 and rank = 1", f"{LIST} has a score that is not"),
    ("recommendation", "score = 1e9", "user_id = 1 and rank = 5", "finite or rises with the rank: 1"),
    ("recommendation", "because_movie_id = 9999", "user_id = 1 and rank = 1", "evidence is not"),
    (
        "recommendation",
        f"because_movie_id = {DISLIKED}",
        "user_id = 1 and rank = 1",
        "evidence is not a movie that the viewer liked: 1",
    ),
    ("recommendation", "reason = ' '", "user_id = 1 and rank = 1", "a reason is empty: 1"),
    ("recommendation", DELETED, "true", "no viewer has a list: 1"),
    ("similar_movie", DELETED, "movie_id = 1 and rank = 1", f"{SIMILAR} does not have the expected number"),
    ("similar_movie", "similar_movie_id = 1", "movie_id = 1 and rank = 1", "similar to itself: 1"),
    ("similar_movie", "similar_movie_id = 9999", "movie_id = 1 and rank = 1", f"{SIMILAR} has a"),
    ("similar_movie", "rank = 101", "movie_id = 1 and rank = 20", f"{SIMILAR} has other ranks"),
    ("similar_movie", "score = 'NaN'", "movie_id = 1 and rank = 1", f"{SIMILAR} has a score that"),
    ("similar_movie", "movie_id = 9999", "movie_id = 1", f"{SIMILAR} does not have the expected number"),
    ("fallback", DELETED, "rank = 1", f"{NEW} does not have the expected number"),
    ("fallback", "rank = 101", "rank = 1", f"{NEW} has other ranks"),
    ("fallback", "movie_id = 9999", "rank = 1", f"{NEW} has a movie that is not in the catalogue: 1"),
    ("candidate", "movie_ids = movie_ids[2:]", "user_id = 1", "what follows a list does not have the expected number"),
    ("candidate", DELETED, "user_id = 1", "what follows a list does not have the expected number of movies: 1"),
    ("candidate", "movie_ids[1] = 9999", "user_id = 1", "what follows a list has a movie that is not in the catalogue"),
    ("candidate", f"movie_ids[1] = {SEEN}", "user_id = 1", "what follows a list has a movie that was already seen"),
    ("catalogue", DELETED, "movie_id = 1", "the catalogue of the version lacks a movie: 1"),
    ("item_weight", "weights[1] = 'NaN'", "movie_id = 1", "an item weight is not a finite number above 0: 1"),
    ("fallback", "score = 'Infinity'", "rank = 2", f"{NEW} has a score that is not finite"),
]


def test_the_audit_finds_every_kind_of_damage_and_the_live_version_stays(conn, settings, champion):
    live = write_and_go_live(conn, settings)
    version_id = write(conn, settings, "next night")
    conn.commit()
    conn.execute("set search_path to core")  # as an audit finds it
    conn.commit()
    for table, change, where, message in DAMAGES:
        what = (
            f"update serving.{table} as damaged set {change}" if change else f"delete from serving.{table} as damaged"
        )
        damaged = conn.execute(f"{what} where {where} and damaged.version_id = {version_id}")
        assert damaged.rowcount >= 1, (table, change, where)
        failed = [f"{check}: {failures}" for check, failures in versions.failed_checks(conn, version_id).items()]
        assert any(message in sentence for sentence in failed), (table, change, where, failed)
        conn.rollback()
    assert pointer.live_version(conn) == live


def test_a_version_that_fails_its_audit_is_rejected_and_cannot_go_live(conn, settings, champion):
    live = write_and_go_live(conn, settings)
    version_id = write(conn, settings, "next night")
    conn.execute("delete from serving.recommendation where version_id = %s and user_id = 1", [version_id])
    conn.commit()
    with pytest.raises(PublishError, match=f"version {version_id} is rejected and the live version stays. .*: 1 times"):
        versions.audit_version(conn, version_id)
    with pytest.raises(PublishError, match=f"version {version_id} has not passed its audit; live stays {live}"):
        pointer.go_live(conn, version_id)
    assert pointer.live_version(conn) == live
    assert conn.execute("select status from serving.version order by 1").fetchall() == [("published",), ("rejected",)]


def test_writing_after_the_audit_takes_the_audit_back(conn, settings, champion):
    version_id = write(conn, settings)
    versions.audit_version(conn, version_id)
    lists.write_fallback(conn, version_id, settings)
    with pytest.raises(PublishError, match="has not passed its audit"):
        pointer.go_live(conn, version_id)


def test_writers_of_a_version_do_not_wait_for_each_other(conn, warehouse, settings, champion):
    version_id = write(conn, settings)
    versions.lock_to_write(conn, version_id)
    with connect(warehouse) as other:
        other.execute("set lock_timeout to '2s'")
        assert versions.lock_to_write(other, version_id).status == "building"


def test_a_writer_that_was_given_up_on_cannot_touch_what_has_gone_live(conn, warehouse, settings, champion):
    version_id = write(conn, settings)
    versions.audit_version(conn, version_id)
    conn.execute("select 1 from serving.version where version_id = %s for update", [version_id])  # as go_live does
    outcome = []

    def write_late():
        with connect(warehouse) as late:
            try:
                versions.lock_to_write(late, version_id)
            except PublishError as error:
                outcome.append(str(error))

    zombie = threading.Thread(target=write_late)
    zombie.start()
    pointer.go_live(conn, version_id)
    zombie.join(timeout=10)
    assert outcome == [f"version {version_id} is published and never changes; clear open_version to write a new one"]


def test_what_happens_to_the_catalogue_changes_no_live_list(conn, settings, champion):
    write_and_go_live(conn, settings)
    shown = conn.execute("select * from serving.live_recommendation order by 1, 2").fetchall()
    conn.execute("update core.movies set title = 'broken'")
    conn.execute("delete from core.movies where movie_id % 2 = 0")
    assert conn.execute("select * from serving.live_recommendation order by 1, 2").fetchall() == shown
    assert conn.execute("select count(*) from serving.live_fallback where title = 'broken'").fetchone() == (0,)


def test_lists_of_a_night_are_evaluated_by_that_night_though_core_has_moved_on(conn, app, tmp_path, settings, champion):
    version_id = write(conn, settings)
    ingest(conn, app, movielens.generate(tmp_path / "next", seed=2), "next night")
    versions.audit_version(conn, version_id)
    assert pointer.go_live(conn, version_id) == version_id


def test_lists_of_an_earlier_night_are_kept_beside_the_live_ones(conn, app, settings, champion, crowned_night):
    live = write_and_go_live(conn, settings)
    earlier = ingest(conn, app, crowned_night.settings.home / "data", "backfill")
    conn.execute("update ops.batch set as_of = as_of - interval '1 day' where batch_id = %s", [earlier])
    conn.execute("update ml.training set batch_id = %s where run_id = 'run'", [earlier])
    conn.execute("insert into ml.training (run_id, batch_id, seed) values ('live', 1, 1)")
    conn.execute("update serving.version set training_id = (select training_id from ml.training where run_id = 'live')")
    conn.commit()
    version_id = write(conn, settings, "backfill")
    versions.audit_version(conn, version_id)
    assert pointer.go_live(conn, version_id) == live
    assert pointer.live_version(conn) == live
    assert conn.execute("select status from serving.version order by 1").fetchall() == [("audited",), ("published",)]


def test_the_pointer_never_moves_back_by_running_an_old_task_again(conn, settings, champion):
    old = write_and_go_live(conn, settings)
    new = write_and_go_live(conn, settings, "next night")
    with pytest.raises(PublishError, match=f"version {old} is older than the live one; live stays {new}"):
        pointer.go_live(conn, old)


def test_an_older_training_that_is_decided_again_is_not_the_latest(conn, settings, champion):
    later = snapshot.open_training(conn, "later run", 1, seed=1)
    for training_id in (later, champion):
        decide(conn, TrainingFolder.of(settings, training_id))
    assert fetch(conn, "ml/latest_champion")[0]["training_id"] == later


def test_a_published_version_never_changes(conn, settings, champion):
    version_id = write_and_go_live(conn, settings)
    with pytest.raises(PublishError, match=f"version {version_id} is published and never changes; clear open_version"):
        lists.write_lists(conn, version_id, 0, SHARDS, settings)
    assert versions.open_version(conn, "night", LENGTH) != version_id


def test_going_live_twice_changes_nothing(conn, settings, champion):
    version_id = write_and_go_live(conn, settings)
    since = conn.execute("select since from serving.live").fetchone()
    assert pointer.go_live(conn, version_id) == version_id
    assert conn.execute("select since from serving.live").fetchone() == since


def test_readers_see_whole_versions_and_nobody_waits(conn, warehouse, settings, champion):
    write_and_go_live(conn, settings)
    answers, stop = set(), threading.Event()

    def read():
        with connect(warehouse) as reader:
            while not stop.is_set():
                answers.add(
                    reader.execute(
                        "select min(version_id) = max(version_id), count(*), count(distinct user_id)"
                        " from serving.live_recommendation"
                    ).fetchone()
                )
                reader.commit()

    with connect(warehouse) as dashboard:
        dashboard.execute("select count(*) from serving.live_recommendation")  # and stays in its transaction
        readers = [threading.Thread(target=read) for _ in range(3)]
        for reader in readers:
            reader.start()
        conn.execute("set lock_timeout to '5s'")
        for night in range(3):
            write_and_go_live(conn, settings, f"night {night}")
            versions.prune(conn, settings)
        stop.set()
        for reader in readers:
            reader.join()
    assert answers == {(True, 60 * LENGTH, 60)}


def test_the_function_offers_what_was_not_rated_since_and_newcomers_get_what_is_popular(conn, settings, champion):
    write_and_go_live(conn, settings)
    (first, second) = conn.execute("select movie_id, reason from serving.recommend(1, 2)").fetchall()
    conn.execute("insert into core.ratings values (1, %s, 5, now())", [first[0]])
    assert conn.execute("select rank, movie_id from serving.recommend(1, 1)").fetchall() == [(1, second[0])]
    popular = conn.execute("select movie_id from serving.live_fallback order by rank limit 3").fetchall()
    assert conn.execute("select movie_id from serving.recommend(123456, 3)").fetchall() == popular


def test_a_list_leads_back_to_its_night(conn, settings, champion):
    version_id = write_and_go_live(conn, settings)
    (row,) = conn.execute("select version_id, ranker, training_id, batch_id from serving.freshness").fetchall()
    assert row == (version_id, "ease", champion, 1)


def test_a_viewer_who_rated_almost_everything_gets_what_is_left(conn, settings, champion):
    conn.execute(
        "insert into core.ratings select 1, movie_id, 3, now() from core.movies where movie_id > 5"
        " on conflict do nothing"
    )
    conn.commit()
    snapshot.take_snapshot(conn, TrainingFolder.of(settings, champion))
    write_and_go_live(conn, settings)
    left = conn.execute(
        "select count(*) from core.movies where movie_id not in (select movie_id from core.ratings where user_id = 1)"
    ).fetchone()
    assert conn.execute("select count(*) from serving.live_recommendation where user_id = 1").fetchone() == left


def test_who_has_a_profile_and_no_rating_is_shown_what_their_group_rates(conn, settings, champion):
    conn.execute("insert into core.users (user_id, age, gender) values (701, 30, 'F'), (702, null, null)")
    conn.commit()
    snapshot.take_snapshot(conn, TrainingFolder.of(settings, champion))
    write_and_go_live(conn, settings)
    reasons = conn.execute("select reason from serving.live_recommendation where user_id = 701").fetchall()
    assert len(reasons) == LENGTH
    assert set(reasons) <= {("Popular with women aged 25–34",), ("Popular with everyone",)}
    assert ("Popular with women aged 25–34",) in reasons
    assert conn.execute("select 1 from serving.live_recommendation where user_id = 702").fetchall() == []
    assert len(conn.execute("select * from serving.recommend(702, 5)").fetchall()) == 5


def test_a_like_makes_a_viewer_and_may_be_the_evidence(conn, settings, champion):
    conn.execute(
        "insert into core.events (source, event_id, user_id, movie_id, kind, occurred_at)"
        " values ('app', '1', 703, 1, 'like', now()), ('app', '2', 703, 2, 'dislike', now())"
    )
    conn.commit()
    snapshot.take_snapshot(conn, TrainingFolder.of(settings, champion))
    version_id = write_and_go_live(conn, settings)
    shown = conn.execute(
        "select movie_id, because_movie_id from serving.live_recommendation where user_id = 703"
    ).fetchall()
    assert len(shown) == LENGTH
    assert not {1, 2} & {movie for movie, _ in shown}
    assert 1 in {because for _, because in shown} <= {1, None}
    conn.execute("set search_path to core")  # as an audit finds it
    conn.execute("update serving.recommendation set because_movie_id = 2 where user_id = 703 and rank = 1")
    failed = versions.failed_checks(conn, version_id)
    assert list(failed) == ["the evidence is not a movie that the viewer liked"]


def test_the_winner_is_refitted_as_it_was_tuned_with_features_of_everything(conn, settings, champion):
    folder = TrainingFolder.of(settings, champion)
    data = TrainingData(folder)
    registry.create("ease", regularisation=7.0).fit(data.train, data.features).save(folder.model("ease"))
    write(conn, settings)
    assert registry.load(folder.final_model("ease")).parameters()["regularisation"] == 7.0
    known = MovieFeatures.load(folder.final_features)
    built = MovieFeatures.build(Dataset.load(folder.snapshot))
    assert (known.matrix != built.matrix).nnz == 0


def test_the_last_published_versions_are_kept_and_failed_ones_push_none_out(conn, settings, champion):
    published = [write_and_go_live(conn, settings, f"night {number}") for number in range(3)]
    for number in range(3):
        versions.open_version(conn, f"failed {number}", LENGTH)
    live = write_and_go_live(conn, settings, "last night")
    being_written = versions.open_version(conn, "tonight", LENGTH)
    versions.prune(conn, replace(settings, keep_nights=2))
    kept = conn.execute("select version_id from serving.version order by 1").fetchall()
    assert kept == [(published[-1],), (live,), (being_written,)]


def test_artifacts_that_the_next_publication_needs_are_kept(conn, settings, champion):
    later = snapshot.open_training(conn, "later run", 1, seed=1)
    for training_id in (champion, later, later + 1):
        TrainingFolder.of(settings, training_id).path.mkdir(parents=True, exist_ok=True)
    versions.prune(conn, settings)
    assert TrainingFolder.of(settings, champion).path.exists()
    assert TrainingFolder.of(settings, later).path.exists()
    assert not TrainingFolder.of(settings, later + 1).path.exists()


def test_of_an_earlier_training_only_its_champion_is_kept(conn, settings, champion):
    write_and_go_live(conn, settings)
    later = snapshot.open_training(conn, "later run", 1, seed=1)
    folders = [TrainingFolder.of(settings, number) for number in (champion, later)]
    for folder in folders:
        write_bytes(folder.fit("of-a-window") / "fit.json", b"{}")
    versions.prune(conn, settings)  # the later one has no champion yet
    assert [folder.fit("of-a-window").exists() for folder in folders] == [True, True]
    conn.execute("insert into ml.champion (training_id, ranker, reason) values (%s, 'ease', 'the best')", [later])
    conn.commit()
    versions.prune(conn, settings)
    assert [folder.fit("of-a-window").exists() for folder in folders] == [False, True]
    assert len(registry.load(folders[0].final_model("ease"), "ease").recommend([1], 5)) == 5


def test_the_summary_says_what_a_learned_ranker_went_on_without(conn, warehouse, settings, champion, capsys):
    write_and_go_live(conn, settings)
    conn.execute("insert into ml.left_out values (%s, 'hybrid', 'ease_near', 'it cannot be solved')", [champion])
    conn.commit()
    summary.print_summary(warehouse)
    assert "hybrid learned without ease_near: it cannot be solved\n" in capsys.readouterr().out


def test_a_run_is_known_by_the_version_that_it_brought_live(conn, warehouse, settings, champion):
    write_and_go_live(conn, settings, "last night")
    versions.open_version(conn, "tonight", LENGTH)
    conn.commit()
    assert summary.went_live(warehouse, "last night")
    assert not summary.went_live(warehouse, "tonight")
    write_and_go_live(conn, settings, "tonight")
    assert summary.went_live(warehouse, "last night")
    assert summary.went_live(warehouse, "tonight")


def test_the_summary_shows_layers_rankers_winner_and_lists(conn, warehouse, settings, champion, capsys):
    assert summary.live_version(warehouse) is None
    version_id = write_and_go_live(conn, settings)
    assert summary.live_version(warehouse) == version_id
    summary.print_summary(warehouse)
    shown = capsys.readouterr().out
    assert f"Version {version_id} is live: ease, learned from batch 1." in shown
    assert "precision@10  recall@10" in shown
    assert "NDCG@10, per-user split" in shown
    assert "NDCG@10, global split" in shown
    assert "Per-user split: every viewer's last ratings are the test" in shown
    assert "Winner: ease has the best NDCG@10" in shown
    assert shown.count("is shown") == 3


def test_movies_without_weights_are_found_by_a_hash_before_the_planner_knows_of_the_version(conn, settings, champion):
    first = write_and_go_live(conn, settings)
    conn.execute("analyze serving.item_weight, serving.similar_movie")
    second = write(conn, settings, "next night")
    statement = read_sql("serving/fill_item_weight").rstrip().rstrip(";")
    for version_id in (first, second):
        plan = conn.execute(f"explain {statement}", {"version_id": version_id}).fetchall()
        assert any("hashed SubPlan" in line for (line,) in plan), plan
