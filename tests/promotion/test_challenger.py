import pandas as pd
import pytest

from movierec.data.columns import USER
from movierec.promotion.challenger import excerpt_parameters
from movierec.rankers.ease import EASE
from movierec.rankers.reranking.hybrid import Hybrid


@pytest.mark.parametrize(
    ("viewers", "rows", "folds"),
    [(100, 150_000, 2), (300, 150_000, 2), (943, 47_720, 2), (6_040, 10_000, 1), (200_000, 10_000, 1)],
)
def test_an_excerpt_has_as_many_label_windows_and_candidates_per_viewer_as_the_training(viewers, rows, folds):
    ranker = Hybrid(truncation=7)
    expected = {**ranker.parameters(), "rows": rows, "folds": folds}
    assert excerpt_parameters(ranker, ratings_of(viewers)) == expected


def test_other_rankers_are_tried_as_they_are():
    assert excerpt_parameters(EASE(), ratings_of(943)) == EASE().parameters()


def ratings_of(viewers):
    return pd.DataFrame({USER: range(viewers)})
