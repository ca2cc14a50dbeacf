from datetime import UTC, datetime

import pytest
from upath import UPath

from movierec import rankers, snapshot, training
from movierec.artifacts import load_frame, prune_trainings, save_frame, training_folder
from movierec.columns import MOVIE, USER
from movierec.dataset import Dataset, empty
from movierec.errors import ModelError, QualityError
from tests import movielens
from tests.night import ingest


@pytest.fixture
def opened(conn, app, tmp_path, settings):
    """Open a training on a generated night, with its snapshot and features."""
    batch_id = ingest(conn, app, movielens.generate(tmp_path / "data"))
    training_id = training.open_training(conn, "run", batch_id, seed=1)
    folder = training_folder(settings, training_id)
    snapshot.take_snapshot(conn, training_id, folder / "snapshot")
    training.build_features(folder, seed=1)
    return training_id, folder


def judge(conn, opened, name):
    training_id, folder = opened
    training.evaluate_ranker(conn, folder, {"training_id": training_id, **training.fit_ranker(folder, name)})


def test_a_snapshot_holds_what_core_holds(conn, opened):
    dataset = Dataset.load(opened[1] / "snapshot")
    assert conn.execute("select count(*), sum(rating) from core.ratings").fetchone() == (
        len(dataset.ratings),
        dataset.ratings["rating"].sum(),
    )


def test_nothing_is_learned_from_a_batch_that_has_not_passed_its_gate(conn, app, tmp_path):
    first = ingest(conn, app, movielens.write(tmp_path / "first"), "first")
    second = ingest(conn, app, movielens.write(tmp_path / "second"), "second", accept=False)
    assert snapshot.night_to_learn(conn) == first
    with pytest.raises(QualityError, match=f"batch {second} is built; only an accepted one may be learned from"):
        snapshot.night_to_learn(conn, [second])


def test_without_a_night_there_is_nothing_to_learn(conn):
    with pytest.raises(QualityError, match="no night has been accepted yet; run movierec_ingest first"):
        snapshot.night_to_learn(conn)


def test_of_the_nights_that_are_offered_the_latest_is_learned_from(conn, app, tmp_path):
    folder = movielens.write(tmp_path)
    nights = [ingest(conn, app, folder, f"{day}", as_of=datetime(2020, 1, day, tzinfo=UTC)) for day in (3, 5, 4)]
    assert snapshot.night_to_learn(conn, nights) == nights[1]
    assert snapshot.night_to_learn(conn, [nights[0], nights[2]]) == nights[2]


def test_a_run_that_starts_over_keeps_its_training(conn, opened):
    assert training.open_training(conn, "run", 1, seed=1) == opened[0]
    assert training.open_training(conn, "another run", 1, seed=1) != opened[0]


def test_the_split_holds_every_rating_once_and_each_viewers_future_out(opened):
    train, test = (load_frame(opened[1] / f"{side}.parquet") for side in ("train", "test"))
    assert len(train) + len(test) == len(Dataset.load(opened[1] / "snapshot").ratings)
    assert (train.groupby(USER)["rated_at"].max() <= test.groupby(USER)["rated_at"].min()).all()


def test_evaluation_keeps_means_and_every_viewer_and_a_second_one_replaces_them(conn, opened):
    training_id, folder = opened
    fitted = {"training_id": training_id, **training.fit_ranker(folder, "ease")}
    for _ in range(2):
        means = training.evaluate_ranker(conn, folder, fitted)
    ((users, ndcg),) = conn.execute("select users, ndcg_at_k from ml.evaluation").fetchall()
    assert round(ndcg, 6) == means["ndcg"]
    assert conn.execute("select count(*), avg(ndcg_at_k) from ml.user_metric").fetchone() == (
        users,
        pytest.approx(ndcg),
    )


def test_lists_that_are_judged_never_hold_a_known_movie(opened):
    training.fit_ranker(opened[1], "item_knn")
    train = load_frame(opened[1] / "train.parquet")
    lists = rankers.load(opened[1] / "models" / "item_knn").recommend(train[USER].unique(), 10)
    assert lists.merge(train, on=[USER, MOVIE]).empty


def test_the_best_ndcg_wins_and_the_reason_says_by_how_much(conn, opened):
    training_id, _ = opened
    for name in ("popularity", "ease"):
        judge(conn, opened, name)
    winner = training.choose_champion(conn, training_id)
    best = conn.execute("select ranker from ml.evaluation order by ndcg_at_k desc limit 1").fetchone()
    assert (winner,) == best
    (reason,) = conn.execute("select reason from ml.champion").fetchone()
    assert reason.startswith(f"{winner} has the best NDCG@10, ")
    assert "the 95 % interval of the paired difference is" in reason


def test_a_lone_ranker_wins_without_a_comparison(conn, opened):
    training_id, _ = opened
    judge(conn, opened, "ease")
    training.choose_champion(conn, training_id)
    (reason,) = conn.execute("select reason from ml.champion").fetchone()
    assert reason.endswith("no other ranker was evaluated")


def test_popularity_wins_where_nothing_can_be_judged(conn, opened):
    assert training.choose_champion(conn, opened[0]) == "popularity"
    assert conn.execute("select reason from ml.champion").fetchone() == (training.NOTHING_TO_COMPARE,)


def test_a_snapshot_shows_its_own_night_though_core_has_moved_on(conn, app, tmp_path, opened):
    training_id, folder = opened
    before = Dataset.load(folder / "snapshot").ratings
    ingest(conn, app, movielens.generate(tmp_path / "next", seed=2), "next night")
    snapshot.take_snapshot(conn, training_id, folder / "snapshot")
    assert Dataset.load(folder / "snapshot").ratings.equals(before)
    assert conn.execute("select layer, batch_id from ops.held order by 1").fetchall() == [("core", 2), ("past", 1)]


def test_a_snapshot_of_a_night_whose_gate_stopped_it_is_refused(conn, opened):
    training_id, folder = opened
    conn.execute("update ops.batch set status = 'refused'")
    with pytest.raises(QualityError, match="batch 1 is refused; only an accepted one may be learned from"):
        snapshot.take_snapshot(conn, training_id, folder / "snapshot")


def test_a_damaged_artifact_is_named(tmp_path):
    path = UPath(tmp_path) / "train.parquet"
    path.write_bytes(b"not a table")
    with pytest.raises(ModelError, match=r"train.parquet is not a readable table"):
        load_frame(path)


def test_artifacts_of_other_trainings_are_pruned(settings):
    for training_id in (1, 2, 3):
        save_frame(training_folder(settings, training_id) / "train.parquet", empty("ratings"))
    assert prune_trainings(settings, kept={2}) == [1, 3]
    assert not training_folder(settings, 1).exists()
    assert training_folder(settings, 2).exists()


def test_no_model_file_is_a_pickle(opened):
    training.fit_ranker(opened[1], "hybrid")
    suffixes = {path.suffix for path in (opened[1] / "models").rglob("*") if path.is_file()}
    assert suffixes <= {".npz", ".json", ".txt", ".parquet"}
