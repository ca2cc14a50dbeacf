"""The folder of the artifact store in which a training keeps what it makes.

Nothing else knows its layout, but for the view `ops.version_lineage`, which names snapshots and final models to people.

    trainings/000042/
        snapshot/                  the facts of the batch that the training learns from
        train.parquet              the ratings that rankers are fitted on …
        test.parquet               … and those held out, by which they are evaluated
        features/                  the movies, described from the training ratings alone
        global/                    train.parquet, test.parquet and features/ of the split at one moment
        fits/<key>/                whatever is learned once: rankers on any side of a split, training sets
        models/<ranker>/           every ranker, fitted on the training ratings: where in fits/ it is kept
        lists/<ranker>.parquet     its lists, as they were evaluated
        plots/                     the pictures, and the page that shows them
        final/<ranker>/            the champion, fitted on all ratings, from which the lists are published …
        final/features/            … and the movies, described from all of them

`data.TrainingData` reads and writes what lies there. This module imports nothing heavy, because Airflow's web server
finds the pictures by it.
"""

from collections.abc import Collection
from dataclasses import dataclass

from upath import UPath

from movierec.config import Settings


@dataclass(frozen=True)
class TrainingFolder:
    """The paths of one training's artifacts; none of them need exist."""

    training_id: int
    path: UPath

    @classmethod
    def of(cls, settings: Settings, training_id: int) -> "TrainingFolder":
        """Return the folder of a training in the artifact store of this installation."""
        return cls(training_id, trainings(settings) / f"{training_id:06d}")

    @property
    def snapshot(self) -> UPath:
        """The facts, as `Dataset.save` writes them."""
        return self.path / "snapshot"

    @property
    def train(self) -> UPath:
        """The ratings to fit on."""
        return self.path / "train.parquet"

    @property
    def test(self) -> UPath:
        """The ratings held out."""
        return self.path / "test.parquet"

    @property
    def features(self) -> UPath:
        """The movies as the training ratings show them, as `MovieFeatures.save` writes them."""
        return self.path / "features"

    @property
    def global_train(self) -> UPath:
        """The ratings to fit on where everybody's are divided at one moment."""
        return self.path / "global" / "train.parquet"

    @property
    def global_test(self) -> UPath:
        """The ratings after that moment."""
        return self.path / "global" / "test.parquet"

    @property
    def global_features(self) -> UPath:
        """The movies as the ratings before that moment show them."""
        return self.path / "global" / "features"

    @property
    def models(self) -> UPath:
        """The rankers fitted on the training ratings, a folder each."""
        return self.path / "models"

    def model(self, ranker: str) -> UPath:
        """A ranker fitted on the training ratings, as `Ranker.save` writes it."""
        return self.models / ranker

    @property
    def fits(self) -> UPath:
        """What is learned once, a folder each."""
        return self.path / "fits"

    def fit(self, key: str) -> UPath:
        """A fit, and whatever else is made once, by its key."""
        return self.fits / key

    def earlier(self) -> list["TrainingFolder"]:
        """The folders of earlier trainings, latest first."""
        return [other for other in reversed(_in(self.path.parent)) if other.training_id < self.training_id]

    @property
    def lists(self) -> UPath:
        """The lists by which rankers were evaluated, a file each."""
        return self.path / "lists"

    def lists_of(self, ranker: str) -> UPath:
        """The lists by which a ranker was evaluated."""
        return self.lists / f"{ranker}.parquet"

    @property
    def plots(self) -> UPath:
        """The pictures and their page."""
        return self.path / "plots"

    @property
    def final(self) -> UPath:
        """What lists are published from."""
        return self.path / "final"

    @property
    def final_features(self) -> UPath:
        """The movies as all ratings show them."""
        return self.final / "features"

    def final_model(self, ranker: str) -> UPath:
        """The champion, fitted on all ratings."""
        return self.final / ranker


def trainings(settings: Settings) -> UPath:
    """Return the folder that holds those of all trainings."""
    return UPath(settings.artifacts) / "trainings"


def training_folders(settings: Settings) -> list[TrainingFolder]:
    """Return the folder of every kept training, the earliest first."""
    return _in(trainings(settings))


def _in(root: UPath) -> list[TrainingFolder]:
    paths = [path for path in root.iterdir() if path.name.isdecimal()] if root.exists() else []
    return sorted((TrainingFolder(int(path.name), path) for path in paths), key=lambda folder: folder.training_id)


def prune_trainings(settings: Settings, kept: Collection[int]) -> list[int]:
    """Remove the folders of all trainings but these, and return which were removed, in ascending order."""
    removed = [folder for folder in training_folders(settings) if folder.training_id not in kept]
    for folder in removed:
        folder.path.fs.rm(folder.path.path, recursive=True)
    return [folder.training_id for folder in removed]
