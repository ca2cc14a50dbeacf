import numpy as np
import pandas as pd
import pytest

from movierec.data.splits import per_user_temporal
from movierec.promotion import guardrails
from movierec.rankers.ease import EASE
from movierec.rankers.popularity import Popularity
from movierec.training.data import fit_inputs
from tests import tastes
from tests.flawed_rankers import Constant, Disguise, NoNumber


@pytest.fixture(scope="module")
def known_side():
    dataset = tastes.dataset(users=60)
    return fit_inputs(dataset, per_user_temporal(dataset.ratings, seed=1)[0])


class NearlyConstant(EASE):
    """Has no opinion, but rounding errors."""

    def scores(self, users):
        noise = np.random.default_rng(1).normal(0, 1e-8, (len(users), self.history_.shape[1]))
        return (0.001 + 1e-7 * noise).astype(np.float32)


class Saturated(EASE):
    """Tells apart only movies that nobody is shown."""

    def scores(self, users):
        return np.where(super().scores(users) > np.float32(-9), np.arange(self.history_.shape[1]) > 5, 0).astype("f4")


def lists_of(ranker, known_side, users=range(1, 61)):
    return ranker.fit(*known_side).recommend(list(users), 10)


@pytest.mark.parametrize(
    ("ranker", "status", "words"),
    [
        (EASE, "holds", "the first 10 movies have one score for 0 of 60 viewers"),
        (Popularity, "broken", "all of 60 viewers get the same order of movies"),
        (Constant, "broken", "the first 10 movies have one score for 60 of 60 viewers"),
        (NearlyConstant, "broken", "the first 10 movies have one score for 60 of 60 viewers"),
        (Saturated, "broken", "the first 10 movies have one score for 60 of 60 viewers"),
        (NoNumber, "broken", "5400 of 5400 scores are not finite numbers"),
    ],
)
def test_scores_must_be_numbers_that_tell_movies_apart(known_side, ranker, status, words):
    found = guardrails.check_scores(ranker().fit(*known_side))
    assert (found.status, found.words) == (status, words)


def test_lists_that_are_popularitys_are_refused_and_others_are_not(known_side):
    popular = lists_of(Popularity(), known_side)
    assert guardrails.check_own_lists(lists_of(Disguise(), known_side), popular, 10).status == "broken"
    assert guardrails.check_own_lists(lists_of(EASE(), known_side), popular, 10).status == "holds"


def test_under_the_other_protocol_a_challenger_must_not_be_below_popularity_or_the_champion():
    rng = np.random.default_rng(2)
    base = rng.random(300)
    values = pd.DataFrame(
        {
            "popularity": base + 0.05,
            "recent_popularity": base + 0.5,  # refuses nobody
            "between": base + 0.02 + rng.normal(0, 0.01, 300),
            "alike": base + 0.05 + rng.normal(0, 0.1, 300),
            "champion": base + 0.2,
        }
    )
    check = guardrails.check_other_protocol
    below = check(values, "between", None, "global_temporal")
    assert below.status == "broken"
    assert below.words.startswith("under global_temporal it is below popularity by -0.03")
    holds = check(values, "alike", None, "global_temporal")
    assert holds.status == "holds"
    assert "differs from popularity by" in holds.words
    assert "not below beyond chance" in holds.words
    refused = check(values, "alike", "champion", "global_temporal")
    assert refused.status == "broken"
    assert "it is below the champion champion by -0.1" in refused.words
    assert "popularity" not in refused.words  # only what it is below of
    assert check(values, "alike", "gone", "global_temporal").status == "holds"
    assert check(values, "unknown", None, "global_temporal").status == "hurt"
    assert check(values[["alike"]], "alike", None, "global_temporal").status == "holds"


def test_the_better_one_of_both_popularities_is_what_counts():
    values = pd.DataFrame({"popularity": [0.1, 0.2], "recent_popularity": [0.2, 0.2], "ease": [1, 1]})
    assert guardrails.better_popularity(values) == "recent_popularity"
    assert guardrails.better_popularity(values.drop(columns="recent_popularity")) == "popularity"
    assert guardrails.better_popularity(values[["ease"]]) is None


def test_a_challenger_must_be_better_than_popularity_beyond_chance():
    rng = np.random.default_rng(1)
    values = pd.DataFrame({"popularity": rng.random(200)})
    values["same"] = rng.permutation(values["popularity"])
    values["better"] = values["popularity"] + 0.01
    assert guardrails.check_lead_over_popularity(values, "better").status == "holds"
    assert guardrails.check_lead_over_popularity(values, "same").status == "broken"
    assert guardrails.check_lead_over_popularity(values, "popularity").status == "broken"


@pytest.mark.parametrize("fault", ["a seen movie", "an unknown movie", "a short list", "a repeated movie", "no list"])
def test_everybody_must_get_a_whole_list(known_side, fault):
    lists = lists_of(EASE(), known_side)
    assert guardrails.check_lists(lists, known_side[0], range(1, 61), 10).status == "holds"
    last = lists.index[(lists["user_id"] == 60) & (lists["rank"] == 10)][0]
    ratings = known_side[0].ratings
    movie = {
        "a seen movie": ratings.loc[ratings["user_id"] == 60, "movie_id"].iloc[0],
        "an unknown movie": 12_345,
        "a repeated movie": lists.loc[lists["user_id"] == 60, "movie_id"].iloc[0],
    }
    dropped = {"a short list": lists.index == last, "no list": lists["user_id"] == 60}
    if fault in movie:
        lists.loc[last, "movie_id"] = movie[fault]
    else:
        lists = lists[~dropped[fault]]
    assert guardrails.check_lists(lists, known_side[0], range(1, 61), 10).status == "broken"


def test_a_list_may_be_short_where_the_catalogue_is(known_side):
    lists = EASE().fit(*known_side).recommend([1, 2], 1000)
    assert guardrails.check_lists(lists, known_side[0], [1, 2], 1000).status == "holds"


@pytest.mark.parametrize(("coverage", "status"), [(0.10, "holds"), (0.05, "holds"), (0.049, "hurt")])
def test_showing_less_than_half_of_what_the_champion_shows_is_a_doubt(coverage, status):
    assert guardrails.check_coverage(coverage, 0.10).status == status


def test_a_group_of_viewers_that_is_worse_off_is_named(known_side):
    index = pd.Index(range(1, 61), name="user_id")
    values = pd.DataFrame({"old": 0.5, "new": np.where(index % 2, 0.3, 0.9)}, index=index)
    found = guardrails.check_segments(values, "new", "old", known_side[0])
    assert found.status == "hurt"
    assert "gender F (-0.2000)" in found.words
    assert "gender M" not in found.words
    assert guardrails.check_segments(values.assign(new=0.51), "new", "old", known_side[0]).status == "holds"
