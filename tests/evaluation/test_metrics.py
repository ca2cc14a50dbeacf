import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score, ndcg_score

from movierec.errors import ModelError
from movierec.evaluation.metrics import ACCURACY, accuracy, relevant_pairs

from .lists import LISTS, TEST, random_lists, random_test

KS = (1, 3, 10, 25)


def value(user: int, name: str, k: int = 3) -> float:
    values = accuracy(LISTS, relevant_pairs(TEST, 4.0), (k,))
    return float(values.set_index("user_id").loc[user, name])


def test_precision_is_hits_over_k() -> None:
    assert value(1, "precision") == pytest.approx(2 / 3)
    assert value(2, "precision") == pytest.approx(1 / 3)


def test_a_list_shorter_than_k_is_not_more_precise_for_it() -> None:
    assert value(2, "precision", k=10) == pytest.approx(1 / 10)


def test_recall_is_hits_over_liked() -> None:
    assert value(1, "recall") == pytest.approx(2 / 3)
    assert value(2, "recall") == 1 / 1
    assert value(1, "recall", k=1) == pytest.approx(1 / 3)


def test_capped_recall_asks_for_no_more_than_fits() -> None:
    assert value(1, "recall_capped", k=1) == 1 / min(1, 3)
    assert value(1, "recall_capped", k=2) == 1 / min(2, 3)
    assert value(1, "recall_capped", k=4) == 3 / min(4, 3)


def test_f1_is_the_harmonic_mean() -> None:
    assert value(2, "f1") == pytest.approx(2 * (1 / 3) * 1 / (1 / 3 + 1))
    assert value(4, "f1") == 0


def test_ndcg_discounts_by_rank_against_the_best_possible_list() -> None:
    best = 1 / np.log2(2) + 1 / np.log2(3) + 1 / np.log2(4)
    assert value(1, "ndcg") == pytest.approx((1 / np.log2(2) + 1 / np.log2(4)) / best)
    assert value(2, "ndcg") == pytest.approx((1 / np.log2(3)) / (1 / np.log2(2)))


def test_the_ideal_list_is_no_longer_than_k() -> None:
    assert value(1, "ndcg", k=1) == 1


def test_map_averages_the_precision_at_every_hit() -> None:
    assert value(1, "map", k=4) == pytest.approx((1 / 1 + 2 / 3 + 3 / 4) / min(4, 3))
    assert value(1, "map", k=2) == pytest.approx((1 / 1) / min(2, 3))
    assert value(2, "map") == pytest.approx((1 / 2) / min(3, 1))


def test_mrr_is_one_over_the_rank_of_the_first_hit() -> None:
    assert (value(1, "mrr"), value(2, "mrr"), value(2, "mrr", k=1), value(4, "mrr")) == (1, 1 / 2, 0, 0)


def test_hit_rate_tells_whether_anything_was_found() -> None:
    assert (value(1, "hit_rate"), value(2, "hit_rate"), value(2, "hit_rate", k=1)) == (1, 1, 0)


def test_a_user_who_liked_nothing_is_left_out_and_one_without_a_list_scores_nothing() -> None:
    values = accuracy(LISTS, relevant_pairs(TEST, 4.0), (3,))
    assert values["user_id"].tolist() == [1, 2, 4]
    assert (values[values["user_id"] == 4][list(ACCURACY)] == 0).all(axis=None)


@pytest.mark.parametrize(
    ("relevant_from", "count"), [(4.0, 5), (5.0, 2), (None, 7), (0.5, 7), (6.0, 0)], ids=lambda value: f"{value}"
)
def test_the_threshold_decides_what_is_relevant(relevant_from: float | None, count: int) -> None:
    assert len(relevant_pairs(TEST, relevant_from)) == count


def test_feedback_without_a_rating_is_relevant_by_its_weight() -> None:
    feedback = pd.DataFrame({"user_id": 1, "movie_id": [1, 2, 3], "rating": [np.nan, np.nan, 5], "weight": [1, 0.4, 0]})
    assert relevant_pairs(feedback, 4.0)["movie_id"].tolist() == [1, 3]
    assert relevant_pairs(feedback, None)["movie_id"].tolist() == [1, 3]


def test_a_pair_that_stands_twice_counts_once() -> None:
    twice = pd.concat([TEST, TEST])
    pd.testing.assert_frame_equal(relevant_pairs(twice, 4.0), relevant_pairs(TEST, 4.0))


def test_huge_and_negative_ids_are_ids() -> None:
    names = {10: -5, 20: 2**62, 30: 2**40, 40: 7, 50: 8, 60: 9}
    renamed = [
        frame.assign(movie_id=frame["movie_id"].map(names), user_id=-frame["user_id"]) for frame in (LISTS, TEST)
    ]
    ours = accuracy(renamed[0], relevant_pairs(renamed[1], 4.0), (3,)).sort_values("user_id", ascending=False)
    expected = accuracy(LISTS, relevant_pairs(TEST, 4.0), (3,))
    np.testing.assert_array_equal(ours[list(ACCURACY)], expected[list(ACCURACY)])


SEEDS = range(3)


def in_ranxs_words(lists: pd.DataFrame, relevant: pd.DataFrame, k: int) -> dict[str, object]:
    """Say the same in ranx's words; names in which alphabetical order is that of the numbers."""
    names = {user: f"{user:04}" for user in relevant["user_id"].unique()}
    wanted = {names[user]: dict.fromkeys(map(str, rows["movie_id"]), 1) for user, rows in relevant.groupby("user_id")}
    shown = {
        names[user]: dict(zip(map(str, rows["movie_id"]), rows["score"], strict=True))
        for user, rows in lists[lists["user_id"].isin(names)].groupby("user_id")
    }
    metrics = [f"{name}@{k}" for name in ("precision", "recall", "f1", "ndcg", "map", "mrr", "hit_rate")]
    return {"qrels": wanted, "run": shown, "metrics": metrics}


def test_every_metric_is_that_of_an_independent_implementation() -> None:
    cases = [(random_lists(seed), relevant_pairs(random_test(seed), 4.0), k) for seed in SEEDS for k in KS]
    program = [sys.executable, Path(__file__).with_name("by_ranx.py")]
    question = json.dumps([in_ranxs_words(*case) for case in cases])
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1"}
    answer = subprocess.run(program, input=question, capture_output=True, text=True, check=True, env=environment)
    for (lists, relevant, k), theirs in zip(cases, json.loads(answer.stdout), strict=True):
        ours = accuracy(lists, relevant, (k,))
        for name in ("precision", "recall", "f1", "ndcg", "mrr", "hit_rate"):
            np.testing.assert_allclose(ours[name], theirs[f"{name}@{k}"], err_msg=f"{name}@{k}")
        # ranx divides recall and average precision by all that is relevant.
        sizes = relevant.groupby("user_id").size().to_numpy()
        uncapped = sizes / np.minimum(sizes, k)
        np.testing.assert_allclose(ours["recall_capped"], theirs[f"recall@{k}"] * uncapped)
        np.testing.assert_allclose(ours["map"], theirs[f"map@{k}"] * uncapped)


@pytest.mark.parametrize("seed", SEEDS)
def test_ndcg_and_map_of_whole_rankings_are_scikit_learns(seed: int) -> None:
    rng = np.random.default_rng(seed)
    relevance = rng.random((20, 50)) < 0.2
    scores = rng.random((20, 50))
    ranks = scores.shape[1] - scores.argsort(axis=1).argsort(axis=1)
    users, movies = np.indices(scores.shape)
    table = pd.DataFrame({"user_id": users.ravel(), "movie_id": movies.ravel(), "rank": ranks.ravel()})
    relevant = table[relevance.ravel()][["user_id", "movie_id"]]
    ours = accuracy(table, relevant, (10, 50))
    for k in (10, 50):
        ndcg = [ndcg_score(relevance[[user]], scores[[user]], k=k) for user in range(20)]
        np.testing.assert_allclose(ours.loc[ours["k"] == k, "ndcg"], ndcg)
    average = [average_precision_score(relevance[user], scores[user]) for user in range(20)]
    np.testing.assert_allclose(ours.loc[ours["k"] == 50, "map"], average)


def test_several_k_are_evaluated_as_one_by_one() -> None:
    lists, relevant = random_lists(5), relevant_pairs(random_test(5), 4.0)
    alone = [accuracy(lists, relevant, (k,)) for k in KS]
    pd.testing.assert_frame_equal(accuracy(lists, relevant, KS), pd.concat(alone, ignore_index=True))


def test_the_order_of_the_rows_does_not_matter() -> None:
    lists, test = random_lists(6), random_test(6)
    shuffled = accuracy(
        lists.sample(frac=1, random_state=1), relevant_pairs(test.sample(frac=1, random_state=1), 4.0), KS
    )
    pd.testing.assert_frame_equal(shuffled, accuracy(lists, relevant_pairs(test, 4.0), KS))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"movie_id": 10}, "name a movie that their user's list has already"),
        ({"rank": 1}, "do not count 1, 2, 3"),
        ({"rank": [1, 2, 3, 5, 1, 2, 3, 1]}, "do not count 1, 2, 3"),
        ({"rank": [0, 1, 2, 3, 0, 1, 2, 0]}, "do not count 1, 2, 3"),
    ],
)
def test_lists_that_would_count_a_hit_twice_are_refused(change: dict[str, object], words: str) -> None:
    with pytest.raises(ModelError, match=words):
        accuracy(LISTS.assign(**change), relevant_pairs(TEST, 4.0), (3,))


@pytest.mark.parametrize("ks", [(), (0,), (10, -1)])
def test_k_counts_from_one(ks: tuple[int, ...]) -> None:
    with pytest.raises(ModelError, match="whole numbers from 1"):
        accuracy(LISTS, relevant_pairs(TEST, 4.0), ks)


def test_nobody_to_judge_and_no_lists_are_tables_without_rows_and_zeros() -> None:
    assert accuracy(LISTS, relevant_pairs(TEST, 6.0), (3,)).empty
    nothing = accuracy(LISTS.head(0), relevant_pairs(TEST, 4.0), (3,))
    assert (nothing[list(ACCURACY)] == 0).all(axis=None)
    assert len(nothing) == 3
