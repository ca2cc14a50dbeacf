"""Nearness in the order of histories, against writing it out."""

import numpy as np
import pandas as pd
import pytest

from movierec.data.dataset import Dataset
from movierec.features.content import MovieFeatures
from movierec.rankers.reranking.nearby import MAX_DISTANCE_SCALES, Nearby

MOVIES = 15


def random_histories(seed: int = 2) -> list[list[tuple[int, float]]]:
    rng = np.random.default_rng(seed)
    lengths = [1, 1, 2, *rng.integers(3, MOVIES, 15)]
    return [[(int(movie), rng.choice([0.3, 1.0])) for movie in rng.permutation(MOVIES)[:size]] for size in lengths]


def dataset(histories: list[list[tuple[int, float]]]) -> Dataset:
    rows = [
        (user, movie, 5.0 if signal == 1 else 1.0, pd.Timestamp(place, unit="D", tz="UTC"))
        for user, own in enumerate(histories)
        for place, (movie, signal) in enumerate(own)
    ]
    ratings = pd.DataFrame(rows, columns=["user_id", "movie_id", "rating", "rated_at"])
    catalogue = pd.DataFrame({"movie_id": np.arange(MOVIES + 1), "title": "t", "release_year": 1990})
    return Dataset.of({"ratings": ratings, "movies": catalogue})


def fit(facts: Dataset, **parameters: float) -> Nearby:
    return Nearby(**parameters).fit(facts, MovieFeatures.build(facts))


@pytest.mark.parametrize("scale", [0.5, 2.0, 30.0])
def test_weights_are_shared_nearness_over_the_counts(scale: float) -> None:
    histories = random_histories()
    K, counts = np.zeros((MOVIES + 1, MOVIES + 1)), np.zeros(MOVIES + 1)
    for own in histories:
        for p, (i, a) in enumerate(own):
            counts[i] += 1
            for q, (j, b) in enumerate(own):
                is_near = i != j and abs(p - q) <= int(MAX_DISTANCE_SCALES * scale)
                K[i, j] += a * b * np.exp(-abs(p - q) / scale) * is_near
    expected = K / np.sqrt(np.outer(np.maximum(counts, 1), np.maximum(counts, 1)))
    everything = np.arange(MOVIES + 1)
    found = fit(dataset(histories), scale=scale, neighbours=100).item_weights(everything, everything)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-7)


def test_a_movie_keeps_its_nearest_alone() -> None:
    facts = dataset(random_histories())
    everything = np.arange(MOVIES + 1)
    whole = fit(facts, neighbours=100).item_weights(everything, everything)
    few = fit(facts, neighbours=3).item_weights(everything, everything)
    assert (np.count_nonzero(few, axis=0) <= 3).all()
    for movie in range(MOVIES):
        np.testing.assert_allclose(np.sort(few[:, movie])[-3:], np.sort(whole[:, movie])[-3:], rtol=1e-6)


def test_scores_sum_up_over_the_history_and_the_others_follow_by_popularity() -> None:
    histories = random_histories()
    nearby = fit(dataset(histories))
    everything = np.arange(MOVIES + 1)
    weights = nearby.item_weights(everything, everything)
    scores = nearby.scores(np.arange(len(histories)))
    for user, own in enumerate(histories):
        total = sum(signal * weights[movie] for movie, signal in own)
        np.testing.assert_allclose(scores[user][total > 0], total[total > 0], rtol=1e-4)
        assert (scores[user][total <= 0] <= 0).all()
    assert scores[0, MOVIES] == -1  # nobody rated it


def test_who_is_folded_in_is_scored_like_those_learned_from() -> None:
    facts = dataset(random_histories())
    nearby = fit(facts)
    some = nearby.fold_in(facts.with_ratings(facts.ratings[facts.ratings["user_id"] >= 10]))
    np.testing.assert_array_equal(some.scores(np.arange(8)), nearby.scores(np.arange(10, 18)))
