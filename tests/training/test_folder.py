from upath import UPath

from movierec.artifacts import save_frame
from movierec.data.dataset import empty
from movierec.training.folder import TrainingFolder, prune_trainings


def test_a_folder_is_found_by_the_settings_and_the_number_of_the_training(settings):
    folder = TrainingFolder.of(settings, 7)
    assert folder.path == UPath(settings.artifacts) / "trainings" / "000007"
    assert folder.training_id == 7


def test_a_training_of_before_is_found_where_it_lies(settings):
    folder = TrainingFolder.of(settings, 7)
    paths = {
        "snapshot": folder.snapshot,
        "train.parquet": folder.train,
        "test.parquet": folder.test,
        "features": folder.features,
        "models/ease": folder.model("ease"),
        "lists/ease.parquet": folder.lists_of("ease"),
        "plots": folder.plots,
        "final/features": folder.final_features,
        "final/ease": folder.final_model("ease"),
    }
    for name, path in paths.items():
        assert path == UPath(settings.artifacts) / "trainings" / "000007" / name


def test_artifacts_of_other_trainings_are_pruned(settings):
    for training_id in (1, 2, 3):
        save_frame(TrainingFolder.of(settings, training_id).train, empty("ratings"))
    assert prune_trainings(settings, kept={2}) == [1, 3]
    assert not TrainingFolder.of(settings, 1).path.exists()
    assert TrainingFolder.of(settings, 2).path.exists()
