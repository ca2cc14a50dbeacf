import pytest

from movierec.promotion.challenger import excerpt_parameters
from movierec.rankers.ease import EASE
from movierec.rankers.reranking.hybrid import Hybrid


@pytest.mark.parametrize(("rows", "excerpt_rows"), [(150_000, 10_000), (5_000, 5_000)])
def test_a_learned_ranker_learns_from_few_candidates_of_one_label_window_of_an_excerpt(rows, excerpt_rows):
    ranker = Hybrid(truncation=7, rows=rows)
    assert excerpt_parameters(ranker) == {**ranker.parameters(), "rows": excerpt_rows, "folds": 1}


def test_other_rankers_are_tried_as_they_are():
    assert excerpt_parameters(EASE()) == EASE().parameters()
