"""Fitting several rankers for one that builds on them: those that cannot be fitted are left out, with the reason."""

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from functools import partial
from typing import TypeVar

import numpy as np

from movierec.artifacts import Arrays
from movierec.data.dataset import Dataset
from movierec.errors import ModelError
from movierec.features.content import MovieFeatures
from movierec.rankers.building_blocks.fits import Fits, Fittable

log = logging.getLogger(__name__)

Member = TypeVar("Member", bound=Fittable)
Made = TypeVar("Made")


def log_failure(error: Exception, action: str) -> str:
    """Log what one ranker failed with, so that the others go on, and return it in words.

    Only an error that nobody foresaw needs its traceback to be understood.
    """
    is_foreseen = isinstance(error, ModelError)
    reason = str(error) if is_foreseen else f"{type(error).__name__}: {error}"
    log.warning("%s: %s", action, reason, exc_info=not is_foreseen)
    return reason


def left_out_to_arrays(left_out: Mapping[str, str]) -> Arrays:
    """Return names and reasons as a saved model keeps them."""
    return {"left_out": np.array(list(left_out), str), "reasons": np.array(list(left_out.values()), str)}


def left_out_from_arrays(arrays: Arrays) -> dict[str, str]:
    """Return reasons by name; none in models of versions in which every ranker had to be fitted."""
    names, reasons = (arrays[name].tolist() if name in arrays else [] for name in ("left_out", "reasons"))
    return dict(zip(names, reasons, strict=True))


def fit_together(
    unfitted: Iterable[tuple[str, Member]], dataset: Dataset, features: MovieFeatures, fits: Fits
) -> tuple[dict[str, Member], dict[str, str]]:
    """Fit named rankers; return those that could be fitted by name, and the names of the others with the reasons.

    Those that another process fits are begun first, and the others are fitted meanwhile.

    Raises:
        ModelError: none of them can be fitted.
        MemoryError, OSError: trying again may help, so no ranker is left out for them.
    """
    rankers = dict(unfitted)
    begun_fits = {
        name: begin(partial(fits.ranker, ranker, dataset, features))
        for name, ranker in rankers.items()
        if ranker.is_fitted_elsewhere
    }
    fitted, left_out = {}, {}
    try:
        for name in sorted(rankers, key=begun_fits.__contains__):  # those that were begun last
            try:
                fitted[name] = (
                    begun_fits[name].result() if name in begun_fits else fits.ranker(rankers[name], dataset, features)
                )
            except (MemoryError, OSError):
                raise
            except Exception as error:
                left_out[name] = log_failure(error, f"leave out {name}")
    except BaseException:
        for name, fit in begun_fits.items():
            if not fit.done():
                rankers[name].give_up()  # nobody waits for it any more
        raise
    if not fitted:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in left_out.items())
        raise ModelError(f"none of the rankers to build on can be fitted ({reasons})")
    return {name: fitted[name] for name in rankers if name in fitted}, left_out


def begin(make: Callable[[], Made]) -> "Future[Made]":
    """Make something in a thread of its own, which does not hold up the end of this process as those of a pool do."""
    future: Future[Made] = Future()

    def run() -> None:
        try:
            future.set_result(make())
        except BaseException as error:  # whoever asks for the result meets it
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future
