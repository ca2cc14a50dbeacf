"""What a fit is asked for, and what it answers: the words between the ranker and the process that fits."""

from dataclasses import dataclass
from pathlib import Path

AUTOENCODER, SEQUENCE = "autoencoder", "sequence"
AUTO = "auto"  # what is asked says which one
BEST = "best"  # an inner window says which one, and after how many epochs
ARCHITECTURES = (AUTOENCODER, SEQUENCE)

# files of a job's folder
HISTORIES, OPTIONS = Path("histories.npz"), Path("options.json")
WEIGHTS, RESULT = Path("weights.npz"), Path("result.json")
# what a line of the process that fits begins with
SAY, DONE, FAILED = "say", "done", "failed"


@dataclass(frozen=True, kw_only=True)
class Options:
    """A fit.

    Attributes:
        architectures: those to choose from, in the order in which they are tried.
        movies: the size of the model.
        following: how many movies after a cut are to be predicted.
        is_next: whether the inner window is the last rating of each history, not its last fifth.
        hidden: units of the autoencoder.
        dropout: the share of its input that is left out.
        length: how many ratings the sequence model looks at.
        width: of its layers.
        blocks: how many layers of attention it has.
        epochs: that the learning rate falls over.
        stop_after: epochs after which training ends, at most those that the learning rate falls over; 0: found on the
            inner window, as is the architecture.
        max_seconds: that the fit may take.
        seed: of all random draws.
    """

    architectures: tuple[str, ...]
    movies: int
    following: int
    hidden: int
    dropout: float
    length: int
    width: int
    blocks: int
    epochs: int
    stop_after: int
    is_next: bool
    max_seconds: float
    seed: int


@dataclass(frozen=True)
class FitSummary:
    """What was chosen and why.

    Attributes:
        architecture: whose weights these are.
        epochs: after how many training ended.
        values: NDCG@10 on the inner window, by architecture that was tried; none where nobody liked anything in it.
        is_whole: whether the network has learned from whole histories; there was no time left otherwise.
    """

    architecture: str
    epochs: int
    values: dict[str, float]
    is_whole: bool = True
