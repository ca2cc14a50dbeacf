"""Names of folders, files and arrays in saved models are published: models of the version before must still load."""

import json
from pathlib import Path

import pytest
from upath import UPath

from movierec.artifacts import load_arrays
from movierec.data.dataset import Dataset
from movierec.features.content import MovieFeatures
from movierec.rankers import registry

FEW_TREES = {"hybrid": {"rounds": 2}, "gradient_boosting": {"rounds": 2}, "random_forest": {"trees": 2}}
SMALL = {**FEW_TREES, "neural": {"architecture": "sequence", "epochs": 2}}
COMMON = {
    *(
        f"history.{name}"
        for name in ("user_ids", "movie_ids", "users", "movies", "ratings", "liked", "signal", "times")
    ),
    *(f"newcomers.{name}" for name in ("user_ids", "groups", "shares")),
}
SPARSE = {"data", "indices", "indptr", "shape"}
TREES = {"feature", "threshold", "is_missing_left", "mask", "first_node", "value", "first_leaf", "base"}
LEARNED = {"bases", "is_trained", "left_out", "reasons", "names"}
FOREST = {f"forest.{name}" for name in TREES}
ARRAYS = {
    "popularity": {"counts"},
    "recent_popularity": {"counts"},
    "user_knn": set(),
    "item_knn": {*SPARSE, "baseline.movies", "baseline.scale"},
    "ials": {"factors"},
    "ease": {"kept", "weights"},
    "slim": SPARSE,
    "slit": {"kept", "weights"},
    "neural": {
        *("kept", "steps", "architecture", "epochs", "tried", "values", "is_whole"),
        *(f"weights.{name}" for name in ("movie", "level", "place", "norm.scale", "norm.shift")),
        *(f"weights.output.{name}" for name in ("kernel", "bias")),
        *(f"weights.block0.{name}" for name in ("query", "key", "value", "mix", "heads")),
        *(f"weights.block0.{layer}.{name}" for layer in ("attention", "forward") for name in ("scale", "shift")),
        *(f"weights.block0.{layer}.{name}" for layer in ("forward", "back") for name in ("kernel", "bias")),
    },
    "content": {"vectors"},
    "blend": {"members", "weights", "left_out", "reasons"},
    "random_forest": {*LEARNED, *FOREST},
    "gradient_boosting": {*LEARNED, *FOREST},
    "hybrid": {
        *LEARNED,
        "gains",
        *(f"{objective}.{name}" for objective in ("lambdarank", "cross_entropy") for name in FOREST),
        *(
            f"{network}.{name}"
            for network in ("perceptron", "second_perceptron")
            for name in ("features", "mean", "scale", "kernel", "bias", "output")
        ),
    },
}
PLAN = {"windows", "label_share", "folds", "candidates", "training_users", "tuned", "seed"}
PARAMETERS = {
    "popularity": {"half_life_days"},
    "recent_popularity": {"window_days", "half_life_days", "prior_half_life_days", "prior_users", "max_raise"},
    "user_knn": {"neighbours", "shrinkage"},
    "item_knn": {"neighbours", "shrinkage", "weighting"},
    "ials": {"factors", "regularisation", "alpha", "scaling", "epochs", "seed"},
    "ease": {"regularisation", "near_share", "max_movies"},
    "slim": {"l1", "l2", "max_movies"},
    "slit": {"long_half_life", "short_half_life", "following", "regularisation", "damping", "max_movies", "windows"},
    "neural": {
        *("architecture", "windows", "following", "hidden", "dropout", "length", "width", "blocks", "epochs"),
        *("stop_after", "max_movies", "max_seconds", "seed"),
    },
    "content": {"factors", "prior_ratings", "regularisation", "liking", "half_life", "popularity_weight"},
    "blend": {"ease", "slit", "user_knn", "item_knn", "ials", "recent_popularity", "windows", "seed"},
    "random_forest": {*PLAN, "trees", "leaves", "features", "smallest_leaf", "rows"},
    "gradient_boosting": {*PLAN, "rounds", "learning_rate", "leaves", "l2", "rows"},
    "hybrid": {
        *PLAN,
        "members",
        "truncation",
        "rounds",
        "learning_rate",
        "leaves",
        "units",
        "epochs",
        "weight_decay",
        "l2",
        "rows",
    },
}
BASE_RANKERS = [
    *("content", "ease", "ease_near", "ials", "item_knn", "nearby", "popularity", "recent_popularity", "slim", "slit"),
    "user_knn",
]


@pytest.fixture(scope="module", params=sorted(registry.RANKERS))
def saved(
    request: pytest.FixtureRequest, dataset: Dataset, features: MovieFeatures, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    folder = tmp_path_factory.mktemp("saved") / str(request.param)
    registry.create(request.param, **SMALL.get(request.param, {})).fit(dataset, features).save(UPath(folder))
    return folder


def test_arrays_keep_their_names(saved: Path) -> None:
    assert set(load_arrays(UPath(saved) / "arrays.npz")) == COMMON | ARRAYS[saved.name]


def test_the_card_keeps_its_hyper_parameters(saved: Path) -> None:
    card = json.loads((saved / "ranker.json").read_text())
    assert (card["format"], card["ranker"]) == (2, saved.name)
    assert set(card["parameters"]) == PARAMETERS[saved.name]


def test_folders_keep_their_names(saved: Path) -> None:
    folders = {
        folder.name: sorted(part.name for part in folder.iterdir()) for folder in saved.iterdir() if folder.is_dir()
    }
    if saved.name == "blend":
        assert set(folders) <= {"ease", "ials", "item_knn", "recent_popularity", "slit", "user_knn"}
    elif saved.name in FEW_TREES:
        assert sorted(folders) == ["bases", "facts", "features"]
        assert folders["bases"] == BASE_RANKERS
    else:
        assert not folders
