from dataclasses import replace

import numpy as np
import pytest
from upath import UPath

from movierec.data.splits import per_user_temporal
from movierec.promotion import leaks
from movierec.promotion.leaks import no_leak, take
from movierec.rankers.ease import Ease
from movierec.rankers.item_knn import ItemKNN
from movierec.training.folder import known_side
from tests import tastes
from tests.planted import CountsTerms, ReadsTest


@pytest.fixture(scope="module")
def dataset():
    return tastes.dataset()


@pytest.fixture(scope="module")
def test(dataset):
    return per_user_temporal(dataset.ratings, seed=1)[1]


def counts_the_future(dataset, train):
    """Scale each movie's features by how often anybody ever rates it: what a careless feature does."""
    known, features = known_side(dataset, train)
    counts = dataset.ratings["movie_id"].value_counts().reindex(features.movie_ids, fill_value=0).to_numpy()
    scaled = features.matrix.multiply(counts[:, None] / 100).tocsr().astype(np.float32)
    return known, replace(features, matrix=scaled)


@pytest.mark.parametrize("ranker", [Ease, ItemKNN, CountsTerms])
def test_an_honest_ranker_passes(dataset, test, ranker):
    found = no_leak(ranker, known_side, dataset, test, seed=1)
    assert (found.status, found.words) == ("holds", "its lists do not depend on the test")


def test_a_feature_that_counts_the_future_is_found_with_whoever_believes_it(dataset, test):
    found = no_leak(CountsTerms, counts_the_future, dataset, test, seed=1)
    assert found.status == "broken"
    assert found.words.endswith("of its lists change when the held-out ratings are hidden from all it is built from")
    assert no_leak(Ease, counts_the_future, dataset, test, seed=1).status == "holds"


def test_a_ranker_that_reads_a_part_of_the_test_from_elsewhere_is_found(dataset, test, monkeypatch):
    monkeypatch.setattr(ReadsTest, "TEST", test.sample(frac=0.5, random_state=1))
    found = no_leak(ReadsTest, known_side, dataset, test, seed=1)
    assert found.status == "broken"
    assert "on a window before it" in found.words


def test_a_ranker_that_knows_everything_anybody_ever_rates_is_too_good(dataset, test, monkeypatch):
    monkeypatch.setattr(ReadsTest, "TEST", dataset.ratings[dataset.ratings["rating"] >= 4].assign(rating=5.0))
    found = no_leak(ReadsTest, known_side, dataset, test, seed=1)
    assert found.status == "broken"
    assert "more than anybody can know" in found.words


def test_a_ranker_whose_fits_differ_by_chance_is_not_blamed_for_it(dataset, test):
    fits = iter(range(100))

    class Restless(Ease):
        def _learn(self, dataset, features):
            super()._learn(dataset, features)
            noise = np.random.default_rng(next(fits)).normal(0, 0.002, self.weights_.shape)
            self.weights_ = self.weights_ + noise.astype(np.float32)

    assert no_leak(Restless, known_side, dataset, test, seed=1).status == "holds"


def test_the_excerpt_is_of_bounded_size_and_divides_as_the_training_does(dataset, test, monkeypatch):
    monkeypatch.setattr(leaks, "VIEWERS", 20)
    excerpt = take(dataset, test, seed=1)
    assert excerpt.train["user_id"].nunique() == 20
    assert set(excerpt.whole.movies["movie_id"]) == set(excerpt.whole.ratings["movie_id"])
    assert len(excerpt.train) + len(excerpt.test) == len(excerpt.whole.ratings)
    assert excerpt.train.merge(test, on=["user_id", "movie_id"]).empty


def test_a_ranker_that_cannot_be_tried_on_an_excerpt_is_a_doubt_and_does_not_stop_the_others(dataset, test):
    class Singular(Ease):
        def _learn(self, dataset, features):
            raise np.linalg.LinAlgError("Singular matrix")

    found = no_leak(Singular, known_side, dataset, test, seed=1)
    assert (found.status, found.words) == ("hurt", "it could not be tried on 300 viewers: Singular matrix")


@pytest.mark.parametrize("ranker", [Ease, ItemKNN])
@pytest.mark.parametrize("fault", [None, "learned from the test", "other weights", "other lists"])
def test_the_stored_model_must_be_what_the_ranker_learns_from_the_known_side(dataset, test, tmp_path, ranker, fault):
    train = per_user_temporal(dataset.ratings, seed=1)[0]
    known, features = known_side(dataset, train)
    whole = ranker().fit(*known_side(dataset, dataset.ratings))
    model = whole if fault == "learned from the test" else ranker().fit(known, features)
    if fault == "other weights":
        model = whole.fold_in(known)
        model.fitted_ = model.history_
    model.save(UPath(tmp_path) / "model")
    stored = ranker.load(UPath(tmp_path) / "model")
    lists = (whole if fault == "other lists" else stored).recommend(test["user_id"].unique(), 10)
    found = leaks.not_another_model(stored, lists, known, lambda: ranker().fit(known, features), seed=1)
    words = {
        None: "the stored model is what it learns from the known ratings",
        "learned from the test": "the stored model has learned from other ratings than the known ones",
        "other weights": "of the stored model's lists are others than what it learns from the known ratings",
        "other lists": "of the judged lists are not the stored model's",
    }
    assert found.status == ("broken" if fault else "holds")
    assert words[fault] in found.words


def test_where_nobody_can_be_asked_a_person_is(dataset, test):
    found = no_leak(Ease, known_side, dataset, test.assign(rating=1.0), seed=1)
    assert (found.status, found.words) == ("hurt", "nobody can be asked, so a leak would not be seen")
