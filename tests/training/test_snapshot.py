import pytest

from movierec.data.dataset import Dataset
from movierec.db import connect
from movierec.training import snapshot
from movierec.training.folder import TrainingFolder
from tests import movielens
from tests.night import ingest

SECOND = 881_250_949
EVENT = (
    "insert into feedback_event (user_id, movie_id, kind, value, created_at) values (%s, %s, %s, %s, to_timestamp(%s))"
)


@pytest.fixture
def learn(conn, app, tmp_path, settings):
    """Take events (viewer, movie, kind, value) of one second after the other through a night to a dataset."""
    runs = iter(range(100))

    def snapshot_of(*events: tuple[int, int, str, int | None]) -> Dataset:
        run = f"night {next(runs)}"
        with connect(app) as other:
            for order, event in enumerate(events):
                other.execute(EVENT, [*event, SECOND + order])
        batch_id = ingest(conn, app, movielens.write(tmp_path / "data"), run)
        training_id = snapshot.open_training(conn, run, batch_id, seed=1)
        return retake(training_id)

    def retake(training_id: int) -> Dataset:
        folder = TrainingFolder.of(settings, training_id)
        snapshot.take_snapshot(conn, folder)
        return Dataset.load(folder.snapshot)

    snapshot_of.retake = retake
    return snapshot_of


def rating_and_weight(dataset: Dataset, viewer: int, movie: int) -> tuple[float | None, float | None]:
    rows = dataset.ratings[(dataset.ratings["user_id"] == viewer) & (dataset.ratings["movie_id"] == movie)]
    (row,) = rows[["rating", "weight"]].astype(object).where(rows[["rating", "weight"]].notna(), None).to_numpy()
    return None if row[0] is None else float(row[0]), None if row[1] is None else round(float(row[1]), 6)


def test_a_like_without_a_rating_counts_as_liked(learn):
    assert rating_and_weight(learn((11, 2, "like", None)), 11, 2) == (None, 1.0)


def test_a_dislike_after_a_like_wins_and_a_like_after_a_dislike_too(learn):
    dataset = learn((11, 2, "like", None), (11, 2, "dislike", None), (12, 2, "dislike", None), (12, 2, "like", None))
    assert rating_and_weight(dataset, 11, 2) == (None, 0.0)
    assert rating_and_weight(dataset, 12, 2) == (None, 1.0)


def test_a_verdict_outweighs_watching_and_else_the_weightiest_counts(learn):
    dataset = learn((11, 2, "dislike", None), (11, 2, "view", None), (12, 2, "view", None), (12, 2, "click", None))
    assert rating_and_weight(dataset, 11, 2) == (None, 0.0)
    assert rating_and_weight(dataset, 12, 2) == (None, 0.3)


def test_a_rating_outweighs_feedback(learn):
    assert rating_and_weight(learn((11, 1, "dislike", None)), 11, 1) == (4.0, None)


def test_kinds_without_a_weight_are_not_learned_from_and_a_changed_weight_counts_next_time(conn, learn):
    dataset = learn((11, 2, "view", None), (12, 2, "click", None))
    conn.execute("delete from ml.feedback_weight where kind = 'click'")
    conn.execute("update ml.feedback_weight set weight = 0.8 where kind = 'view'")
    conn.commit()
    again = learn.retake(1)
    assert rating_and_weight(dataset, 11, 2) == (None, 0.3)
    assert rating_and_weight(again, 11, 2) == (None, 0.8)
    assert 12 in set(dataset.ratings["user_id"])
    assert 12 not in set(again.ratings["user_id"])


def test_tags_names_billing_and_postcodes_arrive(conn, learn):
    learn()
    conn.execute("insert into core.tags values (10, 1, 'funny', to_timestamp(881250949))")
    conn.execute("insert into core.genome values (1, 'quirky', 0.75)")
    conn.execute("update core.person set name = 'Tom Hanks' where person_id = 'm.hanks'")
    conn.execute("update core.movie_person set billing = 3 where person_id = 'm.hanks'")
    conn.execute("update core.users set postcode = '85711' where user_id = 10")
    conn.commit()
    dataset = learn.retake(1)
    assert dataset.tags[["user_id", "movie_id", "tag"]].to_numpy().tolist() == [[10, 1, "funny"]]
    assert dataset.genome.to_numpy().tolist() == [[1, "quirky", 0.75]]
    (hanks,) = dataset.people.loc[dataset.people["person_id"] == "m.hanks", ["name", "billing"]].to_numpy().tolist()
    assert hanks == ["Tom Hanks", 3]
    assert dataset.users.set_index("user_id").loc[10, "postcode"] == "85711"
