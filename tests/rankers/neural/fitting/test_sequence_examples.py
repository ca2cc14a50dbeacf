import numpy as np
import pytest

from movierec.rankers.neural.fitting.negatives import Negatives
from movierec.rankers.neural.fitting.sequence_examples import SequenceExamples
from tests.rankers.neural.fitting.test_examples import MOVIES, one_long
from tests.rankers.neural.test_histories import histories

ALL = Negatives.of(np.ones(MOVIES), MOVIES)


@pytest.mark.parametrize("length", [4, 10, 24, 30])
def test_every_place_of_a_history_is_a_cut_whatever_the_length_of_a_piece(length: int) -> None:
    examples = SequenceExamples(ALL, following=3, decay=0.9, length=length, batch=2, share=1.0)
    cuts = set()
    for batch in examples.epoch(one_long(), np.random.default_rng(0)):
        movies, levels, rows = batch.inputs
        last_seen = movies.ravel()[rows]
        assert (levels.ravel()[rows] > 0).all()
        assert batch.negatives.tolist() == list(range(MOVIES))
        assert (batch.is_excluded.sum(axis=1) == np.minimum(last_seen + 4, 25)).all()  # seen, or one of three targets
        assert (batch.targets[:, 0] == last_seen + 1).all()
        cuts |= set(batch.targets[:, 0].tolist())
    assert cuts == set(range(1, 25))


def test_a_share_of_the_places_are_cuts_and_others_in_the_next_epoch() -> None:
    examples = SequenceExamples(ALL, following=3, decay=0.9, length=24, batch=1, share=0.5)
    rng = np.random.default_rng(0)
    first, second = (next(examples.epoch(one_long(), rng)).inputs[2].tolist() for _ in range(2))
    assert 0 < len(first) < 24
    assert first != second


def test_what_came_before_a_piece_is_no_negative() -> None:
    examples = SequenceExamples(ALL, following=3, decay=0.9, length=5, batch=1, share=1.0)
    batches = list(examples.epoch(one_long(), np.random.default_rng(0)))
    latest = next(batch for batch in batches if batch.targets[-1, 0] == 24)
    assert latest.is_excluded[-1].tolist() == [True] * 25 + [False] * 15


def test_negatives_are_the_same_for_a_batch_and_others_for_the_next() -> None:
    some = Negatives.of(np.arange(1.0, MOVIES + 1), 8)
    examples = SequenceExamples(some, following=1, decay=1.0, length=5, batch=1, share=1.0)
    batches = list(examples.epoch(one_long(), np.random.default_rng(0)))
    assert len({tuple(batch.negatives) for batch in batches}) > 1
    for batch in batches:
        assert batch.is_excluded.shape == (len(batch.targets), 8)
        np.testing.assert_allclose(np.exp(batch.log_odds), some.odds[batch.negatives], rtol=1e-6)
        assert (batch.is_excluded == (batch.negatives <= batch.targets)).all()


def test_the_order_within_a_moment_is_another_one_in_every_epoch() -> None:
    at_once = histories(*((0, movie, 1) for movie in range(25)), users=1)
    examples = SequenceExamples(ALL, following=3, decay=0.9, length=24, batch=1, share=1.0)
    rng = np.random.default_rng(0)
    first, second = (next(examples.epoch(at_once, rng)).inputs[0].tolist() for _ in range(2))
    assert first != second
