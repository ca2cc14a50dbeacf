"""Fits: what a ranker has learned from one dataset, made anew or taken from where it was kept.

A fit is told by its key: the ranker, its hyper-parameters, the facts it learns from, and the code that does it. Whoever
needs the same fit (a learned ranker, the publication, the next night if nothing has changed) takes the one that is
there. The search for leaks makes its own, those of equal inputs once.
"""

import hashlib
import importlib.metadata
import json
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Protocol, Self, TypeVar

from upath import UPath

from movierec.config import ROOT, Settings
from movierec.data.dataset import Dataset
from movierec.features.content import MovieFeatures

PACKAGE = Path(__file__).parents[2]
ROOMS = ("data", "features", "kernels", "rankers")  # of `movierec`: the code that decides what is learned
LIBRARIES = ("lightgbm", "numba", "numpy", "pandas", "scikit-learn", "scipy")
NETWORKS = ROOT / "requirements-neural.txt"  # the versions of what fits networks
KEY_DIGITS = 32  # hexadecimal, 128 bits


class SavedWhole(Protocol):
    """Something that is kept beside fits because it costs as much: it knows how to write itself."""

    @property
    def left_out(self) -> Mapping[str, str]:
        """Names of what it had to be made without, with the reasons in words."""

    def save(self, folder: UPath) -> None:
        """Write everything into a folder."""


class Fittable(SavedWhole, Protocol):
    """What `rankers.base.Ranker` has to do with fits."""

    name: ClassVar[str]
    is_fitted_elsewhere: ClassVar[bool]
    kept_in_: UPath | None

    def parameters(self) -> dict[str, Any]:
        """Return the hyper-parameters."""

    def fit(self, dataset: Dataset, features: MovieFeatures, fits: "Fits") -> Self:
        """Learn from a dataset."""

    def give_up(self) -> None:
        """End a fit that another process does for another thread."""

    @classmethod
    def load(cls, folder: UPath) -> Self:
        """Read what `save` wrote."""


Fitted = TypeVar("Fitted", bound=Fittable)
Part = TypeVar("Part", bound=SavedWhole)


class Fits:
    """Makes every fit anew; `training.fit_store.FitStore` keeps them."""

    @property
    def sparing(self) -> "Fits":
        """The same for fits that hardly anybody else needs: of what is made anew, only what took long is kept."""
        return self

    def ranker(self, unfitted: Fitted, dataset: Dataset, features: MovieFeatures) -> Fitted:
        """Return the ranker, fitted on a dataset and the features that were built from it."""
        name, parameters = unfitted.name, unfitted.parameters()
        load = type(unfitted).load
        return self.part(name, parameters, dataset, features, lambda: unfitted.fit(dataset, features, self), load)

    def part(
        self,
        name: str,
        parameters: Mapping[str, Any],
        dataset: Dataset,
        features: MovieFeatures,
        make: Callable[[], Part],
        load: Callable[[UPath], Part],
    ) -> Part:
        """Return what `make` makes of a dataset by these parameters, or what `load` reads where it was kept."""
        return make()


ANEW = Fits()


class RememberedFits(Fits):
    """Makes the fit of a ranker on equal inputs once, for as long as this object lives; keeps nothing on disk.

    A thread that asks for what another one is making waits for it.
    """

    def __init__(self) -> None:
        """Remember nothing yet."""
        self._lock = threading.Lock()
        self._fits: dict[str, Future[Any]] = {}

    def ranker(self, unfitted: Fitted, dataset: Dataset, features: MovieFeatures) -> Fitted:
        """Return the ranker, fitted on a dataset and the features that were built from it."""
        key = fit_key(unfitted.name, unfitted.parameters(), dataset, features)
        with self._lock:
            is_made_here = key not in self._fits
            fit = self._fits.setdefault(key, Future())
        if is_made_here:
            try:
                fit.set_result(super().ranker(unfitted, dataset, features))
            except BaseException as error:
                fit.set_exception(error)
        fitted: Fitted = fit.result()
        return fitted


def fit_key(name: str, parameters: Mapping[str, Any], dataset: Dataset, features: MovieFeatures) -> str:
    """Return the key of a fit: equal for equal rankers, hyper-parameters, facts and code, in any order."""
    settings = json.dumps(dict(parameters), sort_keys=True, default=list)
    content = "\n".join((name, settings, dataset.fingerprint, features.fingerprint, fitting_code()))
    return hashlib.sha256(content.encode()).hexdigest()[:KEY_DIGITS]


@cache
def fitting_code() -> str:
    """Return a digest of the code, the libraries and the setting that decide what a fit is."""
    digest = hashlib.sha256()
    for path in sorted(path for room in ROOMS for path in (PACKAGE / room).rglob("*.py")):
        digest.update(path.relative_to(PACKAGE).as_posix().encode())
        digest.update(path.read_bytes())
    for library in LIBRARIES:
        digest.update(f"{library} {importlib.metadata.version(library)}".encode())
    digest.update(NETWORKS.read_bytes())
    digest.update(Settings.from_env().neural.encode())
    return digest.hexdigest()
