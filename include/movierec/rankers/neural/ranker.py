"""Networks that say what comes next: an autoencoder of fading histories, or self-attention over the last ratings."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from movierec.artifacts import Arrays
from movierec.data.arrays import Floats, Ints
from movierec.data.dataset import Dataset
from movierec.data.history import History
from movierec.errors import ModelError
from movierec.features.content import MovieFeatures
from movierec.rankers.base import Ranker
from movierec.rankers.building_blocks.by_popularity import (
    OUTSIDE,
    columns_in,
    most_rated,
    outside_by_popularity,
    popularity,
)
from movierec.rankers.building_blocks.fits import Fits
from movierec.rankers.building_blocks.label_windows import WINDOW_KINDS
from movierec.rankers.building_blocks.search_space import Choice, Range, Space
from movierec.rankers.neural import autoencoder, sequence
from movierec.rankers.neural.histories import Histories, Weights
from movierec.rankers.neural.options import ARCHITECTURES, AUTO, AUTOENCODER, BEST, SEQUENCE, FitSummary, Options
from movierec.rankers.neural.process import fit, give_up

log = logging.getLogger(__name__)

SCORES: dict[str, Callable[[Any, Histories], Floats]] = {AUTOENCODER: autoencoder.scores, SEQUENCE: sequence.scores}
FOLLOWING = 20
MAX_STEPS = 20  # of ratings; finer ones are put together
NOTHING = "nothing"  # the architecture where nobody rated two movies: popularity is all there is


@dataclass(kw_only=True, eq=False)
class Neural(Ranker):
    """A network for the `max_movies` most rated movies, fitted by TensorFlow, scored by numpy; the others follow.

    With `architecture` "auto", it is the sequence model where the next rating is asked for, else the autoencoder, which
    was better on the inner windows of every data set; it learns until its learning rate has fallen. With "best", both
    are fitted on what came before the last fifth of each history, and the one that ranks this fifth better learns once
    more, from everything, for as many epochs as were best there; an architecture by name, too, finds its epochs so.
    Without an order there is no sequence, and the autoencoder it is. See `movierec.rankers.neural.autoencoder` and
    `sequence` for the papers.

    Attributes:
        architecture: "auto", "best" or one of `ARCHITECTURES`.
        windows: what will be asked for: the rest of a history ("time"), the days to come ("days"), the next rating
            ("next"), or "random" where test rows are drawn from all times: then the order of the ratings is not read.
        following: how many movies are predicted; None stands for one with "next", else `FOLLOWING`.
        hidden: and what follows up to `epochs`, `stop_after`, `max_seconds` and `seed`: see `Options`.
        max_movies: of the network.
        fitted_: what was chosen.
    """

    name = "neural"
    is_fitted_elsewhere = True
    space: ClassVar[Space] = {
        "architecture": Choice((AUTO, *ARCHITECTURES)),
        "following": Range(1, 40, log=True, whole=True),
        "hidden": Range(64, 512, log=True, whole=True),
        "dropout": Range(0.2, 0.7),
        "length": Range(20, 200, log=True, whole=True),
        "width": Choice((32, 64, 128)),
    }

    architecture: str = AUTO
    windows: str = "time"
    following: int | None = None
    hidden: int = 256
    dropout: float = 0.5
    length: int = 100
    width: int = 128
    blocks: int = 1
    epochs: int = 50
    stop_after: int = 0
    max_movies: int = 8_000
    max_seconds: float = 600.0
    seed: int = 0
    fitted_: FitSummary = field(init=False, repr=False)
    # the history that was read last, and how
    read_: tuple[History, Histories] | None = field(init=False, repr=False, default=None)

    def _fit(self, dataset: Dataset, features: MovieFeatures, fits: Fits) -> None:
        self._check("architecture", (AUTO, BEST, *ARCHITECTURES))
        self._check("windows", WINDOW_KINDS)
        if self.stop_after and self.architecture == BEST:
            raise ModelError(
                f"stop_after is {self.stop_after} with architecture '{BEST}', which finds it; allowed is 0"
            )
        history = self.training_history_
        self.movie_positions_ = most_rated(history, self.max_movies)
        self.steps_ = _rating_steps(history)
        histories = self._histories(history)
        if np.diff(histories.starts).max() < 2:  # noqa: PLR2004 (something that came before, and something after)
            log.warning("neural: nobody rated two movies, so nothing follows anything; popularity decides")
            self.weights_, self.fitted_ = Weights(), FitSummary(NOTHING, 0, {})
        else:
            self.weights_, self.fitted_ = fit(histories, self._options(histories))

    def give_up(self) -> None:
        """End the job that another thread waits for."""
        give_up()

    def _check(self, name: str, allowed: tuple[str, ...]) -> None:
        if getattr(self, name) not in allowed:
            raise ModelError(f"{name} is '{getattr(self, name)}'; allowed are {', '.join(allowed)}")

    def _options(self, histories: Histories) -> Options:
        has_order = bool((np.diff(histories.times) * (np.diff(histories.users) == 0)).any())
        is_next = self.windows == "next"
        if self.architecture == BEST:
            names = ARCHITECTURES if has_order else (AUTOENCODER,)
        elif self.architecture == AUTO:
            names = (SEQUENCE if is_next and has_order else AUTOENCODER,)
        else:
            names = (self.architecture,)
        return Options(
            architectures=names,
            movies=len(self.movie_positions_),
            following=self.following or (1 if is_next else FOLLOWING),
            is_next=is_next,
            hidden=self.hidden,
            dropout=self.dropout,
            length=self.length,
            width=self.width,
            blocks=self.blocks,
            epochs=self.epochs,
            stop_after=self.stop_after or (self.epochs if self.architecture == AUTO else 0),
            max_seconds=self.max_seconds,
            seed=self.seed,
        )

    def _histories(self, history: History) -> Histories:
        """Return the ratings of the model's movies as networks read them."""
        column = columns_in(self.movie_positions_, history.shape[1])[history.movies]
        is_inside = column != OUTSIDE
        times = history.times if self.windows != "random" else np.zeros_like(history.times)
        return Histories.of(
            history.users[is_inside],
            history.shape[0],
            movies=column[is_inside],
            times=times[is_inside],
            signal=history.signal[is_inside],
            levels=_levels(history.ratings[is_inside], self.steps_),
            liked=history.liked[is_inside],
        )

    def chosen_parameters(self) -> dict[str, Any]:
        """Return the hyper-parameters with the architecture and the number of epochs that an inner window has chosen.

        Not where the time was over before whole histories were learned from: the same would take more of it.
        """
        chosen = self.fitted_
        if not chosen.values or not chosen.is_whole:
            return self.parameters()
        return {**self.parameters(), "architecture": chosen.architecture, "stop_after": chosen.epochs}

    def scores(self, users: Ints) -> Floats:
        """Let the network read the users' histories."""
        history = self.history_
        if self.fitted_.architecture == NOTHING:
            return np.tile(popularity(self.training_history_), (len(users), 1))
        if self.read_ is None or self.read_[0] is not history:
            self.read_ = history, self._histories(history)
        inside = SCORES[self.fitted_.architecture](self.weights_, self.read_[1].of_users(users))
        return outside_by_popularity(inside, self.movie_positions_, self.training_history_)

    def _to_arrays(self) -> Arrays:
        fitted = {
            "architecture": np.array(self.fitted_.architecture),
            "epochs": np.array(self.fitted_.epochs),
            "is_whole": np.array(self.fitted_.is_whole),
            "tried": np.array(list(self.fitted_.values), str),
            "values": np.array(list(self.fitted_.values.values()), float),
        }
        weights = {f"weights.{name}": value for name, value in self.weights_.items()}
        return {"kept": self.movie_positions_, "steps": self.steps_, **fitted, **weights}

    def _from_arrays(self, arrays: Arrays, folder: object) -> None:
        self.movie_positions_, self.steps_ = arrays["kept"], arrays["steps"]
        values = dict(zip(arrays["tried"].tolist(), arrays["values"].tolist(), strict=True))
        self.fitted_ = FitSummary(str(arrays["architecture"]), int(arrays["epochs"]), values, bool(arrays["is_whole"]))
        prefix = "weights."
        self.weights_ = {name[len(prefix) :]: value for name, value in arrays.items() if name.startswith(prefix)}


def _rating_steps(history: History) -> Floats:
    """Return the ratings that are told apart, ascending: all there are, or `MAX_STEPS` quantiles of them."""
    rated = history.ratings[np.isfinite(history.ratings)]
    steps = np.unique(rated)
    return steps if len(steps) <= MAX_STEPS else np.unique(np.quantile(rated, np.arange(MAX_STEPS) / MAX_STEPS))


def _levels(ratings: Floats, steps: Floats) -> Ints:
    """Return how many of the steps each rating has reached, plus 1; 1 for other feedback."""
    reached = np.maximum(np.searchsorted(steps, ratings, side="right"), 1)
    return np.where(np.isfinite(ratings), reached + 1, 1)
