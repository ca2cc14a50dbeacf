"""What learned rankers learn from: how label windows are cut, graded and described, and who shares it."""

import gc
import weakref
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from movierec.data.dataset import Dataset
from movierec.data.history import History, is_liked
from movierec.errors import ModelError
from movierec.features.content import MovieFeatures
from movierec.rankers import registry
from movierec.rankers.building_blocks.fits import ANEW
from movierec.rankers.building_blocks.label_windows import WindowPlan, label_windows
from movierec.rankers.reranking import training_inputs as module
from movierec.rankers.reranking.training_inputs import grade_pairs, training_inputs

PLAN = WindowPlan(windows="time", label_share=0.2, folds=2, candidates=5, training_users=1_000, seed=0)


def plan(**parts: object) -> WindowPlan:
    return WindowPlan(**{**vars(PLAN), **parts})


def per_user(rows: pd.DataFrame) -> list[int]:
    return rows.groupby("user_id").size().tolist()


def keys(rows: pd.DataFrame) -> set[tuple[int, int]]:
    return set(zip(rows["user_id"], rows["movie_id"], strict=True))


def test_windows_in_time_are_cut_one_before_the_other(dataset: Dataset) -> None:
    (known, _, later), (before, _, between) = label_windows(dataset.ratings, PLAN)
    # 10 ratings each: 8 and the last 2; of the 8 ceil(6.4) and 1.
    assert set(per_user(known)) == {8}
    assert set(per_user(later)) == {2}
    assert set(per_user(before)) == {7}
    assert set(per_user(between)) == {1}
    assert keys(known) | keys(later) == keys(dataset.ratings)
    assert keys(before) | keys(between) == keys(known)


def test_a_second_window_is_cut_where_one_has_too_few_users(dataset: Dataset) -> None:
    def count(**parts: object) -> int:
        return len(list(label_windows(dataset.ratings, plan(folds=None, **parts))))

    everybody = dataset.ratings["user_id"].nunique()
    assert count(training_users=everybody) == 1
    assert count(training_users=everybody + 1) == 2
    assert count(windows="next", training_users=1) == 2


def test_later_rows_are_later(dataset: Dataset) -> None:
    for known, _, later in label_windows(dataset.ratings, PLAN):
        last, first = known.groupby("user_id")["rated_at"].max(), later.groupby("user_id")["rated_at"].min()
        assert (last < first).all()


@pytest.mark.parametrize(("share", "size"), [(0.1, 1), (0.2, 2), (0.25, 2), (0.01, 1)])
def test_random_windows_take_their_share_and_at_least_one(dataset: Dataset, share: float, size: int) -> None:
    for known, _, later in label_windows(dataset.ratings, plan(windows="random", label_share=share, folds=3)):
        assert set(per_user(later)) == {size}
        assert set(per_user(known)) == {10 - size}
        assert keys(known) | keys(later) == keys(dataset.ratings)


def test_random_windows_do_not_overlap_before_everything_was_in_one(dataset: Dataset) -> None:
    windows = [keys(later) for _, _, later in label_windows(dataset.ratings, plan(windows="random", folds=5))]
    assert set.union(*windows) == keys(dataset.ratings)
    assert sum(map(len, windows)) == len(dataset.ratings)


def test_random_windows_are_not_the_end_of_the_history(dataset: Dataset) -> None:
    ((_, _, later),) = label_windows(dataset.ratings, plan(windows="random", folds=1))
    place = dataset.ratings.groupby("user_id")["rated_at"].rank()
    assert place.loc[later.index].mean() == pytest.approx(5.5, abs=1)


def test_days_to_come_are_everybodys_ratings_after_one_moment(dataset: Dataset) -> None:
    (known, shown, later), (before, _, between) = label_windows(dataset.ratings, plan(windows="days"))
    assert shown is known
    assert known["rated_at"].max() < later["rated_at"].min()
    assert before["rated_at"].max() < between["rated_at"].min() <= known["rated_at"].max()
    assert len(later) <= 80
    assert set(later["user_id"]) <= set(known["user_id"])


def test_newcomers_of_the_days_to_come_are_in_no_window(dataset: Dataset) -> None:
    last = dataset.ratings["rated_at"].max()
    newcomer = dataset.ratings["user_id"] == 7
    late = dataset.ratings.assign(rated_at=dataset.ratings["rated_at"].mask(newcomer, last))
    ((known, _, later),) = label_windows(late, plan(windows="days", folds=1))
    assert 7 not in set(known["user_id"])
    assert 7 not in set(later["user_id"])


def test_next_ratings_are_held_out_one_by_one_and_known_to_no_fit(dataset: Dataset) -> None:
    first, second = label_windows(dataset.ratings, plan(windows="next"))
    assert first.known is second.known
    assert set(per_user(first.known)) == {8}
    assert set(per_user(first.later)) == set(per_user(second.later)) == {1}
    assert keys(second.shown) == keys(first.shown) | keys(first.later)
    assert keys(second.shown) | keys(second.later) == keys(dataset.ratings)
    last = dataset.ratings.groupby("user_id")["rated_at"].max()
    assert (second.later.set_index("user_id")["rated_at"] == last).all()


@pytest.mark.parametrize("windows", ["days", "next"])
def test_a_training_set_can_be_of_any_question(dataset: Dataset, features: MovieFeatures, windows: str) -> None:
    inputs = training_inputs(dataset, features, plan(windows=windows, candidates=30))
    assert inputs.training_set.grades.any()
    assert ("user_away" in inputs.training_set.names) == (windows == "days")
    assert inputs.generator.windows == windows


@pytest.mark.parametrize("windows", ["time", "random"])
def test_a_single_rating_stays_known(dataset: Dataset, windows: str) -> None:
    single = dataset.ratings.groupby("user_id").head(1)
    for known, _, later in label_windows(single, plan(windows=windows)):
        assert len(known) == 40
        assert later.empty


@pytest.mark.parametrize("windows", ["time", "random"])
def test_another_seed_may_cut_otherwise(dataset: Dataset, windows: str) -> None:
    tied = dataset.ratings.assign(rated_at=dataset.ratings["rated_at"].min())
    cuts = [keys(next(label_windows(tied, plan(windows=windows, seed=seed))).later) for seed in (0, 0, 1)]
    assert cuts[0] == cuts[1] != cuts[2]


def test_grades_tell_liked_rated_and_unrated(dataset: Dataset) -> None:
    later = pd.DataFrame({"user_id": [1, 1, 2], "movie_id": [2, 4, 6], "rating": [5.0, 2.0, 5.0], "weight": np.nan})
    liked = is_liked(later, 4.0)
    users, movies = np.array([0, 0, 0, 1]), np.array([1, 3, 5, 5])
    assert grade_pairs(later, liked, History.of(dataset), users, movies).tolist() == [2, 1, 0, 2]


def test_every_rated_movie_was_liked_where_nothing_says_from_when(dataset: Dataset, features: MovieFeatures) -> None:
    anything = replace(dataset, relevant_from=None)
    assert set(training_inputs(anything, features, PLAN).training_set.grades) == {0, 2}
    assert set(training_inputs(dataset, features, PLAN).training_set.grades) == {0, 1, 2}


def test_a_training_set_holds_the_unseen_candidates_of_every_user_of_every_window(
    dataset: Dataset, features: MovieFeatures
) -> None:
    given = training_inputs(dataset, features, plan(candidates=30)).training_set
    # Each may be shown what is not among their 8 known movies of 30 in the later window, their 7 in the earlier one.
    assert given.sizes.tolist() == [22] * 40 + [23] * 40
    assert given.matrix.shape == (40 * 22 + 40 * 23, len(given.names))
    assert np.count_nonzero(given.grades) == 40 * 2 + 40 * 1
    assert len(set(given.names)) == len(given.names)


def test_users_to_learn_from_can_be_few(dataset: Dataset, features: MovieFeatures) -> None:
    assert len(training_inputs(dataset, features, plan(training_users=10)).training_set.sizes) == 5 + 5
    assert len(training_inputs(dataset, features, plan(training_users=1)).training_set.sizes) == 1 + 1


def test_the_generator_is_fitted_on_everything_that_was_given(dataset: Dataset, features: MovieFeatures) -> None:
    np.testing.assert_array_equal(
        training_inputs(dataset, features, PLAN).generator.history.times, History.of(dataset).times
    )


def test_without_label_windows_there_is_no_training_set(dataset: Dataset, features: MovieFeatures) -> None:
    single = dataset.with_ratings(dataset.ratings.groupby("user_id").head(1))
    assert training_inputs(single, features, PLAN).training_set is None


def test_nothing_can_be_told_apart_where_everything_left_is_rated(dataset: Dataset, features: MovieFeatures) -> None:
    rows = pd.DataFrame(
        [(user, movie) for user in range(1, 9) for movie in range(1, 31)], columns=["user_id", "movie_id"]
    )
    moments = dataset.ratings["rated_at"].min() + pd.to_timedelta(rows["movie_id"], unit="D")
    everything = dataset.with_ratings(rows.assign(rating=5.0, rated_at=moments))
    assert training_inputs(everything, features, plan(folds=1)).training_set is None


def test_windows_of_an_unknown_kind_are_answered_with_the_allowed_ones(
    dataset: Dataset, features: MovieFeatures
) -> None:
    with pytest.raises(ModelError, match="'weekly' is not a kind of window; allowed are time, days, next, random"):
        training_inputs(dataset, features, plan(windows="weekly"))
    with pytest.raises(ModelError, match="allowed are time, days, next, random"):
        registry.create("random_forest", windows="weekly").fit(dataset, features)


def test_features_that_one_window_does_not_know_are_unknown_there(dataset: Dataset, features: MovieFeatures) -> None:
    # Everybody's first seven movies were watched, the others rated: the earlier window knows of no rating.
    ordered = dataset.ratings.sort_values(["user_id", "rated_at"])
    watched = ordered.groupby("user_id").cumcount() < 7
    mixed = ordered.assign(rating=ordered["rating"].mask(watched), weight=np.where(watched, 0.9, np.nan))
    late = dataset.with_ratings(mixed)
    given = training_inputs(late, features, PLAN)
    quality = given.training_set.matrix[:, given.training_set.names.index("movie_quality")]
    windows = np.split(quality, [given.training_set.sizes[:40].sum()])
    assert np.isfinite(windows[0]).all()
    assert np.isnan(windows[1]).all()
    for name, size in (
        ("hybrid", {"rounds": 2}),
        ("gradient_boosting", {"rounds": 2}),
        ("random_forest", {"trees": 2}),
    ):
        ranker = registry.create(name, **size, candidates=5).fit(late, features)
        table = ranker.generator_.table(np.arange(40))
        assert table.columns(ranker.feature_names_).shape == (len(table.rows), len(ranker.feature_names_))
        assert len(ranker.recommend(range(1, 41), 5)) == 40 * 5


def test_columns_come_by_name_whatever_their_order(dataset: Dataset, features: MovieFeatures) -> None:
    table = training_inputs(dataset, features, PLAN).generator.table(np.arange(3))
    found = table.columns([table.names[3], "of nobody", table.names[0]])
    np.testing.assert_array_equal(found[:, [0, 2]], table.matrix[:, [3, 0]])
    assert np.isnan(found[:, 1]).all()


def test_learned_rankers_of_one_dataset_share_what_they_learn_from(dataset: Dataset, features: MovieFeatures) -> None:
    given = replace(dataset)
    small = {"candidates": 5}
    boosting = registry.create("gradient_boosting", rounds=1, **small).fit(given, features)
    forest = registry.create("random_forest", trees=1, **small).fit(given, features)
    assert forest.generator_ is boosting.generator_
    assert (
        registry.create("random_forest", trees=1, candidates=6).fit(given, features).generator_ is not forest.generator_
    )
    equal = replace(dataset)
    assert registry.create("random_forest", trees=1, **small).fit(equal, features).generator_ is not forest.generator_


def test_other_features_of_one_dataset_are_not_mixed_up(dataset: Dataset, features: MovieFeatures) -> None:
    given = replace(dataset)
    mute = MovieFeatures(features.movie_ids, features.matrix, np.zeros_like(features.embeddings))
    assert "meaning_liked" in training_inputs(given, features, PLAN).training_set.names
    assert "meaning_liked" not in training_inputs(given, mute, PLAN).training_set.names


def test_what_was_learned_from_goes_with_the_dataset(dataset: Dataset, features: MovieFeatures) -> None:
    given = replace(dataset)
    training_inputs(given, features, PLAN)
    made, held = weakref.ref(module._cache[given][ANEW, *PLAN.plan_key()].training_set), weakref.ref(given)
    del given
    gc.collect()
    assert held() is None
    assert made() is None
