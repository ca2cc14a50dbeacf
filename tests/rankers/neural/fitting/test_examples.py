import numpy as np
import pytest

from movierec.rankers.neural.fitting.examples import AutoencoderExamples, targets_after
from movierec.rankers.neural.histories import Histories
from tests.rankers.neural.test_histories import histories

MOVIES = 40


def one_long(length: int = 25) -> Histories:
    """A user who watches the movies 0, 1, 2, …, and one with a single rating."""
    return histories(*((0, movie, movie) for movie in range(length)), (1, 3, 5))


def test_targets_are_what_came_next_and_fade() -> None:
    targets, weights = targets_after(one_long(4), np.array([0, 0]), np.array([1, 3]), following=2, decay=0.5)
    assert targets[0].tolist() == [1, 2]
    assert targets[1, 0] == 3
    assert weights.tolist() == [[1, 0.5], [1, 0]]


def test_targets_count_by_their_signal() -> None:
    weighted = one_long(3)._replace(signal=np.array([1, 0.3, 1, 1], np.float32))
    assert targets_after(weighted, np.array([0]), np.array([1]), 2, 1.0)[1] == pytest.approx(np.array([[0.3, 1]]))


def test_the_autoencoder_sees_what_came_before_a_cut_and_nothing_after_it() -> None:
    examples = AutoencoderExamples(MOVIES, following=3, cuts=8, batch=5)
    batches = list(examples.epoch(one_long(), np.random.default_rng(0)))
    assert len(batches) == examples.steps(one_long()) == 2
    for batch in batches:
        cuts = batch.seen.sum(axis=1)
        assert (np.flatnonzero(batch.seen[0]) == np.arange(cuts[0])).all()
        assert (batch.targets[:, 0] == cuts).all()
        cells, values, by_column, rows = batch.inputs
        assert (by_column == np.lexsort((cells[:, 0], cells[:, 1]))).all()
        seen = np.zeros((rows, 2 * MOVIES), bool)
        seen[cells[:, 0], cells[:, 1]] = values > 0
        assert (seen[:, :MOVIES] == batch.seen).all()
        assert (seen[:, MOVIES:] == batch.seen).all()


def test_a_share_of_the_input_is_left_out_and_the_rest_makes_up_for_it() -> None:
    whole, dropped = (
        next(AutoencoderExamples(MOVIES, 3, cuts=400, batch=400, dropout=dropout).epoch(one_long(), rng))
        for dropout, rng in zip((0.0, 0.75), map(np.random.default_rng, (0, 0)), strict=True)
    )
    assert 0.2 < len(dropped.inputs[1]) / len(whole.inputs[1]) < 0.3
    known = dict(zip(map(tuple, whole.inputs[0].tolist()), whole.inputs[1], strict=True))
    expected = [4 * known[tuple(cell)] for cell in dropped.inputs[0].tolist()]
    np.testing.assert_allclose(dropped.inputs[1], expected, rtol=1e-6)
    assert (dropped.seen == whole.seen).all()
