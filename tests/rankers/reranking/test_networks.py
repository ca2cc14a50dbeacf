"""Networks among the base rankers: learned rankers build on them unless the neural ranker stays alone."""

from dataclasses import replace

import numpy as np
import pytest
from upath import UPath

from movierec.data.dataset import Dataset
from movierec.features.content import MovieFeatures
from movierec.rankers import registry
from movierec.rankers.building_blocks.fits import fitting_code
from movierec.rankers.neural import environment
from movierec.rankers.neural.ranker import Neural
from movierec.rankers.reranking import base_rankers
from movierec.rankers.reranking.hybrid import Hybrid
from movierec.rankers.reranking.views import features_of

FEATURES = {"neural_rank", "neural_score"}
USERS = np.arange(5)


@pytest.fixture
def with_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOVIEREC_NEURAL", "yes")
    monkeypatch.setitem(base_rankers.PARAMETERS, "neural", {"epochs": 2})


def hybrid() -> Hybrid:
    return Hybrid(rounds=3, candidates=5)


@pytest.mark.skipif(not environment.is_installed(), reason="no TensorFlow here; make dev installs it")
@pytest.mark.usefixtures("with_networks")
def test_a_network_proposes_and_describes_candidates_and_is_saved_with_the_model(
    dataset: Dataset, features: MovieFeatures, tmp_path_factory: pytest.TempPathFactory
) -> None:
    ranker = hybrid().fit(replace(dataset), features)  # a new object: what is prepared is shared by object
    assert features_of(["neural"]) == FEATURES
    assert set(ranker.feature_names_) >= FEATURES
    neural = ranker.generator_.base_rankers.fitted["neural"]
    assert isinstance(neural, Neural)
    assert neural.windows == "time"
    folder = UPath(tmp_path_factory.mktemp("hybrid"))
    ranker.save(folder)
    loaded = registry.load(folder)
    np.testing.assert_array_equal(loaded.scores(USERS), ranker.scores(USERS))


@pytest.mark.parametrize("setting", ["alone", "no"])
def test_where_it_stays_alone_learned_rankers_do_without_and_nothing_is_called_left_out(
    setting: str, dataset: Dataset, features: MovieFeatures, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOVIEREC_NEURAL", setting)
    ranker = hybrid().fit(replace(dataset), features)  # a new object: what is prepared is shared by object
    assert not FEATURES & set(ranker.feature_names_)
    assert not ranker.left_out


def test_where_it_cannot_be_fitted_the_others_go_on_and_it_is_named(
    dataset: Dataset, features: MovieFeatures, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOVIEREC_NEURAL", "yes")
    monkeypatch.setitem(base_rankers.PARAMETERS, "neural", {"architecture": "tower"})
    ranker = hybrid().fit(replace(dataset), features)
    assert "architecture is 'tower'" in ranker.left_out["neural"]
    assert not FEATURES & set(ranker.feature_names_)


def test_whether_rankers_build_on_networks_is_in_the_key_of_a_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    versions = set()
    for setting in ("yes", "alone"):
        monkeypatch.setenv("MOVIEREC_NEURAL", setting)
        fitting_code.cache_clear()
        versions.add(fitting_code())
    fitting_code.cache_clear()
    assert len(versions) == 2
