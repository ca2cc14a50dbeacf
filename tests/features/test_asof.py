import numpy as np
import pytest

from movierec.features.asof import AsOf

# Cell 0 has events at 10, 20 and 20, cell 1 at 30.
EVENTS = AsOf.of(np.array([0, 0, 0, 1]), np.array([20, 10, 20, 30]), np.array([3, 2, 4, 5], np.float32), 3)


def ask(cells: list[int], until: list[int], since: list[int] | None = None) -> list[float]:
    start = None if since is None else np.array(since)
    return EVENTS.count(np.array(cells), np.array(until), start).tolist()


def test_an_event_counts_from_its_own_moment_on() -> None:
    assert ask([0, 0, 0, 0], [9, 10, 19, 20]) == [0, 1, 1, 3]


def test_a_window_leaves_its_first_moment_out() -> None:
    assert ask([0, 0], [20, 20], [10, 9]) == [2, 3]


def test_cells_do_not_mix() -> None:
    assert ask([1, 1, 2], [20, 30, 99]) == [0, 1, 0]


def test_values_are_summed_up_to_the_moment() -> None:
    assert EVENTS.total(np.array([0, 0, 1, 2]), np.array([10, 99, 99, 99])).tolist() == [2, 2 + 3 + 4, 5, 0]


def test_a_sum_within_a_window_leaves_its_first_moment_out() -> None:
    found = EVENTS.total(np.array([0, 0, 1]), np.array([20, 20, 99]), np.array([10, 9, 30]))
    assert found.tolist() == [3 + 4, 3 + 4 + 2, 0]


def test_moments_before_1970_are_moments_too() -> None:
    early = AsOf.of(np.zeros(2, np.int64), np.array([-20, -10]), np.ones(2, np.float32), 1)
    assert early.count(np.zeros(3, np.int64), np.array([-21, -20, 0])).tolist() == [0, 1, 2]


def test_nothing_asked_and_nothing_known_are_fine() -> None:
    nothing = np.zeros(0, np.int64)
    assert EVENTS.count(nothing, nothing).tolist() == []
    assert AsOf.of(nothing, nothing, nothing.astype(np.float32), 2).count(np.array([1]), np.array([5])).tolist() == [0]


@pytest.mark.parametrize("seed", [0, 1])
def test_many_cells_and_moments_are_counted_as_one_by_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    cells, times, values = rng.integers(0, 20, 400), rng.integers(0, 50, 400), rng.normal(size=400).astype(np.float32)
    events = AsOf.of(cells, times, values, 20)
    asked, until, since = rng.integers(0, 20, 200), rng.integers(-5, 60, 200), rng.integers(-5, 60, 200)
    before = (cells == asked[:, None]) & (times <= until[:, None])
    within = before & (times > np.minimum(since, until)[:, None])
    assert events.count(asked, until).tolist() == before.sum(axis=1).tolist()
    assert events.count(asked, until, np.minimum(since, until)).tolist() == within.sum(axis=1).tolist()
    np.testing.assert_allclose(events.total(asked, until), (before * values).sum(axis=1), rtol=1e-4, atol=1e-5)
