import numpy as np
import pandas as pd
import pytest

from movierec.data.dataset import Dataset, empty
from movierec.features.content import MovieFeatures
from movierec.publishing.evidence import evidence
from movierec.rankers import registry
from movierec.rankers.base import Ranker


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    """Users 1 to 8 rate 10, 20 and 30; user 9 likes 10, less so 20, and has not seen 30; 40 is alone."""
    rows = [(user, movie, 5.0) for user in range(1, 9) for movie in (10, 20, 30)]
    ratings = pd.DataFrame(
        [*rows, (9, 10, 5.0), (9, 20, 2.0), (10, 40, 3.0)], columns=["user_id", "movie_id", "rating"]
    )
    movies = pd.DataFrame({"movie_id": [10, 20, 30, 40], "title": None, "release_year": pd.NA})
    nothing = {table: empty(table) for table in ("users", "genres", "people", "countries")}
    return Dataset(ratings=ratings.assign(rated_at=pd.Timestamp("1998-01-01", tz="UTC")), movies=movies, **nothing)


def because(dataset: Dataset, ranker: str, *pairs: tuple[int, int]) -> list[int | None]:
    fitted = registry.create(ranker).fit(dataset, MovieFeatures.build(dataset))
    frame = pd.DataFrame(pairs, columns=["user_id", "movie_id"], index=range(5, 5 + len(pairs)))
    found = evidence(frame, fitted)
    assert str(found["because_movie_id"].dtype) == "Int64"
    pd.testing.assert_frame_equal(found[["user_id", "movie_id"]], frame)
    return [None if pd.isna(value) else int(value) for value in found["because_movie_id"]]


@pytest.mark.parametrize("ranker", ["ease", "item_knn", "hybrid"])
def test_the_liked_movie_is_named_and_not_the_disliked_one(dataset: Dataset, ranker: str) -> None:
    assert because(dataset, ranker, (9, 30)) == [10]


@pytest.mark.parametrize("ranker", ["ease", "item_knn", "hybrid"])
def test_nothing_is_named_where_nothing_contributed(dataset: Dataset, ranker: str) -> None:
    assert because(dataset, ranker, (10, 30), (9, 30), (9, 40), (10_000, 30)) == [None, 10, None, None]


@pytest.mark.parametrize("ranker", ["ease", "item_knn", "hybrid"])
def test_the_best_of_a_harsh_viewers_low_ratings_was_not_liked(dataset: Dataset, ranker: str) -> None:
    harsh = pd.DataFrame([(11, 10, 2.0), (11, 20, 1.0)], columns=["user_id", "movie_id", "rating"])
    rated_at = pd.Timestamp("1998-01-01", tz="UTC")
    facts = dataset.with_ratings(pd.concat([dataset.ratings, harsh.assign(rated_at=rated_at)]))
    assert because(facts, ranker, (11, 30), (9, 30)) == [None, 10]


def test_a_ranker_without_pairs_of_movies_has_no_evidence(dataset: Dataset) -> None:
    assert because(dataset, "popularity", (9, 30)) == [None]


def test_no_recommendations_give_no_rows(dataset: Dataset) -> None:
    assert because(dataset, "ease") == []


@pytest.mark.parametrize("ranker", sorted(registry.RANKERS))
def test_whatever_is_named_was_liked(dataset: Dataset, ranker: str) -> None:
    fitted = registry.create(ranker).fit(dataset, MovieFeatures.build(dataset))
    found = evidence(fitted.recommend(range(1, 11), 4), fitted).dropna(subset="because_movie_id")
    rated = found.merge(dataset.ratings, left_on=["user_id", "because_movie_id"], right_on=["user_id", "movie_id"])
    means = dataset.ratings.groupby("user_id")["rating"].mean()
    assert len(rated) == len(found)
    assert (rated["rating"] >= 4).all()
    assert (rated["rating"].to_numpy() >= means.loc[rated["user_id"]].to_numpy()).all()
    assert np.isfinite(found["score"]).all()


START = pd.Timestamp("1998-01-01", tz="UTC")
SMALL = {"hybrid": {"rounds": 5}, "neural": {"architecture": "autoencoder", "epochs": 2}}


@pytest.fixture(scope="module")
def drifting() -> Dataset:
    """Eighty users rate twelve of 24 movies, one a day, and like some of them."""
    rng = np.random.default_rng(2)
    rows = [
        (user, int(movie), float(rng.integers(1, 6)), START + pd.Timedelta(days=day))
        for user in range(80)
        for day, movie in enumerate(rng.choice(np.arange(user % 2, 24), 12, replace=False))
    ]
    ratings = pd.DataFrame(rows, columns=["user_id", "movie_id", "rating", "rated_at"])
    movies = pd.DataFrame({"movie_id": range(24), "title": [f"Film {i}" for i in range(24)], "release_year": 1990})
    return Dataset.of({"ratings": ratings, "movies": movies})


def fit(name: str, dataset: Dataset) -> Ranker:
    return registry.create(name, **SMALL.get(name, {})).fit(dataset, MovieFeatures.build(dataset))


def added(ranker: Ranker, user: int) -> np.ndarray:
    """Return what each rating of a user adds to the score of every movie."""
    history = ranker.history_
    rated = history.movies[history.users == user]
    return next(iter(ranker.contributions(np.array([user]), [rated], [np.arange(history.shape[1])])))


@pytest.mark.parametrize("name", ["ease", "item_knn", "slim", "slit", "user_knn", "ials"])
def test_what_the_movies_of_a_history_add_makes_up_the_score(drifting: Dataset, name: str) -> None:
    ranker = fit(name, drifting)
    for user in (0, 7, 79):
        scores = ranker.scores(np.array([user]))[0]
        scored = scores > 0  # the others follow by popularity
        assert scored.sum() > 5
        np.testing.assert_allclose(added(ranker, user).sum(axis=0)[scored], scores[scored], rtol=2e-3, atol=1e-5)


def test_what_adds_to_a_blend_is_standardised_like_its_scores(drifting: Dataset) -> None:
    ranker = fit("blend", drifting)
    everything, scores = added(ranker, 7).sum(axis=0), ranker.scores(np.array([7]))[0]
    unseen = np.setdiff1d(np.arange(24), ranker.history_.movies[ranker.history_.users == 7])
    assert np.corrcoef(everything[unseen], scores[unseen])[0, 1] > 0.99


def test_content_adds_what_is_near_recent_and_liked(drifting: Dataset) -> None:
    ranker = fit("content", drifting)
    weights = ranker.history_weights(np.flatnonzero(ranker.history_.users == 7))
    level = np.log1p(ranker.training_history_.counts)
    expected = ranker.scores(np.array([7]))[0] - ranker.popularity_weight * level / level.max()
    np.testing.assert_allclose(added(ranker, 7).sum(axis=0) / weights.sum(), expected, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("name", ["content", "slit", "hybrid"])
def test_the_more_recent_of_two_equals_is_named(name: str) -> None:
    """Two movies that everybody rates with a third: users 0 and 1 rated one of them long ago, in turn."""
    fillers = [(day, 3 + day) for day in range(1, 31)]
    rows = [(user, movie, day) for user in range(2, 42) for day, movie in enumerate((0, 1) if user % 2 else (1, 0))]
    rows += [(user, 2, 2) for user in range(2, 42)]
    rows += [(user, movie, day) for user in range(2) for day, movie in fillers]
    rows += [(0, 0, 0), (0, 1, 40), (1, 1, 0), (1, 0, 40)]
    frame = pd.DataFrame(rows, columns=["user_id", "movie_id", "day"])
    ratings = frame.assign(rating=5.0, rated_at=START + pd.to_timedelta(frame["day"], unit="D"))
    movies = pd.DataFrame({"movie_id": range(34), "title": None, "release_year": pd.NA})
    ranker = fit(name, Dataset.of({"ratings": ratings, "movies": movies}))
    lists = pd.DataFrame({"user_id": [0, 1], "movie_id": 2})
    assert evidence(lists, ranker)["because_movie_id"].tolist() == [1, 0]


@pytest.mark.parametrize("name", sorted(registry.RANKERS))
def test_evidence_does_not_depend_on_who_else_is_asked_about(drifting: Dataset, name: str) -> None:
    ranker = fit(name, drifting)
    lists = ranker.recommend([3, 8, 21], 4)
    together = evidence(lists, ranker)
    apart = [evidence(lists[lists["user_id"] == user], ranker) for user in (3, 8, 21)]
    pd.testing.assert_frame_equal(together, pd.concat(apart))


@pytest.mark.parametrize("name", ["blend", "user_knn", "ials", "slit"])
def test_who_is_folded_in_gets_evidence_too(drifting: Dataset, name: str) -> None:
    some = drifting.ratings[drifting.ratings["user_id"] > 70]
    strangers = drifting.with_ratings(some.assign(user_id=some["user_id"] + 1000))
    folded = fit(name, drifting).fold_in(strangers)
    found = evidence(folded.recommend([1072, 1075], 4), folded)["because_movie_id"]
    assert found.notna().mean() > 0.5
