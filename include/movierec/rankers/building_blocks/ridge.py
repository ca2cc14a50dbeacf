"""What to do where a ridge regression cannot be solved."""

import logging
from collections.abc import Callable
from typing import TypeVar

from scipy.linalg import LinAlgError

from movierec.errors import ModelError

log = logging.getLogger(__name__)

RAISES = (1, 10, 100, 1000)  # times the λ that was asked for

Solution = TypeVar("Solution")


def with_raised_ridge(model: str, ridge: float, solve: Callable[[float], Solution]) -> Solution:
    """Return what `solve(λ)` returns for the first λ of 1, 10, 100 and 1000 times the ridge for which there is one.

    A Gram matrix with λ > 0 on its diagonal is positive definite, but not always in single precision: λ below about
    10⁻⁷ of the largest eigenvalue is lost in rounding. Ten times as much is seldom far from as good; no model is worse.

    Args:
        model: its name, for the log.
        ridge: λ, larger than 0.
        solve: called with λ; a LinAlgError says that the matrix is not positive definite.

    Raises:
        ModelError: there is no solution even for the largest λ.
    """
    for factor in RAISES:
        try:
            return solve(ridge * factor)
        except LinAlgError as error:
            reason = error
            log.warning("%s cannot be solved with the regularisation %g (%s)", model, ridge * factor, error)
    tried = f"{ridge:g} to {ridge * RAISES[-1]:g}"
    raise ModelError(f"{model} cannot be solved with any regularisation from {tried}: {reason}")
