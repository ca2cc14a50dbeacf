"""SLIT without S and T is SLIT with them."""

import numpy as np
import pandas as pd
import pytest

from movierec.data.dataset import Dataset
from movierec.data.history import History
from movierec.features.content import MovieFeatures
from movierec.rankers.building_blocks.by_popularity import PRIOR_COUNT
from movierec.rankers.ease import EASE
from movierec.rankers.slit import SLIT


def dataset(rows: list[tuple[int, int, float, float]], movies: int) -> Dataset:
    """Take (user, movie, rating, hour)."""
    frame = pd.DataFrame(rows, columns=["user_id", "movie_id", "rating", "hour"])
    timed = frame.assign(rated_at=pd.to_datetime((frame["hour"] * 3600).astype("int64"), unit="s", utc=True))
    catalogue = pd.DataFrame({"movie_id": np.arange(movies), "title": "t", "release_year": 1990})
    return Dataset.of({"ratings": timed, "movies": catalogue})


def sequences(users: int, movies: int, seed: int = 0) -> list[list[tuple[int, float]]]:
    """Draw (movie, signal) for each user; some have a single rating."""
    rng = np.random.default_rng(seed)
    lengths = np.concatenate([[1, 1, 2], rng.integers(2, movies, users - 3)])
    return [[(int(movie), rng.choice([0.3, 1.0])) for movie in rng.permutation(movies)[:length]] for length in lengths]


def rated(drawn: list[list[tuple[int, float]]], movies: int) -> Dataset:
    rows = [
        (user, movie, 5.0 if signal == 1 else 2.0, place)
        for user, own in enumerate(drawn)
        for place, (movie, signal) in enumerate(own)
    ]
    return dataset(rows, movies)


def cut_by_cut(
    drawn: list[list[tuple[int, float]]], n: int, lives: tuple[float, float], following: int
) -> tuple[np.ndarray, np.ndarray]:
    """Write S and T down, cut by cut."""
    S, T = [], []
    for own in drawn:
        for cut in range(1, len(own)):
            before, after = np.zeros((2, n)), np.zeros(n)
            for place, (movie, signal) in enumerate(own[:cut]):
                before[:, movie] = [signal * 0.5 ** ((cut - 1 - place) / life) for life in lives]
            for movie, signal in own[cut : cut + following]:
                after[movie] = signal
            S.append(before.ravel())
            T.append(after)
    length = np.linalg.norm(S, axis=1, keepdims=True)
    return np.array(S) / length * length.mean(), np.array(T)


def fit(facts: Dataset, **parameters: float) -> SLIT:
    return SLIT(**parameters).fit(facts, MovieFeatures.build(facts))


@pytest.mark.parametrize(("following", "lives"), [(1, (80.0, 8.0)), (3, (5.0, 1.0)), (50, (20.0, 2.0))])
def test_the_weights_are_those_of_the_regression_of_t_on_s(following: int, lives: tuple[float, float]) -> None:
    n = 12
    drawn = sequences(25, n)
    facts = rated(drawn, n)
    parameters = {"long_half_life": lives[0], "short_half_life": lives[1], "following": following}
    slit = SLIT(**parameters, regularisation=3.0, damping=0.4)
    S, T = cut_by_cut(drawn, n, lives, following)
    slit.movie_positions_ = np.arange(n)
    came_next, SS, ST = slit._sums(History.of(facts))
    np.testing.assert_allclose(came_next, T.sum(axis=0), rtol=1e-5)
    np.testing.assert_allclose(np.tril(SS), np.tril(S.T @ S), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(ST, S.T @ T, rtol=1e-4, atol=1e-4)
    B = np.linalg.solve(S.T @ S + 3.0 * np.eye(2 * n), S.T @ T) / (T.sum(axis=0) + PRIOR_COUNT) ** 0.4
    slit.fit(facts, MovieFeatures.build(facts))
    np.testing.assert_allclose(slit.weights_, B, rtol=1e-3, atol=1e-5)


def test_scores_are_the_whole_history_before_the_next_cut_times_the_weights() -> None:
    n = 12
    drawn = sequences(10, n)
    slit = fit(rated(drawn, n), long_half_life=10, short_half_life=2, regularisation=5)
    for user, own in enumerate(drawn):
        row = np.zeros((2, n))
        for place, (movie, signal) in enumerate(own):
            row[:, movie] = [signal * 0.5 ** ((len(own) - 1 - place) / life) for life in (10, 2)]
        np.testing.assert_allclose(slit.scores(np.array([user]))[0], row.ravel() @ slit.weights_, rtol=1e-4, atol=1e-6)


def test_what_follows_is_recommended_and_what_precedes_is_not() -> None:
    slit = fit(dataset([(user, movie, 5.0, movie) for user in range(30) for movie in (0, 1)], 3))
    first, second = np.array([0]), np.array([1])
    assert slit.item_weights(first, second)[0, 0] > 0
    assert slit.item_weights(second, first)[0, 0] == pytest.approx(0, abs=1e-7)


def test_nothing_follows_where_everybody_has_a_single_rating() -> None:
    slit = fit(dataset([(user, user % 3, 5.0, user) for user in range(9)], 4))
    assert not slit.weights_.any()
    assert slit.recommend([0], 2)["movie_id"].tolist() == [1, 2]


def test_one_rating_and_one_user_are_enough() -> None:
    assert not fit(dataset([(1, 0, 5.0, 0)], 2)).weights_.any()
    assert fit(dataset([(1, 0, 5.0, 0), (1, 1, 5.0, 1)], 2)).item_weights(np.array([0]), np.array([1])) > 0


def test_within_a_moment_there_is_no_direction() -> None:
    slit = fit(dataset([(user, movie, 5.0, 0) for user in range(400) for movie in (0, 1)], 2), regularisation=10)
    there, back = (slit.item_weights(np.array([a]), np.array([1 - a]))[0, 0] for a in (0, 1))
    assert there == pytest.approx(back, rel=0.25)


def test_feedback_that_says_nothing_teaches_nothing_and_breaks_nothing() -> None:
    facts = rated(sequences(10, 8), 8)
    silent = facts.with_ratings(facts.ratings.assign(rating=np.nan, weight=0.0))
    slit = fit(silent)
    assert not slit.weights_.any()
    half = facts.ratings.assign(weight=np.where(facts.ratings["movie_id"] < 4, 0.0, np.nan))
    half["rating"] = half["rating"].where(half["weight"].isna())
    assert np.isfinite(fit(facts.with_ratings(half)).weights_).all()


def test_users_who_are_folded_in_are_scored_like_those_learned_from() -> None:
    facts = rated(sequences(25, 12), 12)
    slit = fit(facts)
    some = facts.with_ratings(facts.ratings[facts.ratings["user_id"] >= 20])
    folded = slit.fold_in(some)
    np.testing.assert_array_equal(folded.scores(np.arange(5)), slit.scores(np.arange(20, 25)))


def test_movies_outside_the_model_take_no_part() -> None:
    drawn = sequences(25, 12)
    facts = rated(drawn, 12)
    slit = fit(facts, max_movies=5)
    counts = facts.ratings["movie_id"].value_counts()
    inside = sorted(counts.index, key=lambda movie: (-counts[movie], movie))[:5]
    outside = np.setdiff1d(np.arange(12), inside)
    assert slit.movie_positions_.tolist() == sorted(inside)
    assert slit.weights_.shape == (10, 5)
    scores = slit.scores(np.arange(25))
    assert (scores[:, outside].max(axis=1) <= scores[:, slit.movie_positions_].min(axis=1)).all()
    everything = slit.item_weights(np.arange(12), np.arange(12))
    assert not everything[outside].any()
    assert not everything[:, outside].any()
    shortened = [[(movie, signal) for movie, signal in own if movie in inside] for own in drawn]
    S, T = cut_by_cut(shortened, 12, (80.0, 8.0), 3)
    kept = np.concatenate([slit.movie_positions_, slit.movie_positions_ + 12])
    B = np.linalg.solve(
        (S.T @ S)[np.ix_(kept, kept)] + 4500 * np.eye(10), (S.T @ T)[np.ix_(kept, slit.movie_positions_)]
    )
    np.testing.assert_allclose(
        slit.weights_, B / (T.sum(axis=0)[slit.movie_positions_] + PRIOR_COUNT) ** 0.3, rtol=1e-3, atol=1e-7
    )


RING = 30
RUN = 8


def ring_histories(shuffled: bool) -> Dataset:
    """Everybody watches eight movies of a ring one after the other; every order is the same, every start another."""
    rng = np.random.default_rng(5)
    rows = []
    for user, start in enumerate(rng.integers(0, RING, 300)):
        hours = rng.permutation(RUN) if shuffled else np.arange(RUN)
        rows += [(user, (start + step) % RING, 5.0, hour) for step, hour in zip(range(RUN), hours, strict=True)]
    return dataset(rows, RING)


def share_found_first(ranker: SLIT | EASE, true: Dataset) -> float:
    """Return how many users are recommended first what comes next on the ring."""
    last = true.ratings.sort_values("rated_at").groupby("user_id")["movie_id"].last()
    first = ranker.recommend(last.index, 1).set_index("user_id")["movie_id"]
    return float((first == (last + 1) % RING).mean())


def test_true_times_bring_the_next_movie_and_shuffled_times_bring_nothing() -> None:
    true, shuffled = ring_histories(False), ring_histories(True)
    features = MovieFeatures.build(true)
    ease = share_found_first(EASE(50).fit(true, features), true)
    assert ease < 0.75  # it cannot tell what comes before the run from what comes after it
    assert share_found_first(SLIT(regularisation=50).fit(true, features), true) > 0.95
    assert share_found_first(SLIT(regularisation=50).fit(shuffled, features), true) <= ease + 0.05
