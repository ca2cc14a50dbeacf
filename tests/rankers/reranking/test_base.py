"""What the learned rankers share: the order of what no model scores, rows and their importance, random forests."""

from collections.abc import Callable

import numpy as np
import pytest

from movierec.data.dataset import Dataset, empty
from movierec.features.content import MovieFeatures
from movierec.rankers import registry
from movierec.rankers.building_blocks.fits import ANEW
from movierec.rankers.building_blocks.label_windows import WindowPlan
from movierec.rankers.reranking.base import LearnedRanker, _below_candidates
from movierec.rankers.reranking.candidates import CandidateGenerator
from movierec.rankers.reranking.forest import Forest
from movierec.rankers.reranking.random_forest import RandomForest
from movierec.rankers.reranking.training_set import TrainingSet

FEW = WindowPlan(candidates=5)
SMALL = {"hybrid": {"rounds": 5}, "gradient_boosting": {"rounds": 5}, "random_forest": {"trees": 5}}
# Three users with 4, 2 and 3 candidates.
TRAINING_SET = TrainingSet.of(
    matrix=np.arange(18, dtype=np.float32).reshape(9, 2),
    names=["a", "b"],
    grades=np.array([0, 2, 0, 0, 1, 0, 0, 0, 2]),
    sizes=np.array([4, 2, 3]),
)


@pytest.fixture(scope="module", params=sorted(SMALL))
def fitted(request: pytest.FixtureRequest, dataset: Dataset, features: MovieFeatures) -> LearnedRanker:
    ranker = registry.create(request.param, **SMALL[request.param], candidates=2).fit(dataset, features)
    assert isinstance(ranker, LearnedRanker)
    return ranker


def test_all_rated_candidates_stay_and_others_as_many_as_fit() -> None:
    few = TRAINING_SET.thinned(7, seed=0)
    assert len(few.numbers) == len(few.grades) == few.sizes.sum() == 7
    assert few.grades[few.grades > 0].tolist() == [2, 1, 2]
    assert (np.diff(few.values[:, 0]) > 0).all()  # still in order, so that sizes hold


def test_sizes_are_those_of_the_rows_that_are_left() -> None:
    few = TRAINING_SET.thinned(7, seed=3)
    rows = (few.values[:, 0] / 2).astype(int)
    user = np.repeat([0, 1, 2], TRAINING_SET.sizes)[rows]
    assert few.sizes.tolist() == np.bincount(user, minlength=3).tolist()
    assert few.grades.tolist() == TRAINING_SET.grades[rows].tolist()


def test_as_many_others_as_rated_stay_at_the_least() -> None:
    assert np.bincount(TRAINING_SET.thinned(1, seed=0).grades).tolist() == [3, 1, 2]


def test_a_training_set_that_fits_stays_whole() -> None:
    whole = TRAINING_SET.thinned(100, seed=0)
    np.testing.assert_array_equal(whole.values, TRAINING_SET.values)
    assert whole.sizes.tolist() == TRAINING_SET.sizes.tolist()


def test_a_user_of_whom_no_row_is_left_is_no_group() -> None:
    training_set = TrainingSet.of(
        TRAINING_SET.values, TRAINING_SET.names, np.array([2, 2, 2, 0, 0, 0, 0, 0, 0]), TRAINING_SET.sizes
    )
    sizes_by_seed = [training_set.thinned(1, seed).sizes for seed in range(20)]
    assert any(len(sizes) < 3 for sizes in sizes_by_seed)
    assert all((sizes > 0).all() for sizes in sizes_by_seed)


def test_another_seed_draws_other_rows() -> None:
    drawn = [TRAINING_SET.thinned(7, seed).values[:, 0].tolist() for seed in (0, 0, 1, 2)]
    assert drawn[0] == drawn[1]
    assert len(set(map(tuple, drawn))) > 1


def test_a_rated_candidate_counts_what_its_grade_gains_and_others_fully() -> None:
    np.testing.assert_allclose(TRAINING_SET.weights, [1, 1, 1, 1, 0.2, 1, 1, 1, 1])


def test_what_is_below_keeps_its_order() -> None:
    squeezed = _below_candidates(np.array([[5.0, -3.0, 1.0], [2.0, 2.0, 2.0]], np.float32))
    assert squeezed[0].tolist() == [-1, -2, -1.5]
    assert set(squeezed[1]) == {-2}


def test_candidates_come_before_the_rest_and_the_rest_in_eases_order(fitted: LearnedRanker) -> None:
    candidates = np.zeros((40, 30), bool)
    table = fitted.generator_.table(np.arange(40))
    candidates[table.rows, table.movies] = True
    scores, ease = fitted.scores(np.arange(40)), fitted.generator_.base_rankers.fitted["ease"].scores(np.arange(40))
    assert ((scores[candidates] >= 0) & (scores[candidates] <= 1)).all()
    for user in range(40):
        rest = np.flatnonzero(~candidates[user])
        assert (np.diff(scores[user, rest[np.argsort(ease[user, rest])]]) >= 0).all()
        assert (scores[user, rest] <= -1).all()


def test_candidates_are_never_seen_movies_and_each_comes_once(dataset: Dataset, features: MovieFeatures) -> None:
    table = CandidateGenerator.fit(dataset, features, FEW, ANEW).table(np.arange(40))
    seen = CandidateGenerator.fit(dataset, features, FEW, ANEW).history.seen.toarray()
    assert not seen[table.rows, table.movies].any()
    assert len(set(zip(table.rows, table.movies, strict=True))) == len(table.rows)
    assert table.matrix.shape == (len(table.rows), len(table.names))


def test_less_is_described_where_less_is_known(dataset: Dataset, features: MovieFeatures, bare: Dataset) -> None:
    untold = Dataset(**{**vars(bare), "movies": bare.movies.assign(title=None, release_year=None)})
    known = CandidateGenerator.fit(dataset, features, FEW, ANEW).table(np.arange(3))
    unknown = CandidateGenerator.fit(untold, MovieFeatures.build(untold), FEW, ANEW).table(np.arange(3))
    gone = set(known.names) - set(unknown.names)
    assert {"age", "genre_share", "people_liked", "year_share", "year_gap", "group_share", "meaning_liked"} <= gone
    assert not set(unknown.names) - set(known.names)
    assert not np.isnan(unknown.matrix).all(axis=0).any()


def test_strangers_see_the_world_that_was_learned_from(dataset: Dataset, features: MovieFeatures) -> None:
    stage = CandidateGenerator.fit(dataset, features, FEW, ANEW)
    one = dataset.ratings[dataset.ratings["user_id"] == 1].assign(user_id=101)
    folded = stage.fold_in(dataset.with_ratings(one))
    assert folded.history.user_ids.tolist() == [101]
    names = [
        f"{view}_score" for view in ("popularity", "item_knn", "nearby", "ials", "ease", "slim", "slit", "content")
    ]
    names += ["count_all", "movie_mean", "movie_popularity", "movie_place", "user_count", "genre_share"]
    told, known = folded.table(np.array([0])), stage.table(np.array([0]))
    same = dict(zip(known.movies, known.columns(names), strict=True))
    found = [(row, same[movie]) for row, movie in zip(told.columns(names), told.movies, strict=True) if movie in same]
    assert len(found) > 10
    for row, expected in found:
        np.testing.assert_allclose(row, expected, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("table", ["users", "genres", "people"])
def test_each_kind_of_fact_may_be_missing_alone(dataset: Dataset, table: str) -> None:
    without = Dataset(**{**vars(dataset), table: empty(table)})
    features = MovieFeatures.build(without)
    described = CandidateGenerator.fit(without, features, FEW, ANEW).table(np.arange(3))
    everything = CandidateGenerator.fit(dataset, MovieFeatures.build(dataset), FEW, ANEW).table(np.arange(3))
    assert described.matrix.shape[1] < everything.matrix.shape[1]


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("random_forest", lambda ranker: ranker.model_.trees.value),
        ("gradient_boosting", lambda ranker: ranker.model_.trees.value),
    ],
)
def test_another_seed_may_learn_other_trees(
    name: str, model: Callable[[LearnedRanker], np.ndarray], dataset: Dataset, features: MovieFeatures
) -> None:
    learned = [
        model(registry.create(name, **SMALL[name], seed=seed).fit(dataset, features)).tolist() for seed in (0, 0, 1)
    ]
    assert learned[0] == learned[1] != learned[2]


def test_a_tree_of_a_random_forest_learns_from_a_sample_however_many_were_rated(monkeypatch) -> None:
    sizes, from_random_forest = [], Forest.from_random_forest
    monkeypatch.setattr(
        Forest,
        "from_random_forest",
        lambda model: (
            sizes.extend(tree.tree_.n_node_samples[0] for tree in model.estimators_) or from_random_forest(model)
        ),
    )
    rng = np.random.default_rng(0)
    grades = np.repeat([0, 2], 500)
    training_set = TrainingSet.of(rng.random((1_000, 3)).astype(np.float32), list("abc"), grades, np.array([1_000]))
    RandomForest(trees=3, rows=50)._fit_model(training_set)
    assert max(sizes) <= 50
    sizes.clear()
    RandomForest(trees=3, rows=5_000)._fit_model(training_set)
    assert min(sizes) > 500  # a bootstrap of 1,000 holds about 632 different rows
