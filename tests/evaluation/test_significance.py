import numpy as np
import pytest

from movierec.errors import ModelError
from movierec.evaluation.significance import paired_bootstrap


def test_a_constant_difference_has_no_width() -> None:
    interval = paired_bootstrap([0.5, 0.75, 1.0], [0.25, 0.5, 0.75])
    assert (interval.mean, interval.low, interval.high) == (0.25, 0.25, 0.25)


def test_the_interval_is_that_of_the_normal_for_many_users() -> None:
    difference = np.random.default_rng(0).normal(0.1, 1, 2_000)
    interval = paired_bootstrap(difference, np.zeros(2_000))
    error = difference.std() / np.sqrt(2_000)
    assert interval.low == pytest.approx(difference.mean() - 1.96 * error, abs=0.1 * error)
    assert interval.high == pytest.approx(difference.mean() + 1.96 * error, abs=0.1 * error)


def test_the_seed_decides() -> None:
    values, zeros = [0.0, 1.0, 0.2, 0.4], [0.0] * 4
    assert paired_bootstrap(values, zeros, seed=1) == paired_bootstrap(values, zeros, seed=1)


@pytest.mark.parametrize(("left", "right"), [([1.0], [1.0, 2.0]), ([], [])])
def test_values_that_do_not_pair_up_are_refused(left: list[float], right: list[float]) -> None:
    with pytest.raises(ModelError, match="one per user in both"):
        paired_bootstrap(left, right)
