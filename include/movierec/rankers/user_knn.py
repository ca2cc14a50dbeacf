"""What users with a like history rated."""

from movierec.dataset import Dataset
from movierec.features.content import MovieFeatures
from movierec.features.types import Floats, Ints
from movierec.rankers.base import Ranker, after_scored
from movierec.rankers.neighbours import cosine, keep_top


class UserKNN(Ranker):
    """Sums the movies of the nearest users, weighted by shrunk cosine similarity (Herlocker et al. 1999)."""

    name = "user_knn"

    def __init__(self, neighbours: int = 50, shrinkage: float = 20.0) -> None:
        """Store how many neighbours a user has and how strongly small overlaps are shrunk."""
        self.neighbours = neighbours
        self.shrinkage = shrinkage

    def _learn(self, dataset: Dataset, features: MovieFeatures) -> None:
        """The history is the model."""

    def scores(self, users: Ints) -> Floats:
        """Find the neighbours of these users and sum what they rated."""
        pool = self.fitted_.wanted
        similarity = cosine(self.history_.wanted[users], pool, self.shrinkage)
        same = self.history_.user_ids[users][:, None] == self.fitted_.user_ids
        similarity[same] = 0
        return after_scored((keep_top(similarity, self.neighbours) @ pool).toarray(), self.fitted_)
