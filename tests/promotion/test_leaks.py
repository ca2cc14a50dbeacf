import threading
from dataclasses import replace

import numpy as np
import pytest
from upath import UPath

from movierec.data.seed import SEED
from movierec.data.splits import per_user_temporal
from movierec.promotion import leaks
from movierec.promotion.leaks import check_leaks, check_stored_model, take_excerpt
from movierec.rankers.building_blocks.fits import RememberedFits
from movierec.rankers.building_blocks.fitting_together import begin
from movierec.rankers.ease import EASE
from movierec.rankers.item_knn import ItemKNN
from movierec.rankers.reranking.hybrid import Hybrid
from movierec.training.data import fit_inputs
from tests import tastes
from tests.flawed_rankers import CountsTerms, ReadsTest


@pytest.fixture(scope="module")
def dataset():
    return tastes.dataset()


@pytest.fixture(scope="module")
def test(dataset):
    return per_user_temporal(dataset.ratings, seed=1)[1]


def counts_the_future(dataset, train):
    """Scale each movie's features by how often anybody ever rates it: what a careless feature does."""
    known, features = fit_inputs(dataset, train)
    counts = dataset.ratings["movie_id"].value_counts().reindex(features.movie_ids, fill_value=0).to_numpy()
    scaled = features.matrix.multiply(counts[:, None] / 100).tocsr().astype(np.float32)
    return known, replace(features, matrix=scaled)


@pytest.mark.parametrize("ranker", [EASE, ItemKNN, CountsTerms])
def test_an_honest_ranker_passes(dataset, test, ranker):
    found = check_leaks(ranker, fit_inputs, dataset, test, seed=1)
    assert (found.status, found.words) == ("holds", "its lists do not depend on the test")


def test_a_feature_that_counts_the_future_is_found_with_whoever_believes_it(dataset, test):
    found = check_leaks(CountsTerms, counts_the_future, dataset, test, seed=1)
    assert found.status == "broken"
    assert found.words.endswith("of its lists change when the held-out ratings are hidden from all it is built from")
    assert check_leaks(EASE, counts_the_future, dataset, test, seed=1).status == "holds"


def test_a_ranker_that_reads_a_part_of_the_test_from_elsewhere_is_found(dataset, test, monkeypatch):
    monkeypatch.setattr(ReadsTest, "TEST", test.sample(frac=0.5, random_state=1))
    found = check_leaks(ReadsTest, fit_inputs, dataset, test, seed=1)
    assert found.status == "broken"
    assert "on a window before it" in found.words


def test_a_ranker_that_knows_everything_anybody_ever_rates_is_too_good(dataset, test, monkeypatch):
    monkeypatch.setattr(ReadsTest, "TEST", dataset.ratings[dataset.ratings["rating"] >= 4].assign(rating=5.0))
    found = check_leaks(ReadsTest, fit_inputs, dataset, test, seed=1)
    assert found.status == "broken"
    assert "more than anybody can know" in found.words


def test_a_ranker_whose_fits_differ_by_chance_is_not_blamed_for_it(dataset, test):
    seeds = iter(range(100))

    class Restless(EASE):
        def _fit(self, dataset, features, fits):
            super()._fit(dataset, features, fits)
            noise = np.random.default_rng(next(seeds)).normal(0, 0.002, self.weights_.shape)
            self.weights_ = self.weights_ + noise.astype(np.float32)

    # Inputs that differ, so that it is fitted on both, though by nothing that it reads.
    assert check_leaks(Restless, counts_the_future, dataset, test, seed=1).status == "holds"
    assert next(seeds) > 3  # with, without, once more for the noise, and on the window before


def test_what_a_learned_ranker_builds_on_is_fitted_once_for_equal_inputs(dataset, test, monkeypatch):
    fitted = []
    fit = ItemKNN.fit
    monkeypatch.setattr(
        ItemKNN, "fit", lambda self, *inputs: fitted.append(len(inputs[0].ratings)) or fit(self, *inputs)
    )
    found = check_leaks(lambda: Hybrid(rounds=3, folds=2), fit_inputs, dataset, test, seed=SEED)
    assert found.status == "holds"
    # On the known ratings, before their two windows, and before the window that only the earlier fit has.
    assert len(fitted) == len(set(fitted)) == 4


def test_a_ranker_is_fitted_once_where_hiding_the_test_changes_nothing_of_its_inputs(dataset, test, monkeypatch):
    fitted = []
    fit = EASE.fit
    monkeypatch.setattr(EASE, "fit", lambda self, *inputs: fitted.append(self) or fit(self, *inputs))
    assert check_leaks(EASE, fit_inputs, dataset, test, seed=1).status == "holds"
    assert len(fitted) == 2
    assert check_leaks(EASE, counts_the_future, dataset, test, seed=1).status == "holds"
    assert len(fitted) == 2 + 3


def test_the_excerpt_is_of_bounded_size_and_divides_as_the_training_does(dataset, test, monkeypatch):
    monkeypatch.setattr(leaks, "MAX_VIEWERS", 20)
    excerpt = take_excerpt(dataset, test, seed=1)
    assert excerpt.train["user_id"].nunique() == 20
    assert set(excerpt.dataset.movies["movie_id"]) == set(excerpt.dataset.ratings["movie_id"])
    assert len(excerpt.train) + len(excerpt.test) == len(excerpt.dataset.ratings)
    assert excerpt.train.merge(test, on=["user_id", "movie_id"]).empty


def test_a_ranker_that_cannot_be_tried_on_an_excerpt_is_a_doubt_and_does_not_stop_the_others(dataset, test):
    class Singular(EASE):
        def _fit(self, dataset, features, fits):
            raise np.linalg.LinAlgError("Singular matrix")

    found = check_leaks(Singular, fit_inputs, dataset, test, seed=1)
    assert (found.status, found.words) == ("hurt", "it could not be tried on 300 viewers: Singular matrix")


@pytest.mark.parametrize("ranker", [EASE, ItemKNN])
@pytest.mark.parametrize("fault", [None, "learned from the test", "other weights", "other lists"])
def test_the_stored_model_must_be_what_the_ranker_learns_from_the_fit_inputs(dataset, test, tmp_path, ranker, fault):
    train = per_user_temporal(dataset.ratings, seed=1)[0]
    known, features = fit_inputs(dataset, train)
    whole = ranker().fit(*fit_inputs(dataset, dataset.ratings))
    model = whole if fault == "learned from the test" else ranker().fit(known, features)
    if fault == "other weights":
        model = whole.fold_in(known)
        model.training_history_ = model.history_
    model.save(UPath(tmp_path) / "model")
    stored = ranker.load(UPath(tmp_path) / "model")
    lists = (whole if fault == "other lists" else stored).recommend(test["user_id"].unique(), 10)
    found = check_stored_model(stored, lists, known, lambda: ranker().fit(known, features), seed=1)
    words = {
        None: "the stored model is what it learns from the known ratings",
        "learned from the test": "the stored model has learned from other ratings than the known ones",
        "other weights": "of the stored model's lists are others than what it learns from the known ratings",
        "other lists": "of the evaluated lists are not the stored model's",
    }
    assert found.status == ("broken" if fault else "holds")
    assert words[fault] in found.words


def test_where_nobody_can_be_asked_a_person_is(dataset, test):
    found = check_leaks(EASE, fit_inputs, dataset, test.assign(rating=1.0), seed=1)
    assert (found.status, found.words) == ("hurt", "nobody can be asked, so a leak would not be seen")


def test_two_threads_that_need_the_same_fit_make_it_once(dataset):
    fitted, may_end = [], threading.Event()

    class Slow(EASE):
        def _fit(self, dataset, features, fits):
            fitted.append(self)
            may_end.wait(10)
            super()._fit(dataset, features, fits)

    fits, inputs = RememberedFits(), fit_inputs(dataset, dataset.ratings)
    first, second = (begin(lambda: fits.ranker(Slow(), *inputs)) for _ in range(2))
    may_end.set()
    assert first.result(60) is second.result(60) is fitted[0]
    assert len(fitted) == 1
