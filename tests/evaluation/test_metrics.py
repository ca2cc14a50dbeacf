import numpy as np
import pandas as pd
import pytest

from movierec.evaluation.metrics import per_user, summarise

# User 1 likes 10, 20 and 30, user 2 likes 10, user 3 likes nothing, user 4 gets no list.
TEST = pd.DataFrame(
    [(1, 10, 5.0), (1, 20, 4.0), (1, 30, 4.0), (1, 40, 3.0), (2, 10, 4.0), (3, 10, 3.5), (4, 10, 5.0)],
    columns=["user_id", "movie_id", "rating"],
)
LISTS = pd.DataFrame(
    [(1, 10, 1), (1, 40, 2), (1, 20, 3), (1, 30, 4), (2, 20, 1), (2, 10, 2), (2, 50, 3), (3, 60, 1)],
    columns=["user_id", "movie_id", "rank"],
)


def value(user: int, name: str, k: int = 3) -> float:
    return float(per_user(LISTS, TEST, k=k).set_index("user_id").loc[user, name])


def test_precision_is_hits_over_k() -> None:
    assert value(1, "precision") == pytest.approx(2 / 3)
    assert value(2, "precision") == pytest.approx(1 / 3)


def test_recall_is_hits_over_liked() -> None:
    assert value(1, "recall") == pytest.approx(2 / 3)
    assert value(2, "recall") == 1 / 1


def test_f1_is_the_harmonic_mean() -> None:
    assert value(2, "f1") == pytest.approx(2 * (1 / 3) * 1 / (1 / 3 + 1))
    assert value(4, "f1") == 0


def test_ndcg_discounts_by_rank_against_the_best_possible_list() -> None:
    best = 1 / np.log2(2) + 1 / np.log2(3) + 1 / np.log2(4)
    assert value(1, "ndcg") == pytest.approx((1 / np.log2(2) + 1 / np.log2(4)) / best)
    assert value(2, "ndcg") == pytest.approx((1 / np.log2(3)) / (1 / np.log2(2)))


def test_the_ideal_list_is_no_longer_than_k() -> None:
    assert value(1, "ndcg", k=1) == 1


def test_a_user_who_liked_nothing_is_left_out_and_one_without_a_list_scores_nothing() -> None:
    values = per_user(LISTS, TEST, k=3)
    assert values["user_id"].tolist() == [1, 2, 4]
    assert values.iloc[2, 1:].tolist() == [0, 0, 0, 0]


def test_the_summary_averages_and_counts() -> None:
    summary = summarise(per_user(LISTS, TEST, k=3), LISTS, TEST, movies=8, k=3)
    assert summary.precision == pytest.approx((2 / 3 + 1 / 3 + 0) / 3)
    assert summary.coverage == 4 / 8  # 10, 20, 40 and 50; rank 4 and user 3 do not count
    assert (summary.users, summary.users_without_relevant) == (3, 1)


def test_nobody_to_judge_is_zero_and_not_an_error() -> None:
    disliked = TEST.assign(rating=1.0)
    summary = summarise(per_user(LISTS, disliked), LISTS, disliked, movies=8)
    assert (summary.ndcg, summary.coverage, summary.users, summary.users_without_relevant) == (0, 0, 0, 4)
