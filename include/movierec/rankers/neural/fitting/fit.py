"""One fit: choose the architecture and the number of epochs on the inner window, then learn from whole histories."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from movierec.rankers.neural.fitting.architectures import architecture
from movierec.rankers.neural.fitting.training import Plan, Result, Say, train
from movierec.rankers.neural.fitting.window import Window
from movierec.rankers.neural.histories import Histories, Weights
from movierec.rankers.neural.options import FitSummary, Options

PATIENCE_EPOCHS = 4  # without a better NDCG
WINDOW_USERS = 3_000  # more would take longer to score than they tell apart
CHOICE_SHARE = 0.55  # of the time; the rest is for learning from whole histories
BLIND_SHARE = 0.5  # of the epochs, where no window says when to stop
HALF_WAY_SHARE = 0.9  # of what another architecture reached: half the epochs must bring as much


@dataclass
class Fit:
    """A fit that is under way.

    Attributes:
        histories: to learn from.
        options: what is asked for.
        say: is told how it goes.
        results: of the architectures that were tried on the inner window.
        seconds: that each took.
    """

    histories: Histories
    options: Options
    say: Say
    results: dict[str, Result] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def run(self) -> tuple[Weights, FitSummary]:
        """Return the weights of the better architecture and how it was chosen."""
        began = time.monotonic()
        if self.options.stop_after:
            name = self.options.architectures[0]
            known = FitSummary(name, min(self.options.stop_after, self._epochs(name)), {})
            result = self._final(known, began + self.options.max_seconds)
            return result.weights, replace(known, epochs=result.epoch)
        window = Window.of(self.histories, WINDOW_USERS, self.options.seed, self.options.is_next)
        names = self.options.architectures
        for number, name in enumerate(names if window.is_usable else (), 1):
            self._try(name, window, began + self.options.max_seconds * CHOICE_SHARE * number / len(names))
        fitted = self._choose()
        left = self.options.max_seconds - (time.monotonic() - began)
        if self.seconds.get(fitted.architecture, 0) > left:
            self.say("no time is left to learn from whole histories: the weights are those without the inner window")
            return self.results[fitted.architecture].weights, replace(fitted, is_whole=False)
        return self._final(fitted, time.monotonic() + left).weights, fitted

    def _try(self, name: str, window: Window, deadline: float) -> None:
        began = time.monotonic()
        score = architecture(name, window.known, self.options).score
        half_way = HALF_WAY_SHARE * max((result.ndcg for result in self.results.values()), default=0.0)
        epochs = self._epochs(name)
        plan = Plan(epochs, epochs, PATIENCE_EPOCHS, self.options.seed, deadline, half_way)
        ndcg_of = lambda weights: window.ndcg(lambda histories: score(weights, histories))  # noqa: E731
        self.results[name] = self._train(name, window.known, plan, ndcg_of)
        self.seconds[name] = time.monotonic() - began

    def _choose(self) -> FitSummary:
        ndcgs = {name: result.ndcg for name, result in self.results.items()}
        best = max(ndcgs, key=lambda name: ndcgs[name], default=self.options.architectures[0])
        epochs = self.results[best].epoch if ndcgs else max(1, round(self._epochs(best) * BLIND_SHARE))
        ndcg_text = ", ".join(f"{name} {ndcg:.4f}" for name, ndcg in ndcgs.items()) or "unknown, nobody liked anything"
        self.say(f"{best} it is, {epochs} epochs; NDCG@10 on the inner window: {ndcg_text}")
        return FitSummary(best, epochs, ndcgs)

    def _final(self, fitted: FitSummary, deadline: float) -> Result:
        tried = self.results.get(fitted.architecture)
        epochs = tried.epochs if tried else self._epochs(fitted.architecture)
        plan = Plan(epochs, fitted.epochs, epochs, self.options.seed, deadline)
        return self._train(fitted.architecture, self.histories, plan, None)

    def _epochs(self, name: str) -> int:
        """Return over how many epochs the learning rate falls, on the window and on everything."""
        return architecture(name, self.histories, self.options).epochs(self.histories, self.options.epochs)

    def _train(self, name: str, histories: Histories, plan: Plan, ndcg_of: Callable[[Weights], float] | None) -> Result:
        network = architecture(name, histories, self.options)
        return train(network, histories, plan, ndcg_of, lambda line: self.say(f"{name}, {line}"))
