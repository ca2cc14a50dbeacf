import pytest

from movierec.promotion.challenger import excerpt_parameters
from movierec.rankers.ease import EASE
from movierec.rankers.reranking.hybrid import Hybrid


@pytest.mark.parametrize(
    ("viewers", "rows"), [(100, 150_000), (300, 150_000), (943, 47_720), (6_040, 10_000), (200_000, 10_000)]
)
def test_an_excerpt_has_as_many_candidates_per_viewer_as_the_training_and_one_label_window(viewers, rows):
    ranker = Hybrid(truncation=7)
    assert excerpt_parameters(ranker, viewers) == {**ranker.parameters(), "rows": rows, "folds": 1}


def test_other_rankers_are_tried_as_they_are():
    assert excerpt_parameters(EASE(), 943) == EASE().parameters()
