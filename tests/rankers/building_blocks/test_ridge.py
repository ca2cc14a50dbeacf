"""λ is raised until the matrix can be solved, and the log says so."""

import logging

import pytest
from scipy.linalg import LinAlgError

from movierec.errors import ModelError
from movierec.rankers.building_blocks.ridge import with_raised_ridge


class Solver:
    """Solves from some λ on, returns that λ and notes every one that was tried."""

    def __init__(self, solvable_from: float) -> None:
        self.solvable_from = solvable_from
        self.tried: list[float] = []

    def __call__(self, ridge: float) -> float:
        self.tried.append(ridge)
        if ridge < self.solvable_from:
            raise LinAlgError("row 7 is not positive definite")
        return ridge


def test_a_ridge_that_works_is_taken_as_it_is_and_nothing_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    solver = Solver(solvable_from=0)
    assert with_raised_ridge("EASE", 0.5, solver) == 0.5
    assert solver.tried == [0.5]
    assert not caplog.records


@pytest.mark.parametrize(
    ("solvable_from", "tried"),
    [(3, [2, 20]), (150, [2, 20, 200]), (1_999, [2, 20, 200, 2_000]), (2_000, [2, 20, 200, 2_000])],
)
def test_the_first_ridge_that_works_of_ten_times_as_much_each_is_taken(
    solvable_from: float, tried: list[float]
) -> None:
    solver = Solver(solvable_from)
    assert with_raised_ridge("EASE", 2, solver) == tried[-1]
    assert solver.tried == tried


def test_every_ridge_that_does_not_work_is_logged_with_the_reason(caplog: pytest.LogCaptureFixture) -> None:
    with_raised_ridge("SLIT", 1e-6, Solver(solvable_from=5e-6))
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage() == "SLIT cannot be solved with the regularisation 1e-06 (row 7 is not positive definite)"


def test_an_error_names_the_range_that_was_tried_and_the_reason(caplog: pytest.LogCaptureFixture) -> None:
    solver = Solver(solvable_from=float("inf"))
    expected = r"^EASE cannot be solved with any regularisation from 2 to 2000: row 7 is not positive definite$"
    with pytest.raises(ModelError, match=expected):
        with_raised_ridge("EASE", 2, solver)
    assert solver.tried == [2, 20, 200, 2_000]
    assert len(caplog.records) == 4


def test_other_trouble_is_not_answered_with_more_regularisation() -> None:
    tried = []

    def exhausted(ridge: float) -> None:
        tried.append(ridge)
        raise MemoryError

    with pytest.raises(MemoryError):
        with_raised_ridge("EASE", 2, exhausted)
    assert tried == [2]
