import numpy as np
import pandas as pd
import pytest

from movierec.data.dataset import Dataset
from movierec.errors import ModelError
from movierec.evaluation.evaluate import METRICS, TOTALS, Evaluation, drawn_users, evaluate, evaluate_together
from movierec.features.content import MovieFeatures
from movierec.rankers.popularity import Popularity

DAY = pd.Timestamp("2000-01-01", tz="UTC")
# How many users rated each movie: 1 six times, 2 five times, … 6 once.
PAIRS = [(user, movie) for movie in range(1, 7) for user in range(1, 8 - movie)]
TEST = pd.DataFrame(
    [(1, 7, 5.0), (6, 2, 4.0), (6, 3, 2.0), (5, 3, 1.0), (99, 1, 5.0)], columns=["user_id", "movie_id", "rating"]
)


@pytest.fixture(scope="module")
def known_facts() -> Dataset:
    ratings = pd.DataFrame(PAIRS, columns=["user_id", "movie_id"]).assign(rating=4.0, rated_at=DAY)
    movies = pd.DataFrame({"movie_id": range(1, 9), "title": [f"Film {i}" for i in range(8)], "release_year": 1990})
    return Dataset.of({"ratings": ratings, "movies": movies})


@pytest.fixture(scope="module")
def features(known_facts: Dataset) -> MovieFeatures:
    return MovieFeatures.build(known_facts)


@pytest.fixture(scope="module")
def ranker(known_facts: Dataset, features: MovieFeatures) -> Popularity:
    return Popularity().fit(known_facts, features)


def test_those_who_liked_something_are_evaluated_once_for_every_k(ranker: Popularity) -> None:
    evaluation = evaluate(ranker, TEST, (1, 3), relevant_from=4.0)
    assert list(evaluation.values.columns) == ["user_id", "k", *METRICS]
    assert list(zip(evaluation.values["k"], evaluation.values["user_id"], strict=True)) == [
        (1, 1), (1, 6), (1, 99), (3, 1), (3, 6), (3, 99),
    ]  # fmt: skip
    assert evaluation.unevaluated_users == 1
    assert evaluation.seconds >= 0


def test_of_more_users_than_wanted_the_same_ones_are_drawn_for_every_ranker(ranker: Popularity) -> None:
    whole = evaluate(ranker, TEST, (1,), relevant_from=4.0)
    drawn = evaluate_together([ranker, ranker], TEST, (1,), relevant_from=4.0, max_users=2)
    assert [isinstance(each, Evaluation) for each in drawn] == [True, True]
    users = [each.at(1).index.tolist() for each in drawn if isinstance(each, Evaluation)]
    assert users[0] == users[1] == drawn_users(np.array([1, 6, 99]), 2).tolist()
    for each in drawn:
        assert isinstance(each, Evaluation)
        assert each.lists["user_id"].unique().tolist() == users[0]
        assert (each.unevaluated_users, each.drawn_from) == (1, 3)
        pd.testing.assert_frame_equal(each.at(1), whole.at(1).loc[users[0]])


def test_whoever_is_drawn_is_drawn_again_when_others_come_or_go() -> None:
    users = np.arange(1, 10_001)
    drawn = drawn_users(users, 2_000)
    assert np.all(np.diff(drawn) > 0)
    assert abs(drawn.mean() - users.mean()) < 300  # from all of them
    later = drawn_users(np.delete(np.arange(1, 11_001), np.arange(0, 500)), 2_000)
    assert len(later) == 2_000
    assert len(np.setdiff1d(later[(later > 500) & (later <= 10_000)], drawn)) < 100
    assert drawn_users(users, 10_000) is users


def test_the_most_popular_unseen_movie_comes_first(ranker: Popularity) -> None:
    # User 1 has seen 1 to 6, so 7 leads (of two that nobody rated); user 6 has seen 1, so 2 leads.
    values = evaluate(ranker, TEST, (1,), relevant_from=4.0).at(1)
    assert values["ndcg"].to_dict() == {1: 1, 6: 1, 99: 1}
    with_seen = evaluate(ranker, TEST, (1,), relevant_from=4.0, exclude_seen=False).at(1)
    assert with_seen["ndcg"].to_dict() == {1: 0, 6: 0, 99: 1}


def test_pairs_to_exclude_are_not_in_the_lists(ranker: Popularity) -> None:
    exclude = pd.DataFrame({"user_id": [6], "movie_id": [2]})
    lists = evaluate(ranker, TEST, (3,), relevant_from=4.0, exclude=exclude).lists
    assert lists.loc[lists["user_id"] == 6, "movie_id"].tolist() == [3, 4, 5]


def test_a_stranger_is_evaluated_by_the_newcomers_list(ranker: Popularity) -> None:
    lists = evaluate(ranker, TEST, (3,), relevant_from=4.0).lists
    assert lists.loc[lists["user_id"] == 99, "movie_id"].tolist() == [1, 2, 3]


def test_novelty_and_totals_are_of_what_was_shown(ranker: Popularity) -> None:
    evaluation = evaluate(ranker, TEST, (1,), relevant_from=4.0)
    shown = {1: 7, 6: 2, 99: 1}
    raters = {7: 1, 2: 5, 1: 6}  # 7: nobody, counted as one
    novelty = evaluation.at(1)["novelty"]
    assert novelty.to_dict() == pytest.approx({user: -np.log2(raters[movie] / 6) for user, movie in shown.items()})
    totals = evaluation.totals.set_index("k").loc[1]
    assert totals["coverage"] == 3 / 8
    assert totals["gini"] == pytest.approx(1 - 3 / 8)  # three of eight movies have everything, in equal parts


def test_diversity_needs_features(ranker: Popularity, features: MovieFeatures) -> None:
    assert evaluate(ranker, TEST, (3,), relevant_from=4.0).values["diversity"].isna().all()
    assert evaluate(ranker, TEST, (3,), relevant_from=4.0, features=features).values["diversity"].between(0, 1).all()


def test_means_are_over_the_evaluated_users(ranker: Popularity) -> None:
    evaluation = evaluate(ranker, TEST, (1, 3), relevant_from=4.0)
    means = evaluation.means()
    assert list(means.columns) == [*METRICS, *TOTALS]
    assert means.loc[3, "ndcg"] == pytest.approx(evaluation.at(3)["ndcg"].mean())


def test_every_rated_movie_is_relevant_without_a_threshold(ranker: Popularity) -> None:
    assert evaluate(ranker, TEST, relevant_from=None).values["user_id"].tolist() == [1, 5, 6, 99]


def test_nobody_to_judge_is_no_error(ranker: Popularity, features: MovieFeatures) -> None:
    evaluation = evaluate(ranker, TEST, relevant_from=6.0, features=features)
    assert evaluation.values.empty
    assert evaluation.unevaluated_users == 4
    assert evaluation.means()["coverage"].tolist() == [0]
    assert evaluation.means().drop(columns="coverage").isna().all(axis=None)


def test_lists_of_no_length_cannot_be_evaluated(ranker: Popularity) -> None:
    with pytest.raises(ModelError, match="whole numbers from 1"):
        evaluate(ranker, TEST, (0,), relevant_from=4.0)
