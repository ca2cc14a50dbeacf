from datetime import UTC, datetime

import numpy as np
import psycopg
import pytest
from upath import UPath

from movierec.artifacts import load_frame
from movierec.data.columns import MOVIE, USER
from movierec.data.dataset import Dataset
from movierec.db import fetch
from movierec.errors import ModelError, QualityError
from movierec.evaluation import protocols
from movierec.features.content import MovieFeatures
from movierec.rankers import registry
from movierec.rankers.popularity import Popularity
from movierec.rankers.slit import SLIT
from movierec.training import evaluate, fit, snapshot
from movierec.training.data import TrainingData
from movierec.training.folder import TrainingFolder
from tests import movielens
from tests.night import ingest


@pytest.fixture
def initial_state(request, night_states):
    """Begin with a training on a generated night, where a test asks for its folder."""
    return night_states.get("opened", open_training) if "folder" in request.fixturenames else None


def open_training(conn, app, settings):
    """Take a snapshot of a generated night and build features."""
    batch_id = ingest(conn, app, movielens.generate(settings.home / "data"))
    folder = TrainingFolder.of(settings, snapshot.open_training(conn, "run", batch_id, seed=1))
    snapshot.take_snapshot(conn, folder)
    fit.build_features(folder, seed=1)


@pytest.fixture
def folder(settings):
    """Return the folder of the training."""
    return TrainingFolder.of(settings, 1)


def evaluate_ranker(conn, folder, name):
    data = TrainingData(folder)
    return evaluate.evaluate_ranker(conn, data, fit.fit_ranker(data, name))


def test_a_snapshot_holds_what_core_holds(conn, folder):
    dataset = Dataset.load(folder.snapshot)
    assert conn.execute("select count(*), sum(rating) from core.ratings").fetchone() == (
        len(dataset.ratings),
        dataset.ratings["rating"].sum(),
    )


def test_nothing_is_learned_from_a_batch_that_has_not_passed_its_gate(conn, app, tmp_path):
    first = ingest(conn, app, movielens.write(tmp_path / "first"), "first")
    second = ingest(conn, app, movielens.write(tmp_path / "second"), "second", accept=False)
    assert snapshot.batch_to_learn_from(conn) == first
    with pytest.raises(QualityError, match=f"batch {second} is built; only an accepted one may be learned from"):
        snapshot.batch_to_learn_from(conn, [second])


def choose(conn, batch_id, run_id):
    """Train on a batch as far as the choice of the next one is concerned."""
    training_id = snapshot.open_training(conn, run_id, batch_id, 1)
    conn.execute("insert into ml.champion (training_id, ranker, reason) values (%s, 'ease', 'best')", [training_id])
    conn.commit()


def test_whatever_starts_a_run_it_trains_on_the_newest_night_and_once_unless_somebody_asks(conn, app, tmp_path):
    assert snapshot.batch_to_train_on(conn, is_automatic=True) is None
    folder = movielens.write(tmp_path)
    past, newest = (ingest(conn, app, folder, f"{day}", as_of=datetime(2020, 1, day, tzinfo=UTC)) for day in (3, 5))
    assert snapshot.batch_to_train_on(conn, is_automatic=True) == newest
    choose(conn, newest, "first")
    # an event that comes late, the event of a backfill, the clock: there is nothing to do
    assert snapshot.batch_to_train_on(conn, is_automatic=True) is None
    assert snapshot.batch_to_train_on(conn) == newest
    assert snapshot.batch_to_train_on(conn, [past], is_automatic=True) == past


def test_a_night_that_is_accepted_again_is_trained_on_again_and_one_without_a_champion_too(conn, app, tmp_path):
    folder = movielens.write(tmp_path)
    batch_id = ingest(conn, app, folder)
    snapshot.open_training(conn, "failed", batch_id, 1)
    assert snapshot.batch_to_train_on(conn, is_automatic=True) == batch_id
    choose(conn, batch_id, "first")
    assert snapshot.batch_to_train_on(conn, is_automatic=True) is None
    ingest(conn, app, folder)  # cleared, and run again
    assert snapshot.batch_to_train_on(conn, is_automatic=True) == batch_id


def test_without_a_night_there_is_nothing_to_learn(conn):
    with pytest.raises(QualityError, match="no night has been accepted yet; run movierec_ingest first"):
        snapshot.batch_to_learn_from(conn)


def test_of_the_nights_that_are_offered_the_latest_is_learned_from(conn, app, tmp_path):
    folder = movielens.write(tmp_path)
    nights = [ingest(conn, app, folder, f"{day}", as_of=datetime(2020, 1, day, tzinfo=UTC)) for day in (3, 5, 4)]
    assert snapshot.batch_to_learn_from(conn, nights) == nights[1]
    assert snapshot.batch_to_learn_from(conn, [nights[0], nights[2]]) == nights[2]


def test_a_run_that_starts_over_keeps_its_training(conn, folder):
    assert snapshot.open_training(conn, "run", 1, seed=1) == folder.training_id
    assert snapshot.open_training(conn, "another run", 1, seed=1) != folder.training_id


def test_the_split_holds_every_rating_once_and_each_viewers_future_out(folder):
    train, test = (load_frame(path) for path in (folder.train, folder.test))
    assert len(train) + len(test) == len(Dataset.load(folder.snapshot).ratings)
    assert (train.groupby(USER)["rated_at"].max() <= test.groupby(USER)["rated_at"].min()).all()


def test_evaluation_keeps_means_and_every_viewer_and_a_second_one_replaces_them(conn, folder):
    fitted = fit.fit_ranker(TrainingData(folder), "ease")
    for _ in range(2):
        means = evaluate.evaluate_ranker(conn, TrainingData(folder), fitted)
    ((users, ndcg),) = conn.execute("select users, ndcg_at_k from ml.evaluation").fetchall()
    assert round(ndcg, 6) == means["ndcg"]
    kept = "select count(*), avg(ndcg_at_k) from ml.user_metric where protocol = %s"
    assert conn.execute(kept, ["per_user_temporal"]).fetchone() == (
        users,
        pytest.approx(ndcg),
    )


def test_lists_that_are_evaluated_never_hold_a_known_movie(folder):
    fit.fit_ranker(TrainingData(folder), "item_knn")
    train = load_frame(folder.train)
    lists = registry.load(folder.model("item_knn")).recommend(train[USER].unique(), 10)
    assert lists.merge(train, on=[USER, MOVIE]).empty


def test_every_metric_is_kept_at_several_k_for_everybody_and_for_groups_of_viewers(conn, folder):
    fitted = fit.fit_ranker(TrainingData(folder), "ease")
    for _ in range(2):
        evaluate.evaluate_ranker(conn, TrainingData(folder), fitted)
    kept = "select value, low <= value and value <= high from ml.metric where dimension = 'all' and protocol = %s"
    ((ndcg, is_inside),) = conn.execute(f"{kept} and metric = 'ndcg' and k = 10", ["per_user_temporal"]).fetchall()
    assert (ndcg, is_inside) == (conn.execute("select ndcg_at_k from ml.evaluation").fetchone()[0], True)
    found = conn.execute("select distinct protocol, k from ml.metric order by 1, 2").fetchall()
    assert found == [(protocol, k) for protocol in sorted(protocols.PROTOCOLS) for k in protocols.CUTOFFS]
    dimensions = conn.execute("select distinct dimension from ml.metric order by 1").fetchall()
    assert {"activity", "all", "gender"} <= {name for (name,) in dimensions}


def test_without_anybody_who_liked_something_means_are_empty(conn, folder):
    dataset = Dataset.load(folder.snapshot)
    dataset.with_ratings(dataset.ratings.assign(rating=1.0)).save(folder.snapshot)
    fit.build_features(folder, seed=1)
    means = evaluate_ranker(conn, folder, "popularity")
    assert means == {"precision": None, "recall": None, "f1": None, "ndcg": None, "coverage": 0}
    assert conn.execute("select users, ndcg_at_k, recall_at_k from ml.evaluation").fetchall() == [(0, None, None)]
    assert conn.execute("select count(*) from ml.metric where value = 'NaN' or metric = 'gini'").fetchone() == (0,)


def test_the_leaderboard_says_which_hyper_parameters_a_search_has_settled(conn, folder):
    for name in ("ease", "popularity"):
        evaluate_ranker(conn, folder, name)
    later = snapshot.open_training(conn, "later", conn.execute("select batch_id from ml.training").fetchone()[0], 1)
    conn.execute(
        "insert into ml.tuned (dataset, ranker, training_id, parameters, value, trials) "
        "select dataset, ranker, training_id, parameters::jsonb, 0.1, trials from ops.batch, (values "
        "('ease', %s, '{\"regularisation\": 100, \"half_life\": 5}', 7), "
        "('popularity', %s, '{\"half_life_days\": 7}', 3)"
        ") as search (ranker, training_id, parameters, trials)",
        [folder.training_id, later],
    )
    rows = conn.execute(
        "select ranker, tuned, trials, tuned_in, global_ndcg_low <= global_ndcg_at_k, ndcg_high >= ndcg_at_k "
        "from ml.leaderboard where k = 10 order by ranker"
    ).fetchall()
    assert rows == [
        ("ease", "half_life, regularisation", 7, folder.training_id, True, True),
        ("popularity", "none", 0, None, True, True),  # a later search does not count
    ]


def test_only_the_asked_protocols_are_evaluated(conn, folder):
    fitted = fit.fit_ranker(TrainingData(folder), "popularity")
    evaluate.evaluate_ranker(conn, TrainingData(folder), fitted, [protocols.PER_USER_TEMPORAL])
    assert conn.execute("select distinct protocol from ml.metric").fetchall() == [("per_user_temporal",)]


def test_a_ranker_that_gives_no_numbers_is_refused_with_its_reason_and_keeps_nothing(conn, folder, monkeypatch):
    evaluate_ranker(conn, folder, "popularity")
    monkeypatch.setattr(Popularity, "scores", lambda self, users: np.full((len(users), 90), np.nan, np.float32))
    assert evaluate.evaluate_ranker(conn, TrainingData(folder), {"ranker": "popularity", "fit_seconds": 0}) == {}
    ((reason,),) = conn.execute("select reason from ml.refused").fetchall()
    assert "scores that are not finite numbers" in reason
    assert conn.execute("select count(*) from ml.metric").fetchone() == (0,)


def test_a_ranker_that_cannot_be_fitted_is_refused_until_it_can_be(conn, folder):
    fitted = fit.fit_ranker(TrainingData(folder), "ease", {"regularisation": -1e6})
    evaluate.evaluate_ranker(conn, TrainingData(folder), fitted)
    assert "larger than 0" in conn.execute("select reason from ml.refused").fetchone()[0]
    evaluate_ranker(conn, folder, "ease")
    assert conn.execute("select count(*) from ml.refused").fetchone() == (0,)


def test_a_ranker_that_is_switched_off_is_neither_tuned_nor_fitted_and_the_others_are(
    conn, folder, monkeypatch, caplog
):
    monkeypatch.setenv("MOVIEREC_NEURAL", "no")
    fitted = fit.fit_tuned(conn, folder, ["neural", "popularity"], trials=2, seed=1)
    evaluate.evaluate_rankers(conn, TrainingData(folder), fitted, [protocols.PER_USER_TEMPORAL])
    refused = conn.execute("select ranker, reason from ml.refused").fetchall()
    assert refused == [("neural", "it is switched off by MOVIEREC_NEURAL=no")]
    assert conn.execute("select count(*) from ml.trial where ranker = 'neural'").fetchone() == (0,)
    assert conn.execute("select ranker from ml.evaluation").fetchall() == [("popularity",)]
    assert "cannot" not in caplog.text


def learns_to_fail(error):
    """Return a way to learn that fails with this error."""

    def _fit(self, dataset, features, fits):
        raise error

    return _fit


def test_an_error_nobody_foresaw_refuses_one_ranker_is_logged_whole_and_the_others_go_on(
    conn, folder, monkeypatch, caplog
):
    monkeypatch.setattr(Popularity, "_fit", learns_to_fail(np.linalg.LinAlgError("Singular matrix")))
    for name in ("popularity", "ease"):
        evaluate_ranker(conn, folder, name)
    refused = conn.execute("select ranker, reason from ml.refused").fetchall()
    assert refused == [("popularity", "LinAlgError: Singular matrix")]
    assert conn.execute("select ranker from ml.evaluation").fetchall() == [("ease",)]
    assert caplog.records[0].levelname == "WARNING"
    assert "Traceback" in caplog.text


def test_what_a_learned_ranker_went_on_without_is_kept_until_it_is_fitted_with_it(conn, folder, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(SLIT, "_fit", learns_to_fail(ModelError("it cannot be solved")))
        fitted = fit.fit_ranker(TrainingData(folder), "hybrid", {"rounds": 3})
    for _ in range(2):
        evaluate.evaluate_ranker(conn, TrainingData(folder), fitted, [protocols.PER_USER_TEMPORAL])
    rows = conn.execute("select training_id, ranker, base_ranker, reason from ml.left_out").fetchall()
    assert rows == [(folder.training_id, "hybrid", "slit", "it cannot be solved")]
    fitted = fit.fit_ranker(TrainingData(folder), "hybrid", {"rounds": 3})
    evaluate.evaluate_ranker(conn, TrainingData(folder), fitted, [protocols.PER_USER_TEMPORAL])
    assert conn.execute("select count(*) from ml.left_out").fetchone() == (0,)


def test_what_a_learned_ranker_went_on_without_under_the_other_split_alone_is_kept(conn, folder, monkeypatch):
    data = TrainingData(folder)
    fitted = fit.fit_ranker(data, "hybrid", {"rounds": 3})
    monkeypatch.setattr(SLIT, "_fit", learns_to_fail(ModelError("it cannot be solved")))
    evaluate.evaluate_ranker(conn, data, fitted)
    rows = conn.execute("select protocol, ranker, base_ranker, reason from ml.left_out").fetchall()
    assert rows == [(protocols.GLOBAL_TEMPORAL, "hybrid", "slit", "it cannot be solved")]
    parameters = {"training_id": folder.training_id, "per_user_protocol": protocols.PER_USER_TEMPORAL}
    left_out = fetch(conn, "report/left_out", parameters)
    assert [(row["base_ranker"], row["only_under"]) for row in left_out] == [("slit", protocols.GLOBAL_TEMPORAL)]


@pytest.mark.parametrize("error", [MemoryError("full"), OSError("disk"), psycopg.OperationalError("gone")])
def test_what_trying_again_may_mend_fails_the_task(folder, monkeypatch, error):
    monkeypatch.setattr(Popularity, "_fit", learns_to_fail(error))
    with pytest.raises(type(error)):
        fit.fit_ranker(TrainingData(folder), "popularity")


def test_scores_that_fail_unforeseen_refuse_the_ranker(conn, folder, monkeypatch):
    fitted = fit.fit_ranker(TrainingData(folder), "popularity")
    monkeypatch.setattr(Popularity, "scores", lambda self, users: {}["none"])
    assert evaluate.evaluate_ranker(conn, TrainingData(folder), fitted) == {}
    assert conn.execute("select reason from ml.refused").fetchall() == [("KeyError: 'none'",)]


@pytest.mark.parametrize("error", [ModelError("too few"), ValueError("too few")])
def test_an_error_in_the_second_protocol_costs_its_figures_and_not_the_ranker(conn, folder, monkeypatch, caplog, error):
    fitted = fit.fit_ranker(TrainingData(folder), "popularity")
    monkeypatch.setattr(Popularity, "_fit", learns_to_fail(error))
    assert evaluate.evaluate_ranker(conn, TrainingData(folder), fitted)["ndcg"] > 0
    assert conn.execute("select distinct protocol from ml.metric").fetchall() == [("per_user_temporal",)]
    assert conn.execute("select count(*) from ml.refused").fetchone() == (0,)
    assert "no figures for global_temporal" in caplog.text


def test_features_are_built_from_the_known_side_alone(folder, monkeypatch):
    seen = []
    monkeypatch.setattr(MovieFeatures, "build", lambda known: seen.append(known) or MovieFeatures.load(folder.features))
    fit.build_features(folder, seed=1)
    (known,) = seen
    assert len(known.ratings) == len(load_frame(folder.train))


def test_a_snapshot_shows_its_own_night_though_core_has_moved_on(conn, app, tmp_path, folder):
    before = Dataset.load(folder.snapshot).ratings
    ingest(conn, app, movielens.generate(tmp_path / "next", seed=2), "next night")
    snapshot.take_snapshot(conn, folder)
    assert Dataset.load(folder.snapshot).ratings.equals(before)
    assert conn.execute("select schema_name, batch_id from ops.shown_batch order by 1").fetchall() == [
        ("core", 2),
        ("past", 1),
    ]


def test_a_snapshot_of_a_night_whose_gate_stopped_it_is_refused(conn, folder):
    conn.execute("update ops.batch set status = 'refused'")
    with pytest.raises(QualityError, match="batch 1 is refused; only an accepted one may be learned from"):
        snapshot.take_snapshot(conn, folder)


def test_a_damaged_artifact_is_named(tmp_path):
    path = UPath(tmp_path) / "train.parquet"
    path.write_bytes(b"not a table")
    with pytest.raises(ModelError, match=r"train.parquet is not a readable table"):
        load_frame(path)


def test_no_model_file_is_a_pickle(folder):
    fit.fit_ranker(TrainingData(folder), "hybrid")
    suffixes = {path.suffix for path in folder.models.rglob("*") if path.is_file()}
    assert suffixes <= {".npz", ".json", ".txt", ".parquet"}


def test_a_window_in_which_nobody_can_be_evaluated_is_no_error(conn, folder):
    facts = Dataset.load(folder.snapshot)
    moment = facts.ratings["rated_at"].min()
    facts.with_ratings(facts.ratings.assign(rated_at=moment)).save(folder.snapshot)
    evaluate_ranker(conn, folder, "popularity")
    found = conn.execute("select distinct protocol from ml.metric where metric = 'ndcg'").fetchall()
    assert found == [("per_user_temporal",)]
