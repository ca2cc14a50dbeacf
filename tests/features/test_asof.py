import numpy as np

from movierec.features.asof import AsOf

# Cell 0 has events at 10, 20 and 20, cell 1 at 30.
EVENTS = AsOf.of(np.array([0, 0, 0, 1]), np.array([20, 10, 20, 30]), np.array([3, 2, 4, 5], np.float32))


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
    assert EVENTS.total(np.array([0, 0, 1]), np.array([10, 99, 99])).tolist() == [2, 2 + 3 + 4, 5]
