import numpy as np
import pytest

from movierec.rankers.neural.fitting.negatives import Negatives

POPULARITY = np.array([10_000.0, 400, 100, 100, 25, 16, 9, 4, 1, 1, 1, 1])


@pytest.mark.parametrize("number", [1, 3, 6, 11])
def test_every_movie_is_drawn_as_often_as_its_odds_say(number: int) -> None:
    negatives, rng = Negatives.of(POPULARITY, number), np.random.default_rng(0)
    assert negatives.odds.sum() == pytest.approx(number)
    assert (negatives.odds > 0).all() and (negatives.odds <= 1).all()
    draws = [negatives.draw(rng) for _ in range(4_000)]
    assert {len(set(draw.tolist())) for draw in draws} == {number}
    found = np.bincount(np.concatenate(draws), minlength=len(POPULARITY)) / len(draws)
    chance = 4 * np.sqrt(negatives.odds * (1 - negatives.odds) / len(draws))
    assert (np.abs(found - negatives.odds) <= chance + 1e-9).all()


def test_what_is_rated_more_is_drawn_more_by_the_square_root() -> None:
    odds = Negatives.of(POPULARITY[1:], 2).odds
    assert odds[0] / odds[-1] == pytest.approx(20)


@pytest.mark.parametrize("number", [12, 512])
def test_a_catalogue_that_is_no_larger_is_drawn_whole(number: int) -> None:
    assert Negatives.of(POPULARITY, number).draw(np.random.default_rng(0)).tolist() == list(range(12))
