"""A blend is the weighted sum of standardised scores of its members."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from upath import UPath

from movierec.data.dataset import Dataset
from movierec.errors import ModelError
from movierec.features.content import MovieFeatures
from movierec.rankers import registry
from movierec.rankers.blend import MEMBERS, WEIGHTS, Blend
from movierec.rankers.ease import EASE

EVERYONE = range(1, 41)
NONE = dict.fromkeys((kind.name for kind in MEMBERS), 0.0)


def fit(dataset: Dataset, features: MovieFeatures, **weights: float) -> Blend:
    return Blend(**{**NONE, **weights}).fit(dataset, features)


def test_scores_are_the_weighted_sum_of_standardised_ones(dataset: Dataset, features: MovieFeatures) -> None:
    weights = dict(zip((kind.name for kind in MEMBERS), (0.3, 1.0, 0.3, 0.1, 0.3, 0.2), strict=True))
    blend = Blend(**weights).fit(dataset, features)
    assert blend.weights_ == weights
    expected = np.zeros((40, 30))
    for kind in MEMBERS:
        scores = kind().fit(dataset, features).scores(np.arange(40))
        centred = scores - scores.mean(axis=1, keepdims=True)
        expected += getattr(blend, kind.name) * centred / scores.std(axis=1, keepdims=True)
    np.testing.assert_allclose(blend.scores(np.arange(40)), expected, rtol=1e-3, atol=1e-4)


def test_without_weights_they_are_learned_from_a_window_of_the_same_question(
    dataset: Dataset, features: MovieFeatures
) -> None:
    shuffled = dataset.ratings.assign(rated_at=dataset.ratings["rated_at"].sample(frac=1, random_state=0).to_numpy())
    for windows in ("time", "days", "next", "random"):
        blend = Blend(windows=windows).fit(dataset.with_ratings(shuffled), features)
        assert max(blend.weights_.values()) > 0
        assert list(blend.members_) == list(blend.weights_)
        assert blend.parameters() == Blend(windows=windows).parameters()


def test_learned_weights_are_kept(dataset: Dataset, features: MovieFeatures, tmp_path: Path) -> None:
    blend = Blend(windows="random").fit(dataset, features)
    blend.save(UPath(tmp_path))
    loaded = registry.load(UPath(tmp_path))
    assert loaded.weights_ == blend.weights_
    np.testing.assert_array_equal(loaded.scores(np.arange(40)), blend.scores(np.arange(40)))


def test_where_no_window_can_tell_the_weights_are_those_of_before(dataset: Dataset, features: MovieFeatures) -> None:
    single = dataset.with_ratings(dataset.ratings.groupby("user_id").head(1))
    assert Blend().fit(single, features).weights_ == {name: weight for name, weight in WEIGHTS.items() if weight}


def test_a_window_of_an_unknown_kind_is_refused(dataset: Dataset, features: MovieFeatures) -> None:
    with pytest.raises(ModelError, match="'weekly' is not a kind of window; allowed are time, days, next, random"):
        Blend(windows="weekly").fit(dataset, features)


def test_weights_of_all_members_may_grow_alike(dataset: Dataset, features: MovieFeatures) -> None:
    one, other = (fit(dataset, features, ease=size, item_knn=3 * size) for size in (0.1, 0.2))
    assert one.recommend(EVERYONE, 10)["movie_id"].tolist() == other.recommend(EVERYONE, 10)["movie_id"].tolist()


def test_members_of_weight_zero_are_not_fitted(dataset: Dataset, features: MovieFeatures) -> None:
    assert list(fit(dataset, features, slit=0.5, ials=0.1).members_) == ["slit", "ials"]


def test_a_blend_of_nothing_is_ease(dataset: Dataset, features: MovieFeatures, tmp_path: Path) -> None:
    blend = fit(dataset, features)
    ease = EASE().fit(dataset, features)
    assert list(blend.members_) == ["ease"]
    assert blend.recommend(EVERYONE, 10)["movie_id"].tolist() == ease.recommend(EVERYONE, 10)["movie_id"].tolist()
    blend.save(UPath(tmp_path))
    pd.testing.assert_frame_equal(registry.load(UPath(tmp_path)).recommend(EVERYONE, 10), blend.recommend(EVERYONE, 10))


def test_a_member_alone_keeps_its_order(dataset: Dataset, features: MovieFeatures) -> None:
    for kind in MEMBERS:
        alone = kind().fit(dataset, features)
        scores = fit(dataset, features, **{kind.name: 0.7}).scores(np.arange(40))
        for own, blended in zip(alone.scores(np.arange(40)), scores, strict=True):
            assert (np.diff(blended[np.argsort(own)]) >= -1e-5).all()


def test_a_member_that_scores_all_alike_says_nothing(dataset: Dataset, features: MovieFeatures) -> None:
    # Everybody has one rating: nothing follows anything, so SLIT is silent.
    single = dataset.with_ratings(dataset.ratings.groupby("user_id").head(1))
    blend = fit(single, features, slit=1.0, ease=0.5)
    ease = EASE().fit(single, features)
    assert np.isfinite(blend.scores(np.arange(40))).all()
    assert blend.recommend(EVERYONE, 5)["movie_id"].tolist() == ease.recommend(EVERYONE, 5)["movie_id"].tolist()


def test_only_the_members_are_saved(dataset: Dataset, features: MovieFeatures, tmp_path: Path) -> None:
    fit(dataset, features, ease=1.0, user_knn=0.5).save(UPath(tmp_path))
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == ["ease", "user_knn"]
    loaded = registry.load(UPath(tmp_path))
    assert {id(member.history_) for member in loaded.members_.values()} == {id(loaded.history_)}


@pytest.mark.parametrize("weights", [{}, {"ease": 1.0}, {"ease": 1.0, "item_knn": 0.5}])
def test_reasons_weigh_every_member_by_the_spread_of_its_scores_for_the_user(
    weights: dict[str, float], dataset: Dataset, features: MovieFeatures
) -> None:
    blend = fit(dataset, features, **weights)
    everything, expected = np.arange(30), np.zeros((10, 30))
    user = np.array([3])
    rated = blend.history_.movies[blend.history_.users == 3]
    for name, weight in (weights or {"ease": 1.0}).items():
        member = blend.members_[name]
        own = next(iter(member.contributions(user, [rated], [everything])))
        expected += weight * own / member.scores(user).std()
    others = blend.history_.movies[blend.history_.users == 25]
    for block, given in ((user, [rated]), (np.array([3, 25]), [rated, others])):
        found = next(iter(blend.contributions(block, given, [everything] * len(block))))
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-6)
