"""At which rank the kept models of a version have a movie for a viewer.

Publishing keeps nothing for this but what it keeps anyway: the fitted ranker of a version with those that it builds on
stays as long as the version does, and one viewer is ranked in a moment. Keeping the candidates of every base ranker for
every viewer would cost some thousand numbers a viewer each night.
"""

from dataclasses import dataclass

from upath import UPath

from movierec.data.columns import MOVIE, RANK
from movierec.rankers import registry
from movierec.rankers.base import Ranker
from movierec.rankers.reranking.base import LearnedRanker


@dataclass(frozen=True)
class MovieRanks:
    """The ranks of a movie among all movies that the viewer has not seen.

    Attributes:
        own: by the version's ranker, from 1; None where the model has the movie as seen, or does not know it.
        base_rankers: by the rankers that it builds on, by name.
        is_candidate: whether any of these proposes the movie to a ranker that orders candidates; None of other rankers.
    """

    own: int | None
    base_rankers: dict[str, int | None]
    is_candidate: bool | None


def movie_ranks(model: UPath, user: int, movie: int) -> MovieRanks:
    """Ask a saved model, and those that it builds on.

    Raises:
        ModelError: it is not kept any more, or cannot be read.
    """
    ranker = registry.load(model)
    base_rankers = {name: _rank(base_ranker, user, movie) for name, base_ranker in ranker.builds_on.items()}
    is_candidate = movie in ranker.proposed(user) if isinstance(ranker, LearnedRanker) else None
    return MovieRanks(_rank(ranker, user, movie), base_rankers, is_candidate)


def _rank(ranker: Ranker, user: int, movie: int) -> int | None:
    ranked = ranker.recommend([user], ranker.history_.shape[1])
    ranks = ranked.loc[ranked[MOVIE] == movie, RANK]
    return int(ranks.iloc[0]) if len(ranks) else None
