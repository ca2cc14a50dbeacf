from pathlib import Path

import pandas as pd
import pytest
from tests import movielens

from movierec.dataset import Dataset, empty
from movierec.evaluation.objectives import SETTINGS, WINDOWS, compare
from movierec.evaluation.splits import per_user_temporal

FEW = [{"objective": "lambdarank", "rounds": 3}, {"objective": "cross_entropy", "rounds": 3}]


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    file = movielens.generate(tmp_path) / "tiny.inter"
    names = ["user_id", "movie_id", "rating", "rated_at"]
    ratings = pd.read_csv(file, sep="\t", header=0, names=names)
    movies = pd.DataFrame({"movie_id": range(1, 91), "title": "t", "release_year": 1990})
    nothing = {table: empty(table) for table in ("users", "genres", "people", "countries")}
    timed = ratings.assign(rated_at=pd.to_datetime(ratings["rated_at"], unit="s", utc=True))
    return Dataset(ratings=timed, movies=movies, **nothing)


def test_every_setting_is_judged_in_every_window(dataset: Dataset) -> None:
    values = compare(dataset, FEW)
    assert list(values.columns) == ["lambdarank 3", "cross_entropy 3"]
    assert values.index.get_level_values("window").unique().tolist() == [1, 2]
    assert values.notna().all(axis=None)


def test_the_test_part_is_not_looked_at(dataset: Dataset) -> None:
    _, test = per_user_temporal(dataset.ratings, seed=2026)
    flipped = dataset.ratings.copy()
    flipped.loc[test.index, "rating"] = 6 - flipped.loc[test.index, "rating"]
    pd.testing.assert_frame_equal(compare(dataset, FEW), compare(dataset.with_ratings(flipped), FEW))


def test_both_objectives_get_the_same_number_of_settings() -> None:
    counts = pd.Series([setting["objective"] for setting in SETTINGS]).value_counts()
    assert counts["lambdarank"] == counts["cross_entropy"]
    assert WINDOWS == 2
