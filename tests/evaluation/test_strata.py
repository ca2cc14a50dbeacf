import numpy as np
import pandas as pd
import pytest

from movierec.data.dataset import Dataset
from movierec.evaluation.metrics import accuracy, relevant_pairs
from movierec.evaluation.strata import by_movie_stratum, by_stratum, strata

from .lists import LISTS, TEST, random_lists, random_test

COUNTS = {1: 0, 2: 3, 3: 9, 4: 10, 5: 20, 6: 30, 7: 40, 8: 50, 9: 60}


@pytest.fixture(scope="module")
def known_facts() -> Dataset:
    pairs = [(user, movie) for user, count in COUNTS.items() for movie in range(count)]
    ratings = pd.DataFrame(pairs, columns=["user_id", "movie_id"])
    users = pd.DataFrame(
        {
            "user_id": [1, 2, 4],
            "age": pd.array([17, 56, pd.NA], "Int64"),
            "gender": ["F", None, "M"],
            "occupation": None,
        }
    )
    movies = pd.DataFrame({"movie_id": range(70), "title": None, "release_year": pd.NA})
    timed = ratings.assign(rating=4.0, rated_at=pd.Timestamp("2000-01-01", tz="UTC"))
    return Dataset.of({"ratings": timed, "movies": movies, "users": users})


def stratum_of_users(frame: pd.DataFrame, dimension: str) -> dict[int, str]:
    rows = frame[frame["dimension"] == dimension]
    return dict(zip(rows["user_id"], rows["stratum"], strict=True))


def test_activity_has_newcomers_cold_users_and_terciles_of_the_others(known_facts: Dataset) -> None:
    low, medium, high = "low (10–20 ratings)", "medium (21–40 ratings)", "high (over 40 ratings)"
    cold = "cold (1–9 ratings)"
    expected = {1: "newcomer (0 ratings)", 2: cold, 3: cold, 4: low, 5: low, 6: medium, 7: medium, 8: high, 9: high}
    assert stratum_of_users(strata(known_facts, list(COUNTS)), "activity") == expected


def test_users_who_are_all_alike_are_in_one_stratum(known_facts: Dataset) -> None:
    assert stratum_of_users(strata(known_facts, [7]), "activity") == {7: "low (10–40 ratings)"}
    assert stratum_of_users(strata(known_facts, [1, 99]), "activity") == dict.fromkeys([1, 99], "newcomer (0 ratings)")
    assert stratum_of_users(strata(known_facts, [2, 3]), "activity") == dict.fromkeys([2, 3], "cold (1–9 ratings)")
    assert strata(known_facts, []).empty


def test_users_with_fewer_than_five_ratings_are_a_stratum_of_their_own(known_facts: Dataset) -> None:
    assert stratum_of_users(strata(known_facts, list(COUNTS)), "few ratings") == dict.fromkeys(
        [1, 2], "users (0–4 ratings)"
    )
    assert stratum_of_users(strata(known_facts, [4, 5]), "few ratings") == {}


def test_movies_with_fewer_than_five_ratings_are_evaluated_apart(known_facts: Dataset) -> None:
    # movie 40 was rated by 2 users, movie 61 by none, movie 10 by 5
    lists = pd.DataFrame([(1, 40, 1), (1, 10, 2), (2, 10, 1)], columns=["user_id", "movie_id", "rank"])
    relevant = pd.DataFrame([(1, 40), (1, 61), (2, 10)], columns=["user_id", "movie_id"])
    table = by_movie_stratum(lists, relevant, known_facts, (2,))
    few = table[table["dimension"] == "few ratings"].set_index(["stratum", "metric"])
    assert few.loc[("movies (0–4 ratings)", "recall"), ["mean", "users"]].tolist() == [1 / 2, 1]


def test_gender_and_age_only_where_they_are_known(known_facts: Dataset) -> None:
    assert stratum_of_users(strata(known_facts, list(COUNTS)), "gender") == {1: "F", 4: "M"}
    assert stratum_of_users(strata(known_facts, list(COUNTS)), "age") == {1: "under 18", 2: "56 and over"}


def test_a_stratum_is_averaged_with_its_interval_and_size() -> None:
    values = accuracy(LISTS, relevant_pairs(TEST, 4.0), (3,))
    groups = pd.DataFrame({"user_id": [1, 2, 4], "dimension": "gender", "stratum": ["F", "M", "M"]})
    table = by_stratum(values, groups).set_index(["stratum", "metric"])
    women, men = table.loc[("F", "recall")], table.loc[("M", "recall")]
    assert (women["mean"], women["low"], women["users"]) == (pytest.approx(2 / 3), pytest.approx(2 / 3), 1)
    assert (men["mean"], men["low"], men["high"], men["users"]) == ((1 + 0) / 2, 0, 1, 2)


def test_strata_of_one_dimension_add_up_to_the_whole(known_facts: Dataset) -> None:
    values = accuracy(random_lists(1), relevant_pairs(random_test(1), 4.0), (10,))
    table = by_stratum(values, strata(known_facts, values["user_id"]))
    ndcg = table[(table["dimension"] == "activity") & (table["metric"] == "ndcg")]
    assert ndcg["users"].sum() == len(values)
    assert (ndcg["mean"] * ndcg["users"]).sum() == pytest.approx(values["ndcg"].sum())


def test_cold_and_warm_movies_are_evaluated_apart(known_facts: Dataset) -> None:
    # movie 0 was rated by 8 users, movie 61 by none
    lists = pd.DataFrame([(1, 0, 1), (1, 5, 2), (2, 61, 1)], columns=["user_id", "movie_id", "rank"])
    relevant = pd.DataFrame([(1, 0), (1, 61), (2, 61)], columns=["user_id", "movie_id"])
    table = by_movie_stratum(lists, relevant, known_facts, (2,), cold=7).set_index(["stratum", "metric"])
    cold, warm = table.loc[("cold (0–7 ratings)", "recall")], table.loc[("warm (over 7 ratings)", "recall")]
    assert (cold["mean"], cold["users"]) == ((0 / 1 + 1 / 1) / 2, 2)
    assert (warm["mean"], warm["users"]) == (1 / 1, 1)
    assert np.isclose(table.loc[("cold (0–7 ratings)", "ndcg"), "mean"], (0 + 1) / 2)
