"""What every registered ranker promises, run against every registered ranker."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from upath import UPath

from movierec.dataset import Dataset
from movierec.errors import ModelError
from movierec.features.content import MovieFeatures
from movierec.rankers import RANKERS, Ranker, create, load

MOVIES = 30
START = pd.Timestamp("1998-01-01", tz="UTC")
EVERYONE = range(1, 41)

pytestmark = pytest.mark.filterwarnings("error")


@pytest.fixture(scope="module", params=sorted(RANKERS))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def fitted(name: str, dataset: Dataset, features: MovieFeatures) -> Ranker:
    return create(name).fit(dataset, features)


@pytest.fixture
def saved(fitted: Ranker, tmp_path: Path) -> UPath:
    folder = UPath(tmp_path) / "model"
    fitted.save(folder)
    return folder


def rows(*ratings: tuple[int, int, float]) -> pd.DataFrame:
    frame = pd.DataFrame(ratings, columns=["user_id", "movie_id", "rating"])
    return frame.assign(rated_at=START + pd.to_timedelta(np.arange(len(frame)), unit="D"))


def refit(name: str, dataset: Dataset, ratings: pd.DataFrame) -> Ranker:
    changed = dataset.with_ratings(ratings)
    return create(name).fit(changed, MovieFeatures.build(changed))


def test_lists_have_ranks_from_one_and_falling_finite_scores(fitted: Ranker) -> None:
    lists = fitted.recommend(EVERYONE, 5)
    assert list(lists.columns) == ["user_id", "movie_id", "score", "rank"]
    assert lists["rank"].tolist() == [1, 2, 3, 4, 5] * 40
    assert np.isfinite(lists["score"]).all()
    assert (lists.groupby("user_id")["score"].diff().dropna() <= 0).all()


def test_no_movie_is_recommended_twice_or_after_it_was_rated(fitted: Ranker, dataset: Dataset) -> None:
    lists = fitted.recommend(EVERYONE, MOVIES)
    assert not lists.duplicated(["user_id", "movie_id"]).any()
    assert lists.merge(dataset.ratings, on=["user_id", "movie_id"]).empty


def test_seen_movies_can_be_asked_for(fitted: Ranker) -> None:
    assert len(fitted.recommend([1], MOVIES, exclude_seen=False)) == MOVIES


def test_k_larger_than_the_catalogue_gives_all_that_is_left(fitted: Ranker) -> None:
    assert len(fitted.recommend([1], 1_000)) == MOVIES - 10


def test_unknown_user_gets_popular_movies(fitted: Ranker, dataset: Dataset) -> None:
    counts = dataset.ratings.groupby("movie_id").size()
    expected = sorted(counts.index, key=lambda movie: (-counts[movie], movie))[:5]
    assert fitted.recommend([10_000], 5)["movie_id"].tolist() == expected


def test_users_come_once_and_in_the_order_asked_for(fitted: Ranker) -> None:
    assert fitted.recommend([7, 10_000, 3, 7], 2)["user_id"].tolist() == [7, 7, 10_000, 10_000, 3, 3]


def test_a_list_does_not_depend_on_who_else_is_asked_for(fitted: Ranker) -> None:
    together = fitted.recommend(EVERYONE, 5)
    alone = fitted.recommend([21], 5)
    pd.testing.assert_frame_equal(together[together["user_id"] == 21].reset_index(drop=True), alone)


def test_nobody_asked_gives_no_rows(fitted: Ranker) -> None:
    assert list(fitted.recommend([], 5).columns) == ["user_id", "movie_id", "score", "rank"]
    assert fitted.recommend([], 5).empty


def test_two_fits_agree(name: str, fitted: Ranker, dataset: Dataset, features: MovieFeatures) -> None:
    again = create(name).fit(dataset, features)
    pd.testing.assert_frame_equal(again.recommend(EVERYONE, 10), fitted.recommend(EVERYONE, 10))


def test_the_order_of_rows_does_not_matter(name: str, fitted: Ranker, dataset: Dataset) -> None:
    shuffled = refit(name, dataset, dataset.ratings.sample(frac=1, random_state=3))
    pd.testing.assert_frame_equal(shuffled.recommend(EVERYONE, 10), fitted.recommend(EVERYONE, 10))


def test_fitting_again_forgets_what_was_learned_before(name: str, dataset: Dataset, features: MovieFeatures) -> None:
    few = dataset.with_ratings(dataset.ratings[dataset.ratings["user_id"] <= 10])
    ranker = create(name).fit(dataset, features).fit(few, features)
    expected = create(name).fit(few, features)
    pd.testing.assert_frame_equal(ranker.recommend(EVERYONE, 5), expected.recommend(EVERYONE, 5))


def test_a_loaded_model_recommends_the_same(name: str, fitted: Ranker, saved: UPath) -> None:
    loaded = load(saved)
    assert loaded.name == name
    assert loaded.parameters() == fitted.parameters()
    pd.testing.assert_frame_equal(loaded.recommend(EVERYONE, 10), fitted.recommend(EVERYONE, 10))


def test_saving_twice_gives_the_same_bytes(fitted: Ranker, saved: UPath, tmp_path: Path) -> None:
    second = UPath(tmp_path) / "second"
    load(saved).save(second)
    files = sorted(path.relative_to(saved) for path in Path(saved).rglob("*") if path.is_file())
    assert files
    assert [(Path(saved) / f).read_bytes() for f in files] == [(Path(second) / f).read_bytes() for f in files]


@pytest.mark.parametrize("damage", [lambda data: data[: len(data) // 2], lambda data: b"not a model", lambda data: b""])
def test_a_damaged_file_is_named(saved: UPath, damage) -> None:
    path = saved / "arrays.npz"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ModelError, match=r"arrays\.npz"):
        load(saved)


@pytest.mark.parametrize("file", ["ranker.json", "arrays.npz"])
def test_trouble_that_another_try_may_solve_comes_through(saved: UPath, file: str) -> None:
    (saved / file).unlink()
    (saved / file).mkdir()
    with pytest.raises(IsADirectoryError):
        load(saved)


def test_a_card_that_is_none_is_named(saved: UPath) -> None:
    (saved / "ranker.json").write_bytes(b"\xff")
    with pytest.raises(ModelError, match="not a ranker's card"):
        load(saved)


def test_a_model_saved_without_its_history_takes_it_back(name: str, fitted: Ranker, tmp_path: Path) -> None:
    folder = UPath(tmp_path) / "model"
    fitted.save(folder, with_history=False)
    with pytest.raises(ModelError, match=f"not a whole '{name}' model"):
        load(folder)
    loaded = RANKERS[name].load(folder, fitted.history_)
    pd.testing.assert_frame_equal(loaded.recommend(EVERYONE, 10), fitted.recommend(EVERYONE, 10))


def test_another_format_is_refused(saved: UPath) -> None:
    card = json.loads((saved / "ranker.json").read_text())
    (saved / "ranker.json").write_text(json.dumps({**card, "format": 99}))
    with pytest.raises(ModelError, match="format 99; this version reads format 2"):
        load(saved)


def test_a_model_of_another_ranker_is_refused(name: str, saved: UPath) -> None:
    other = next(kind for kind in RANKERS.values() if kind.name != name)
    with pytest.raises(ModelError, match=f"holds the ranker '{name}', not '{other.name}'"):
        other.load(saved)


def test_a_folder_without_a_model_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"ranker\.json is missing"):
        RANKERS[name].load(UPath(tmp_path))


def test_nothing_to_learn_from_is_an_error(name: str, dataset: Dataset, features: MovieFeatures) -> None:
    with pytest.raises(ModelError, match="got no ratings"):
        create(name).fit(dataset.with_ratings(dataset.ratings[:0]), features)


def test_features_of_another_catalogue_are_refused(name: str, dataset: Dataset, features: MovieFeatures) -> None:
    fewer = MovieFeatures(features.movie_ids[1:], features.matrix[1:])
    with pytest.raises(ModelError, match="features of another catalogue"):
        create(name).fit(dataset, fewer)


def test_a_user_with_one_rating_gets_a_full_list(name: str, dataset: Dataset) -> None:
    newcomer = rows((99, 2, 5.0))
    ranker = refit(name, dataset, pd.concat([dataset.ratings, newcomer]))
    assert len(ranker.recommend([99], 10)) == 10


def test_one_rating_in_all_is_enough(name: str, dataset: Dataset) -> None:
    assert refit(name, dataset, rows((1, 1, 4.0))).recommend([1, 2], 3)["rank"].tolist() == [1, 2, 3] * 2


@pytest.mark.parametrize("rating", [1.0, 5.0])
def test_all_ratings_may_be_equal(name: str, dataset: Dataset, rating: float) -> None:
    ranker = refit(name, dataset, dataset.ratings.assign(rating=np.float32(rating)))
    lists = ranker.recommend(EVERYONE, 5)
    assert len(lists) == 40 * 5
    assert np.isfinite(lists["score"]).all()


def test_all_ratings_may_be_of_one_moment(name: str, dataset: Dataset) -> None:
    assert len(refit(name, dataset, dataset.ratings.assign(rated_at=START)).recommend(EVERYONE, 5)) == 40 * 5


def test_nothing_need_be_known_about_users_and_movies(name: str, bare: Dataset) -> None:
    untitled = Dataset(**{**vars(bare), "movies": bare.movies.assign(title=None, release_year=pd.NA)})
    for facts in (bare, untitled):
        ranker = create(name).fit(facts, MovieFeatures.build(facts))
        assert len(ranker.recommend(EVERYONE, 5)) == 40 * 5


def test_personal_rankers_find_the_own_taste(name: str, fitted: Ranker) -> None:
    if name == "popularity":
        pytest.skip("popularity knows no tastes")
    lists = fitted.recommend(EVERYONE, 3)
    own = lists["movie_id"] % 2 == (lists["user_id"] > 20)
    assert own.mean() > 0.9
