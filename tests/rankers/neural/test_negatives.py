import numpy as np
import pytest

from movierec.rankers.neural.fitting.negatives import Negatives

POPULARITY = np.array([10_000.0, 400, 100, 100, 25, 16, 9, 4, 1, 1, 1, 1])


@pytest.mark.parametrize("number", [1, 3, 6, 11])
def test_every_movie_is_drawn_as_often_as_its_share_says(number: int) -> None:
    negatives, rng = Negatives.of(POPULARITY, number), np.random.default_rng(0)
    assert negatives.shares.sum() == pytest.approx(number)
    assert (negatives.shares > 0).all() and (negatives.shares <= 1).all()
    draws = [negatives.draw(rng) for _ in range(4_000)]
    assert {len(set(draw.tolist())) for draw in draws} == {number}
    found = np.bincount(np.concatenate(draws), minlength=len(POPULARITY)) / len(draws)
    np.testing.assert_allclose(found, negatives.shares, atol=0.03)


def test_what_is_rated_more_is_drawn_more_by_the_square_root() -> None:
    shares = Negatives.of(POPULARITY[1:], 2).shares
    assert shares[0] / shares[-1] == pytest.approx(20)


@pytest.mark.parametrize("number", [12, 512])
def test_a_catalogue_that_is_no_larger_is_drawn_whole(number: int) -> None:
    assert Negatives.of(POPULARITY, number).draw(np.random.default_rng(0)).tolist() == list(range(12))
