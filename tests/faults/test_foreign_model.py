"""Another model in the place of the champion's: publication refuses it with one sentence, and what is served stays."""

import shutil
from pathlib import Path

import pytest
from upath import UPath

from movierec.data.dataset import Dataset
from movierec.db import connect
from movierec.errors import ModelError
from movierec.features.content import MovieFeatures
from movierec.publishing import deltas, lists
from movierec.publishing.versions import find_version, open_version
from movierec.rankers import registry
from movierec.rankers.saved_models.model_card import model_folder
from movierec.training.folder import TrainingFolder
from tests.faults.chains import publication
from tests.faults.stages import take
from tests.faults.test_training import digests, overwrite
from tests.faults.test_training import lists as served
from tests.publishing.conftest import LENGTH

TRAINING = 1


def champion(warehouse):
    """Return the name of the ranker that the next version is made with."""
    with connect(warehouse) as conn:
        return find_version(conn, open_version(conn, "to look", LENGTH)).ranker


def of_another_ranker(folder, name, target):
    other = "popularity" if name != "popularity" else "ease"
    dataset = Dataset.load(folder.snapshot)
    registry.create(other).fit(dataset, MovieFeatures.build(dataset)).save(target)


def of_another_data_set(folder, name, target):
    """Save a model of the same ranker and catalogue that has learned from some ratings less."""
    dataset = Dataset.load(folder.snapshot)
    dataset = dataset.with_ratings(dataset.ratings[:-100])
    registry.create(name).fit(dataset, MovieFeatures.build(dataset)).save(target)


def with_half_of_its_arrays(_, __, target):
    for arrays in Path(target.path).glob("*.npz"):
        arrays.write_bytes(arrays.read_bytes()[: arrays.stat().st_size // 2])


def with_one_bit_flipped(_, __, target):
    for arrays in Path(target.path).glob("*.npz"):
        data = bytearray(arrays.read_bytes())
        data[len(data) // 2] ^= 1
        arrays.write_bytes(data)


def with_another_card(_, __, target):
    overwrite(Path((target / "ranker.json").path))


DAMAGES = [
    (of_another_ranker, r"holds the ranker '\w+', not '\w+'"),
    (of_another_data_set, r"was not fitted on the ratings of .*snapshot \(1,400 ratings, there 1,500\); train again"),
    (with_half_of_its_arrays, r"is not the file that was saved: its sha256 is .*; train again"),
    (with_one_bit_flipped, r"is not the file that was saved: its sha256 is .*; train again"),
    (with_another_card, r"is not a ranker's card .*; train again"),
]
FIRST = ((of_another_ranker, "final"), (of_another_data_set, "fit"), (with_one_bit_flipped, "fit"))


# Of an evaluated model publication takes the hyper-parameters alone, whatever it was fitted on.
CASES = [
    pytest.param(damage, sentence, place, marks=() if (damage, place) in FIRST else pytest.mark.slow)
    for damage, sentence in DAMAGES
    for place in ("fit", "final", "evaluated")
    if (damage, place) != (of_another_data_set, "evaluated")
]


@pytest.fixture(scope="module")
def without_damage(served_night, tmp_path_factory):
    """Return what a publication leaves that nothing disturbs."""
    warehouse, settings = served_night.copy(tmp_path_factory.mktemp("undisturbed"))
    champion(warehouse)
    take(warehouse, publication(warehouse, settings, "night"))
    return digests(warehouse, settings)


@pytest.mark.parametrize(("damage", "sentence", "place"), CASES)
def test_a_foreign_or_damaged_model_is_refused_and_the_right_one_is_published(
    served_night, without_damage, tmp_path, damage, sentence, place
):
    warehouse, settings = served_night.copy(tmp_path)
    before, folder, name = served(warehouse), TrainingFolder.of(settings, TRAINING), champion(warehouse)
    stages = publication(warehouse, settings, "night")
    take(warehouse, {"fit_champion": stages["fit_champion"]})
    # an evaluated or a final model is a card that names a fit: what is put in the place of either is whole
    target = {
        "fit": model_folder(folder.final_model(name)),
        "final": folder.final_model(name),
        "evaluated": folder.model(name),
    }[place]
    fit = model_folder(target)
    whole = shutil.copytree(folder.path.path, tmp_path / "whole")
    damage(folder, name, target if damage in (of_another_ranker, of_another_data_set, with_another_card) else fit)
    # a night refits, and so writes the card of the final model anew; what is published again is taken as it is
    with pytest.raises(ModelError, match=sentence) as refused:
        take(warehouse, stages if place != "final" else {key: stages[key] for key in stages if key != "fit_champion"})
    assert "\n" not in str(refused.value)
    assert served(warehouse) == before
    shutil.rmtree(folder.path.path)
    shutil.copytree(whole, folder.path.path)
    take(warehouse, stages)
    after = served(warehouse)
    assert after == before  # the same lists, of the new version
    assert digests(warehouse, settings) == without_damage


def test_a_delta_refuses_the_model_of_another_ranker(served_night, tmp_path):
    warehouse, settings = served_night.copy(tmp_path)
    before, folder, name = served(warehouse), TrainingFolder.of(settings, TRAINING), champion(warehouse)
    of_another_ranker(folder, name, folder.final_model(name))
    with connect(warehouse) as conn:
        conn.execute(
            "select serving.give_feedback('one', 1, (select movie_id from serving.live_recommendation"
            " where user_id = 1 and rank = 2), 'like')"
        )
        conn.commit()
        with pytest.raises(ModelError, match="holds the ranker"):
            deltas.write_delta(conn, deltas.open_delta(conn, "hour"), settings)
    assert served(warehouse) == before


def test_a_base_ranker_of_other_ratings_is_refused_by_the_ranker_that_builds_on_it(served_night, tmp_path):
    _, settings = served_night.copy(tmp_path)
    dataset = Dataset.load(TrainingFolder.of(settings, TRAINING).snapshot)
    saved = UPath(tmp_path / "blend")
    features = MovieFeatures.build(dataset)
    registry.create("blend", ease=1.0, item_knn=1.0).fit(dataset, features).save(saved)
    fewer = dataset.with_ratings(dataset.ratings[:-100])
    registry.create("ease").fit(fewer, MovieFeatures.build(fewer)).save(saved / "ease")
    with pytest.raises(ModelError, match=r"ease was fitted on other ratings than the model that builds on it"):
        registry.load(saved)


def test_a_model_that_is_published_again_is_refused_where_it_is_another_one(served_night, tmp_path):
    warehouse, settings = served_night.copy(tmp_path)
    folder, name = TrainingFolder.of(settings, TRAINING), champion(warehouse)
    of_another_data_set(folder, name, folder.final_model(name))
    with connect(warehouse) as conn:
        version_id = open_version(conn, "again", LENGTH, [TRAINING])
        lists.fit_champion(conn, version_id, settings, take_published=True)
        with pytest.raises(ModelError, match="was not fitted on the ratings of"):
            lists.write_lists(conn, version_id, 0, 1, settings)
