"""Fits are made once: the same one is taken by other processes, other splits and the next training."""

import logging
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from upath import UPath

from movierec.artifacts import load_arrays
from movierec.data.seed import SEED
from movierec.data.splits import per_user_temporal
from movierec.errors import ModelError
from movierec.features.content import MovieFeatures
from movierec.rankers import registry
from movierec.rankers.building_blocks import fits as fits_module
from movierec.rankers.building_blocks.fits import fit_key
from movierec.rankers.building_blocks.label_windows import WindowPlan
from movierec.rankers.ease import EASE
from movierec.rankers.item_knn import ItemKNN
from movierec.rankers.reranking.random_forest import RandomForest
from movierec.rankers.reranking.training_inputs import training_inputs
from movierec.rankers.saved_models import saved_history
from movierec.training import fit_store
from movierec.training.fit_store import FitStore, prune_fits, seconds_of
from movierec.training.folder import TrainingFolder
from tests.tastes import dataset as tastes

EVERYONE = np.arange(1, 41)
FEW_TREES = {"rounds": 3}


@pytest.fixture(scope="module")
def facts():
    dataset = tastes()
    return dataset, MovieFeatures.build(dataset)


@pytest.fixture
def trainings(tmp_path: Path):
    return [TrainingFolder(number, UPath(tmp_path) / f"{number:06d}") for number in (1, 2)]


@pytest.fixture
def fitted_anew(monkeypatch):
    """The names of the rankers that were fitted, in order."""
    names = []
    for kind in (*registry.RANKERS.values(), ItemKNN):
        fit = kind.fit

        def noted(self, *arguments, fit=fit):
            names.append(self.name)
            return fit(self, *arguments)

        if "fit" in vars(kind):
            monkeypatch.setattr(kind, "fit", noted)
    from movierec.rankers.base import Ranker  # noqa: PLC0415

    fit_of_all = Ranker.fit
    monkeypatch.setattr(Ranker, "fit", lambda self, *rest: names.append(self.name) or fit_of_all(self, *rest))
    return names


def test_an_equal_fit_is_taken_and_recommends_the_same(facts, trainings, fitted_anew):
    first = FitStore(trainings[0]).ranker(EASE(), *facts)
    second = FitStore(trainings[0]).ranker(EASE(), *facts)
    assert fitted_anew == ["ease"]
    pd.testing.assert_frame_equal(first.recommend(EVERYONE, 5), second.recommend(EVERYONE, 5))
    assert seconds_of(second) == seconds_of(first) > 0


@pytest.mark.parametrize("change", ["parameters", "ratings", "features", "code"])
def test_whatever_decides_a_fit_is_in_its_key(facts, change, monkeypatch):
    dataset, features = facts
    before = fit_key("ease", EASE().parameters(), dataset, features)
    parameters = EASE(regularisation=7.0).parameters() if change == "parameters" else EASE().parameters()
    if change == "ratings":
        dataset = dataset.with_ratings(dataset.ratings.iloc[1:])
    if change == "features":
        features = replace(features, embeddings=features.embeddings + 1)
    if change == "code":
        monkeypatch.setattr(fits_module, "fitting_code", lambda: "another")
    assert fit_key("ease", parameters, dataset, features) != before


def test_equal_facts_have_one_key(facts):
    dataset, features = facts
    again = replace(dataset)
    assert fit_key("ease", {}, again, MovieFeatures.build(again)) == fit_key("ease", {}, dataset, features)


def test_learned_rankers_share_what_they_build_on_across_processes(facts, trainings, fitted_anew):
    for name in ("gradient_boosting", "hybrid"):
        dataset, features = replace(facts[0]), facts[1]  # another object, as another process reads it
        FitStore(trainings[0]).ranker(registry.create(name, **FEW_TREES), dataset, features)
        fitted_anew.append("|")
    _, second, _ = "".join(f"{name} " for name in fitted_anew).split("| ")
    assert second.split() == ["hybrid"]
    FitStore(trainings[0]).ranker(EASE(), *facts)
    assert fitted_anew[-1] == "|"  # the base ranker of that name will do


def test_the_next_training_takes_what_has_not_changed_and_stands_by_itself(facts, trainings, fitted_anew, settings):
    lists = FitStore(trainings[0]).ranker(registry.create("hybrid", **FEW_TREES), *facts).recommend(EVERYONE, 5)
    before = len(fitted_anew)
    hybrid = FitStore(trainings[1]).ranker(registry.create("hybrid", **FEW_TREES), replace(facts[0]), facts[1])
    hybrid.save(trainings[1].model("hybrid"))
    assert len(fitted_anew) == before
    trainings[0].path.fs.rm(trainings[0].path.path, recursive=True)
    pd.testing.assert_frame_equal(registry.load(trainings[1].model("hybrid")).recommend(EVERYONE, 5), lists)


def test_a_fit_that_was_cut_short_is_made_again(facts, trainings, fitted_anew):
    store = FitStore(trainings[0])
    kept = store.ranker(EASE(), *facts).kept_in_
    (kept / fit_store.MARK).unlink()
    store.ranker(EASE(), *facts)
    assert fitted_anew == ["ease", "ease"]


def test_a_model_is_kept_once(facts, trainings):
    fitted = FitStore(trainings[0]).ranker(EASE(), *facts)
    fitted.save(trainings[0].model("ease"))
    assert [path.name for path in trainings[0].model("ease").iterdir()] == ["ranker.json"]
    loaded = registry.load(trainings[0].model("ease"))
    np.testing.assert_array_equal(loaded.weights_, fitted.weights_)


def test_the_log_says_what_was_taken(facts, trainings, caplog):
    with caplog.at_level(logging.INFO):
        FitStore(trainings[0]).ranker(EASE(), *facts)
        FitStore(trainings[1]).ranker(EASE(), *facts)
    assert "fit ease: taken from training 1" in caplog.text


def test_fits_are_kept_in_an_object_store_as_in_a_folder(facts):
    store = UPath("memory://fit-store/trainings")
    first, second = (TrainingFolder(number, store / f"{number:06d}") for number in (1, 2))
    lists = FitStore(first).ranker(registry.create("hybrid", **FEW_TREES), *facts).recommend(EVERYONE, 5)
    FitStore(second).ranker(registry.create("hybrid", **FEW_TREES), *facts).save(second.model("hybrid"))
    first.path.fs.rm(first.path.path, recursive=True)
    pd.testing.assert_frame_equal(registry.load(second.model("hybrid")).recommend(EVERYONE, 5), lists)


@pytest.mark.parametrize("windows", [1, 2])
def test_publication_takes_what_was_fitted_on_the_known_side(facts, trainings, fitted_anew, windows):
    """The label window of all ratings is the test of the split: what comes before it has been learned from already."""
    (dataset, features), store = facts, FitStore(trainings[0])
    at_once = dataset.ratings.assign(rated_at=dataset.ratings["rated_at"].min())  # so that only chance divides them
    dataset = dataset.with_ratings(at_once)
    train, _ = per_user_temporal(dataset.ratings, seed=SEED)
    known = dataset.with_ratings(train)
    plan = WindowPlan(folds=windows)
    training_inputs(known, MovieFeatures.build(known), plan, store)
    on_known = len(fitted_anew)
    training_inputs(dataset, features, plan, store)
    # On the known side everything before its own windows and on all of it; for publication on all of it alone.
    assert len(fitted_anew) - on_known == on_known / (windows + 1)


def test_a_sparing_store_keeps_what_took_long_alone(facts, trainings, fitted_anew, monkeypatch):
    store = FitStore(trainings[0])
    made = store.sparing.ranker(EASE(), *facts)
    assert made.kept_in_ is None
    store.ranker(EASE(), *facts)
    assert fitted_anew.count("ease") == 2
    store.sparing.ranker(EASE(), *facts)
    assert fitted_anew.count("ease") == 2
    monkeypatch.setattr(fit_store, "LONG_SECONDS", 0.0)
    assert store.sparing.ranker(ItemKNN(), *facts).kept_in_ is not None


def test_learned_rankers_take_what_the_blend_was_long_in_fitting_before_its_window(
    facts, trainings, fitted_anew, monkeypatch
):
    monkeypatch.setattr(fit_store, "LONG_SECONDS", 0.0)
    store = FitStore(trainings[0])
    blend = store.ranker(registry.create("blend"), *facts)
    fitted_anew.clear()
    training_inputs(*facts, WindowPlan(folds=1), store)
    for name in ("item_knn", "user_knn", "ials", "slit", "recent_popularity"):
        assert fitted_anew.count(name) == (name not in blend.builds_on), name  # anew on everything alone, if at all


def test_fits_on_the_same_ratings_keep_and_hold_them_once(facts, trainings):
    fitted = [FitStore(trainings[0]).ranker(ranker, *facts) for ranker in (EASE(), ItemKNN())]
    histories = [path for path in trainings[0].fits.rglob("*.npz") if "history.users" in load_arrays(path)]
    assert len(histories) == 1
    expected = [ranker.recommend(EVERYONE, 5) for ranker in fitted]
    del fitted
    # Without the dataset they are read from where they were kept, both from one.
    loaded = [
        registry.load(trainings[0].fit(fit_key(ranker.name, ranker.parameters(), *facts)))
        for ranker in (EASE(), ItemKNN())
    ]
    assert loaded[0].history_ is loaded[1].history_
    for ranker, lists in zip(loaded, expected, strict=True):
        pd.testing.assert_frame_equal(ranker.recommend(EVERYONE, 5), lists)
    # The next training takes the history with the fits.
    taken = FitStore(trainings[1]).ranker(EASE(), *facts)
    shutil.rmtree(trainings[0].path.path)
    pd.testing.assert_frame_equal(registry.load(taken.kept_in_).recommend(EVERYONE, 5), expected[0])


def test_a_damaged_history_is_refused(facts, trainings):
    kept = FitStore(trainings[0]).ranker(EASE(), *facts).kept_in_
    (history,) = trainings[0].fits.glob("history-*")
    saved_history.unshare(history)
    (history / "arrays.npz").write_bytes((history / "arrays.npz").read_bytes()[:-1])
    with pytest.raises(ModelError, match=r"history-.*arrays\.npz is not the file that was saved"):
        registry.load(kept)


def test_of_an_earlier_training_the_champion_stays_with_what_it_is_made_of(facts, trainings):
    earlier = trainings[0]
    for name, ranker in (("hybrid", registry.create("hybrid", **FEW_TREES)), ("random_forest", RandomForest(trees=2))):
        FitStore(earlier).ranker(ranker, *facts).save(earlier.model(name))
    FitStore(earlier).ranker(EASE(), *facts).save(earlier.final_model("hybrid"))  # any fit that only a final model has
    lists = registry.load(earlier.model("hybrid")).recommend(EVERYONE, 5)
    before = len(list(earlier.fits.iterdir()))
    removed = prune_fits(earlier, "hybrid")
    assert len(list(earlier.fits.iterdir())) == before - removed + 1 < before  # and the model of the forest
    assert [path.name for path in earlier.models.iterdir()] == ["hybrid"]
    pd.testing.assert_frame_equal(registry.load(earlier.model("hybrid")).recommend(EVERYONE, 5), lists)
    assert len(registry.load(earlier.final_model("hybrid"), "ease").recommend(EVERYONE, 5)) == 5 * len(EVERYONE)
    assert prune_fits(earlier, "hybrid") == 0
    assert prune_fits(trainings[1], "hybrid") == 0  # of which nothing is there
