"""What the hybrid's members learn, how they add up, and what is kept of them."""

from pathlib import Path

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest
from threadpoolctl import threadpool_info, threadpool_limits
from upath import UPath

from movierec.artifacts import load_arrays
from movierec.data.dataset import Dataset
from movierec.errors import ModelError
from movierec.features.content import MovieFeatures
from movierec.rankers import registry
from movierec.rankers.reranking.ensemble import (
    ALL_MEMBERS,
    LOGISTIC,
    MEMBERS,
    OBJECTIVES,
    PERCEPTRONS,
    TEMPERATURE,
    _standardise_per_user,
)
from movierec.rankers.reranking.hybrid import Hybrid
from movierec.rankers.reranking.perceptron import Perceptron
from movierec.rankers.reranking.training_set import GAINS
from movierec.rankers.saved_models.manifest import write_manifest

EVERYONE = range(1, 41)


@pytest.fixture(scope="module")
def fitted(dataset: Dataset, features: MovieFeatures) -> Hybrid:
    return Hybrid(rounds=5).fit(dataset, features)


@pytest.fixture
def saved(fitted: Hybrid, tmp_path: Path) -> UPath:
    fitted.save(UPath(tmp_path))
    return UPath(tmp_path)


def test_lambdarank_gets_the_grades_and_cross_entropy_what_they_gain(
    dataset: Dataset, features: MovieFeatures, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = {}
    real = lgb.train

    def train(parameters: dict, data: lgb.Dataset, rounds: int) -> lgb.Booster:
        calls[parameters["objective"]] = (parameters, data.label, data.group)
        return real(parameters, data, rounds)

    monkeypatch.setattr(lgb, "train", train)
    Hybrid(truncation=7, rounds=2, folds=1).fit(dataset, features)
    parameters, labels, groups = calls["lambdarank"]
    assert set(labels) == {0, 1, 2}
    assert parameters["label_gain"] == GAINS
    assert parameters["lambdarank_truncation_level"] == 7
    # 40 users; each may be shown the 22 of 30 movies that are not among their 8 known ones.
    assert list(groups) == [22] * 40
    assert np.unique(calls["cross_entropy"][1]).tolist() == pytest.approx(GAINS)


@pytest.mark.parametrize("member", ALL_MEMBERS)
def test_every_member_alone_puts_candidates_before_the_rest(
    member: str, dataset: Dataset, features: MovieFeatures
) -> None:
    hybrid = Hybrid(members=(member,), candidates=2, rounds=20).fit(dataset, features)
    assert [*hybrid.model_.forests, *hybrid.model_.smooth] == [member]
    candidates = np.zeros((40, 30), bool)
    table = hybrid.generator_.table(np.arange(40))
    candidates[table.rows, table.movies] = True
    scores = hybrid.scores(np.arange(40))
    assert ((scores[candidates] >= 0) & (scores[candidates] <= 1)).all()
    assert (scores[~candidates] <= -1).all()


def test_members_add_up_standardised_over_each_users_candidates(fitted: Hybrid) -> None:
    table = fitted.generator_.table(np.arange(5))
    matrix = table.columns(fitted.feature_names_)
    predictions = [
        member.predict(matrix) for member in (*fitted.model_.smooth.values(), *fitted.model_.forests.values())
    ]
    total = np.zeros(len(table.rows))
    for user in range(5):
        own = table.rows == user
        total[own] = sum((values[own] - values[own].mean()) / (values[own].std() + 1e-9) for values in predictions)
    expected = np.log(fitted._predict(fitted.model_, table) / (1 - fitted._predict(fitted.model_, table)))
    np.testing.assert_allclose(expected, total / TEMPERATURE, atol=1e-3)


def test_candidates_of_whom_all_is_alike_are_all_average() -> None:
    assert _standardise_per_user(np.array([3.0, 3.0, 1.0]), np.array([0, 0, 1])).tolist() == [0, 0, 0]


def test_scores_do_not_depend_on_the_block(fitted: Hybrid) -> None:
    together = fitted.scores(np.arange(40))
    alone = np.concatenate([fitted.scores(np.array([user])) for user in range(40)])
    np.testing.assert_allclose(together, alone, rtol=1e-5, atol=1e-6)


def test_members_are_kept(fitted: Hybrid, saved: UPath) -> None:
    loaded = registry.load(saved)
    assert loaded.members == fitted.members == MEMBERS
    np.testing.assert_array_equal(loaded.scores(np.arange(40)), fitted.scores(np.arange(40)))
    assert loaded.feature_names_ == fitted.feature_names_
    np.testing.assert_array_equal(loaded.model_.gains, fitted.model_.gains)


@pytest.mark.parametrize("members", [("svd",), ("lambdarank", "svd"), ()])
def test_an_unknown_member_is_answered_with_the_allowed_ones(
    members: tuple[str, ...], dataset: Dataset, features: MovieFeatures
) -> None:
    with pytest.raises(
        ModelError,
        match=f"members are .*; allowed are {', '.join(ALL_MEMBERS)}",
    ):
        Hybrid(members=members).fit(dataset, features)


def test_smooth_members_do_without_ranks(fitted: Hybrid, dataset: Dataset, features: MovieFeatures) -> None:
    is_rank = np.array([name.endswith("_rank") for name in fitted.feature_names_])
    assert is_rank.any()
    for name in PERCEPTRONS:
        np.testing.assert_array_equal(fitted.model_.smooth[name].features, np.flatnonzero(~is_rank))
    weights = Hybrid(members=(LOGISTIC,)).fit(dataset, features).model_.smooth[LOGISTIC].weights
    assert not weights[is_rank].any()
    assert weights[~is_rank].any()


def test_the_two_networks_begin_differently(fitted: Hybrid) -> None:
    kernels = [fitted.model_.smooth[name].kernel for name in PERCEPTRONS]
    assert (kernels[0] != kernels[1]).any()


def blas_threads() -> set[int]:
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


def test_models_that_are_fitted_side_by_side_have_a_thread_each_and_leave_blas_as_it_was(
    dataset: Dataset, features: MovieFeatures, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    real = Perceptron.fit
    monkeypatch.setattr(Perceptron, "fit", lambda *args, **kwargs: seen.append(blas_threads()) or real(*args, **kwargs))
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    with threadpool_limits(2, "blas"):
        for _ in range(3):
            Hybrid(rounds=2).fit(dataset, features)
        assert blas_threads() == {2}
    assert seen == [{1}] * 6


REGRESSION = {f"linear.{part}" for part in ("mean", "scale", "weights")}
NETWORK = {f"perceptron.{part}" for part in ("features", "mean", "scale", "kernel", "bias", "output")}


@pytest.mark.parametrize(("member", "arrays"), [(LOGISTIC, REGRESSION), (PERCEPTRONS[0], NETWORK)])
def test_what_was_saved_with_a_regression_or_one_network_is_loaded(
    member: str, arrays: set[str], dataset: Dataset, features: MovieFeatures, tmp_path: Path
) -> None:
    before = Hybrid(rounds=5, members=(*OBJECTIVES, member)).fit(dataset, features)
    before.save(UPath(tmp_path))
    assert arrays <= set(load_arrays(UPath(tmp_path) / "arrays.npz"))
    loaded = registry.load(UPath(tmp_path))
    assert list(loaded.model_.smooth) == [member]
    np.testing.assert_array_equal(loaded.scores(np.arange(40)), before.scores(np.arange(40)))


def test_the_history_is_saved_once(fitted: Hybrid, saved: UPath) -> None:
    holding = [path for path in Path(saved).rglob("*.npz") if "history.users" in load_arrays(UPath(path))]
    assert holding == [Path(saved) / "arrays.npz"]
    assert Dataset.load(saved / "facts").ratings.empty
    loaded = registry.load(saved)
    assert {id(ranker.history_) for ranker in loaded.generator_.base_rankers.fitted.values()} == {id(loaded.history_)}


def test_without_labels_the_order_is_that_of_ease(dataset: Dataset, features: MovieFeatures, tmp_path: Path) -> None:
    first = dataset.with_ratings(dataset.ratings.groupby("user_id").head(1))
    hybrid = Hybrid().fit(first, features)
    assert hybrid.model_ is None
    ease = hybrid.generator_.base_rankers.fitted["ease"].recommend(EVERYONE, 5)
    pd.testing.assert_series_equal(hybrid.recommend(EVERYONE, 5)["movie_id"], ease["movie_id"])
    hybrid.save(UPath(tmp_path))
    pd.testing.assert_frame_equal(registry.load(UPath(tmp_path)).recommend(EVERYONE, 5), hybrid.recommend(EVERYONE, 5))


PARTS = ["arrays.npz", "bases/ease/arrays.npz", "bases/slit/arrays.npz", "facts/movies.parquet"]
PARTS += ["features/movie_features.npz"]


@pytest.mark.parametrize("file", PARTS)
def test_a_damaged_part_is_named(saved: UPath, file: str) -> None:
    whole = (saved / file).read_bytes()
    for damaged in (b"", whole[: len(whole) // 2]):
        (saved / file).write_bytes(damaged)
        with pytest.raises(ModelError, match=file):
            registry.load(saved)


@pytest.mark.parametrize("file", [*PARTS, "bases/ease/ranker.json", "facts/dataset.json"])
def test_a_missing_part_is_named_and_trouble_on_the_way_to_it_comes_through(saved: UPath, file: str) -> None:
    (saved / file).unlink()
    with pytest.raises(ModelError, match=f"{file} is missing"):
        registry.load(saved)
    (saved / file).mkdir()
    with pytest.raises(IsADirectoryError):
        registry.load(saved)


@pytest.mark.parametrize("member", MEMBERS)
def test_a_model_without_one_of_its_members_is_not_whole(saved: UPath, member: str) -> None:
    arrays = load_arrays(saved / "arrays.npz")
    kept = {name: values for name, values in arrays.items() if not name.startswith(f"{member}.")}
    np.savez(Path(saved) / "arrays.npz", **kept)
    write_manifest(saved)
    with pytest.raises(ModelError, match="not a whole 'hybrid' model"):
        registry.load(saved)


def test_another_seed_may_learn_other_trees(dataset: Dataset, features: MovieFeatures) -> None:
    forests = [
        Hybrid(members=("cross_entropy",), rounds=5, seed=seed).fit(dataset, features).model_.forests["cross_entropy"]
        for seed in (0, 0, 1)
    ]
    values = [forest.trees.value.tolist() for forest in forests]
    assert values[0] == values[1] != values[2]
