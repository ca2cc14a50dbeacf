"""What learned rankers share: candidates of all base rankers, described by features, and a model that scores them."""

import weakref
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Generic, Protocol, TypeVar

import numpy as np
from upath import UPath

from movierec.artifacts import Arrays
from movierec.data.arrays import Floats, Ints
from movierec.data.dataset import Dataset
from movierec.features.content import MovieFeatures
from movierec.rankers.base import Ranker
from movierec.rankers.building_blocks.fits import Fits
from movierec.rankers.building_blocks.fitting_together import left_out_from_arrays, left_out_to_arrays
from movierec.rankers.building_blocks.label_windows import WindowPlan
from movierec.rankers.reranking.base_rankers import CLASSES, BaseRankers
from movierec.rankers.reranking.candidates import CandidateGenerator, CandidateTable
from movierec.rankers.reranking.training_inputs import training_inputs
from movierec.rankers.reranking.training_set import TrainingSet
from movierec.rankers.reranking.views import HALF_LIVES
from movierec.rankers.saved_models.model_card import model_folder

# Names of folders in a saved model; in the first one are the rankers that the array of this name tells.
BASE_RANKERS, FACTS, FEATURES = "bases", "facts", "features"


class SavedAsArrays(Protocol):
    """A model that is saved as named arrays."""

    def to_arrays(self) -> Arrays:
        """Return everything that was learned."""


Model = TypeVar("Model", bound=SavedAsArrays)


@dataclass(kw_only=True, eq=False)
class LearnedRanker(WindowPlan, Ranker, Generic[Model]):
    """Re-ranks the union of the base rankers' best candidates; movies that none proposed follow in EASE's order.

    A base ranker that cannot be fitted is left out, and so are the features that come from it. A subclass says how its
    model learns from a training set and how it scores candidates.

    Attributes:
        model_: None where the label windows held nothing to learn; then EASE's order is all there is.
        feature_names_: of the columns that the model was fitted on.
        generator_: of the candidates.
    """

    model_: Model | None = field(init=False, repr=False)
    feature_names_: list[str] = field(init=False, repr=False)
    generator_: CandidateGenerator = field(init=False, repr=False)

    @abstractmethod
    def _fit_model(self, training_set: TrainingSet) -> Model:
        """Return a model that scores candidates by their grades."""

    @abstractmethod
    def _predict(self, model: Model, table: CandidateTable) -> Floats:
        """Score candidates, described by the features of the training set, from 0 to 1."""

    @abstractmethod
    def _model_from_arrays(self, arrays: Arrays) -> Model:
        """Return the model whose `to_arrays` are among these."""

    def _fit(self, dataset: Dataset, features: MovieFeatures, fits: Fits) -> None:
        inputs = training_inputs(dataset, features, self, fits)
        training_set = inputs.training_set
        self.generator_ = inputs.generator
        self.feature_names_ = [] if training_set is None else training_set.names
        self.model_ = None if training_set is None else self._fit_model(training_set)

    def _fold_in(self, dataset: Dataset) -> None:
        self.generator_ = self.generator_.fold_in(dataset)

    def scores(self, users: Ints) -> Floats:
        """Score candidates from 0 to 1 by the model, all other movies from -2 to -1 by EASE."""
        block = self.generator_.block(users)
        scores = _below_candidates(block.fallback)
        if self.model_ is not None:
            table = block.table
            table = replace(table, matrix=table.columns(self.feature_names_), names=self.feature_names_)
            scores[table.rows, table.movies] = self._predict(self.model_, table)
        return scores

    def item_weights(self, sources: Ints, targets: Ints) -> Floats:
        """Return those of the view `ease_decayed`: trees have none, and recent history is what drives them most."""
        base_rankers = self.generator_.base_rankers
        weights = base_rankers.first_of("ease_near", "ease", "popularity").item_weights(sources, targets)
        return weights / self.generator_.views.damping[targets]

    def history_weights(self, ratings: Ints) -> Floats:
        """Return the weights of these ratings in the view `ease_decayed`."""
        return self.history_.faded_signal(HALF_LIVES["decayed"], ratings)

    @property
    def left_out(self) -> Mapping[str, str]:
        """Names of the base rankers that could not be fitted, with the reasons in words."""
        return self.generator_.base_rankers.left_out

    @property
    def builds_on(self) -> Mapping[str, Ranker]:
        """The base rankers that propose candidates."""
        return self.generator_.base_rankers.fitted

    def proposed(self, user: int) -> Ints:
        """Return the movies (ids, ascending) that are candidates for a user of `history_`, given by id."""
        history = self.history_
        position = np.searchsorted(history.user_ids, user)
        if position == len(history.user_ids) or history.user_ids[position] != user:
            return np.empty(0, np.int64)  # who has no history is given what is popular
        return np.unique(history.movie_ids[self.generator_.table(np.array([position])).movies])

    def _save(self, folder: UPath, with_history: bool) -> None:
        """Write the history, the model, the facts, the movies' features and the base rankers."""
        super()._save(folder, with_history)
        self.generator_.facts.save(folder / FACTS)
        self.generator_.features.save(folder / FEATURES)
        self.generator_.base_rankers.save(folder / BASE_RANKERS)

    def _to_arrays(self) -> Arrays:
        names = np.array(list(self.generator_.base_rankers.fitted), str)
        arrays = {"is_trained": np.array(self.model_ is not None), BASE_RANKERS: names}
        arrays |= left_out_to_arrays(self.left_out)
        if self.model_ is None:
            return arrays
        return arrays | {"names": np.array(self.feature_names_), **self.model_.to_arrays()}

    def _from_arrays(self, arrays: Arrays, folder: UPath) -> None:
        left_out = left_out_from_arrays(arrays)
        # Models of versions before networks were among them do not say: it was all of the others.
        before = [name for name in CLASSES if name not in left_out and name != "neural"]
        names = arrays[BASE_RANKERS].tolist() if BASE_RANKERS in arrays else before
        self.generator_ = self._load_generator(folder, names, left_out)
        is_trained = bool(arrays["is_trained"])
        self.feature_names_ = arrays["names"].tolist() if is_trained else []
        self.model_ = self._model_from_arrays(arrays) if is_trained else None

    def _load_generator(self, folder: UPath, names: list[str], left_out: Mapping[str, str]) -> CandidateGenerator:
        """Read the generator, or take that of another loaded ranker if it is of the same kept fits.

        What learned rankers of one training cost is their candidates; so those who are loaded together share them.
        """
        kept = [str(model_folder(folder / BASE_RANKERS / name)) for name in names]
        is_kept = not any(each.startswith(str(folder)) for each in kept)
        key = (*kept, self.candidates, self.windows)
        generator = _generators.get(key) if is_kept else None
        if generator is None:
            facts, features = Dataset.load(folder / FACTS), MovieFeatures.load(folder / FEATURES)
            base_rankers = BaseRankers.load(folder / BASE_RANKERS, names, self.training_history_, left_out)
            generator = CandidateGenerator(base_rankers, facts, features, self.candidates, self.windows)
            _generators[key] = generator
        return generator


# A kept fit never changes: its folder is named by what it was learned from.
_generators: "weakref.WeakValueDictionary[tuple[object, ...], CandidateGenerator]" = weakref.WeakValueDictionary()


def _below_candidates(scores: Floats) -> Floats:
    """Squeeze each row into -2 to -1, keeping its order."""
    low, high = scores.min(axis=1, keepdims=True), scores.max(axis=1, keepdims=True)
    return np.asarray((scores - low) / np.maximum(high - low, 1e-9) - 2, np.float32)
