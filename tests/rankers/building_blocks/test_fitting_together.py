"""Rankers that build on others go on without those that cannot be fitted, and say so."""

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from upath import UPath

from movierec.data.dataset import Dataset
from movierec.errors import ModelError
from movierec.features.content import MovieFeatures
from movierec.rankers import registry
from movierec.rankers.building_blocks.fits import ANEW, Fits
from movierec.rankers.building_blocks.fitting_together import fit_together
from movierec.rankers.ease import EASE
from movierec.rankers.popularity import Popularity
from movierec.rankers.reranking.base import LearnedRanker
from movierec.rankers.slit import SLIT

EVERYONE = np.arange(1, 41)
SMALL = {"hybrid": {"rounds": 5}, "gradient_boosting": {"rounds": 5}, "random_forest": {"trees": 5}}


@pytest.fixture
def unshared_dataset(dataset: Dataset) -> Dataset:
    """An object of its own: learned rankers keep what they made of one."""
    return replace(dataset)


@pytest.fixture
def without_slit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SLIT, "_fit", refuse)


@pytest.fixture
def without_ease(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EASE, "_fit", refuse)


def refuse(self: object, dataset: Dataset, features: MovieFeatures, fits: Fits) -> None:
    raise ModelError("it cannot be solved")


@pytest.mark.usefixtures("without_slit")
@pytest.mark.parametrize("name", sorted(SMALL))
def test_a_base_ranker_that_cannot_be_fitted_is_left_out_of_a_learned_one(
    name: str, unshared_dataset: Dataset, features: MovieFeatures
) -> None:
    ranker = registry.create(name, **SMALL[name]).fit(unshared_dataset, features)
    assert isinstance(ranker, LearnedRanker)
    assert dict(ranker.left_out) == {"slit": "it cannot be solved"}
    assert not [feature for feature in ranker.feature_names_ if feature.startswith("slit")]
    assert [feature for feature in ranker.feature_names_ if feature.startswith("ease_near")]
    lists = ranker.recommend(EVERYONE, 5)
    assert (lists.groupby("user_id").size() == 5).all()
    assert len(lists) == 5 * len(EVERYONE)


@pytest.mark.usefixtures("without_ease")
def test_what_no_candidate_is_follows_by_popularity_without_ease(
    unshared_dataset: Dataset, features: MovieFeatures
) -> None:
    hybrid = registry.create("hybrid", rounds=3, candidates=2).fit(unshared_dataset, features)
    assert isinstance(hybrid, LearnedRanker)
    assert set(hybrid.left_out) == {"ease", "ease_near"}
    scores, popular = hybrid.scores(np.arange(40)), registry.create("popularity").fit(unshared_dataset, features)
    order = popular.scores(np.arange(40))
    for row in range(40):
        rest = np.flatnonzero(scores[row] < -1 + 1e-6)
        assert len(rest)
        sorted_rest = rest[np.argsort(scores[row, rest], kind="stable")]
        assert (np.diff(order[row, sorted_rest]) >= 0).all()
    assert not hybrid.item_weights(np.arange(5), np.arange(5)).any()


@pytest.mark.usefixtures("without_slit")
def test_what_was_left_out_is_kept_with_the_model(
    unshared_dataset: Dataset, features: MovieFeatures, tmp_path: Path
) -> None:
    hybrid = registry.create("hybrid", rounds=3).fit(unshared_dataset, features)
    hybrid.save(UPath(tmp_path))
    loaded = registry.load(UPath(tmp_path))
    assert isinstance(loaded, LearnedRanker)
    assert dict(loaded.left_out) == {"slit": "it cannot be solved"}
    assert loaded.recommend(EVERYONE, 5).equals(hybrid.recommend(EVERYONE, 5))


def test_one_that_fails_on_a_window_alone_is_left_out_everywhere(
    monkeypatch: pytest.MonkeyPatch, unshared_dataset: Dataset, features: MovieFeatures
) -> None:
    learn = SLIT._fit

    def needs_everything(self: SLIT, given: Dataset, movies: MovieFeatures, fits: Fits) -> None:
        if len(given.ratings) < len(unshared_dataset.ratings):
            raise ModelError("it needs every rating")
        learn(self, given, movies, fits)

    monkeypatch.setattr(SLIT, "_fit", needs_everything)
    hybrid = registry.create("hybrid", rounds=3, seed=9).fit(unshared_dataset, features)
    assert isinstance(hybrid, LearnedRanker)
    assert dict(hybrid.left_out) == {"slit": "it needs every rating"}
    assert "slit" not in hybrid.generator_.base_rankers.fitted
    assert not [feature for feature in hybrid.feature_names_ if feature.startswith("slit")]


@pytest.mark.usefixtures("without_slit")
def test_a_blend_goes_on_without_a_member_and_keeps_the_reason(
    unshared_dataset: Dataset, features: MovieFeatures, tmp_path: Path
) -> None:
    weights = {"ease": 1.0, "slit": 1.0, "user_knn": 0.5}
    blend = registry.create("blend", **weights).fit(unshared_dataset, features)
    blend.save(UPath(tmp_path))
    assert dict(registry.load(UPath(tmp_path)).left_out) == dict(blend.left_out) == {"slit": "it cannot be solved"}
    alone = registry.create("blend", **{**weights, "slit": 0.0}).fit(unshared_dataset, features)
    assert blend.recommend(EVERYONE, 5).equals(alone.recommend(EVERYONE, 5))


@pytest.mark.usefixtures("without_slit")
def test_a_blend_learns_weights_of_the_members_that_can_be_fitted(
    unshared_dataset: Dataset, features: MovieFeatures
) -> None:
    assert "slit" not in registry.create("blend", windows="random").fit(unshared_dataset, features).members_


@pytest.mark.usefixtures("without_slit")
def test_nobody_left_is_said_with_every_reason(unshared_dataset: Dataset, features: MovieFeatures) -> None:
    with pytest.raises(ModelError, match=r"none .* can be fitted \(slit: it cannot be solved\)"):
        fit_together([("slit", SLIT())], unshared_dataset, features, ANEW)


def test_what_may_work_the_next_time_leaves_nobody_out(
    monkeypatch: pytest.MonkeyPatch, unshared_dataset: Dataset, features: MovieFeatures
) -> None:
    def no_room(self: SLIT, given: Dataset, movies: MovieFeatures, fits: Fits) -> None:
        raise MemoryError

    monkeypatch.setattr(SLIT, "_fit", no_room)
    with pytest.raises(MemoryError):
        fit_together([("ease", EASE()), ("slit", SLIT())], unshared_dataset, features, ANEW)


class Elsewhere(Popularity):
    """Its fit ends when another ranker has been fitted, or nobody waits for it any more."""

    is_fitted_elsewhere = True

    def __init__(self) -> None:
        super().__init__()
        self.end = threading.Event()
        self.is_given_up = False

    def _fit(self, dataset: Dataset, features: MovieFeatures, fits: Fits) -> None:
        assert self.end.wait(30)
        if self.is_given_up:
            raise ModelError("given up")
        super()._fit(dataset, features, fits)

    def give_up(self) -> None:
        self.is_given_up = True
        self.end.set()


class Here(Popularity):
    """Lets another ranker's fit end."""

    def __init__(self, other: Elsewhere) -> None:
        super().__init__()
        self.other = other

    def _fit(self, dataset: Dataset, features: MovieFeatures, fits: Fits) -> None:
        super()._fit(dataset, features, fits)
        self.other.end.set()


def test_what_another_process_fits_is_begun_first_and_the_others_are_fitted_meanwhile(
    unshared_dataset: Dataset, features: MovieFeatures
) -> None:
    elsewhere = Elsewhere()
    fitted, left_out = fit_together(
        [("elsewhere", elsewhere), ("here", Here(elsewhere))], unshared_dataset, features, ANEW
    )
    assert list(fitted) == ["elsewhere", "here"]
    assert not left_out


def test_what_fails_elsewhere_is_left_out_too(unshared_dataset: Dataset, features: MovieFeatures) -> None:
    elsewhere = Elsewhere()
    elsewhere.give_up()
    _, left_out = fit_together([("elsewhere", elsewhere), ("ease", EASE())], unshared_dataset, features, ANEW)
    assert left_out == {"elsewhere": "given up"}


def test_nobody_waits_for_another_process_where_the_task_has_to_be_tried_again(
    monkeypatch: pytest.MonkeyPatch, unshared_dataset: Dataset, features: MovieFeatures
) -> None:
    def no_room(self: SLIT, given: Dataset, movies: MovieFeatures, fits: Fits) -> None:
        raise MemoryError

    monkeypatch.setattr(SLIT, "_fit", no_room)
    elsewhere = Elsewhere()
    with pytest.raises(MemoryError):
        fit_together([("slit", SLIT()), ("elsewhere", elsewhere)], unshared_dataset, features, ANEW)
    assert elsewhere.is_given_up
