"""What every registered ranker promises, run against every registered ranker."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from upath import UPath

from movierec.data.dataset import Dataset
from movierec.data.history import History
from movierec.errors import ModelError
from movierec.features.content import MovieFeatures
from movierec.rankers import registry
from movierec.rankers.base import Ranker
from movierec.rankers.building_blocks.recency import Recency

MOVIES = 30
START = pd.Timestamp("1998-01-01", tz="UTC")
EVERYONE = range(1, 41)
# The learned rankers with as few trees as tell two tastes apart: these tests are about promises, not about quality.
FEW_TREES = {"hybrid": {"rounds": 10}, "gradient_boosting": {"rounds": 5}, "random_forest": {"trees": 10}}
SMALL = {**FEW_TREES, "neural": {"architecture": "autoencoder", "epochs": 50, "stop_after": 50}}
# Their scores rest on who else is alike, and a stranger with somebody's history is not that somebody.
BY_NEIGHBOURS = {"user_knn", "blend", *FEW_TREES}

pytestmark = pytest.mark.filterwarnings("error")


@pytest.fixture(scope="module", params=sorted(registry.RANKERS))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def fitted(name: str, dataset: Dataset, features: MovieFeatures) -> Ranker:
    return create_small(name).fit(dataset, features)


def create_small(name: str) -> Ranker:
    return registry.create(name, **SMALL.get(name, {}))


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
    return create_small(name).fit(changed, MovieFeatures.build(changed))


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
    wanted = pd.Series(Recency().counts(History.of(dataset)), dataset.movies["movie_id"])
    expected = sorted(wanted.index, key=lambda movie: (-wanted[movie], movie))[:5]
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
    again = create_small(name).fit(dataset, features)
    pd.testing.assert_frame_equal(again.recommend(EVERYONE, 10), fitted.recommend(EVERYONE, 10))


def test_the_order_of_rows_does_not_matter(name: str, fitted: Ranker, dataset: Dataset) -> None:
    shuffled = refit(name, dataset, dataset.ratings.sample(frac=1, random_state=3))
    pd.testing.assert_frame_equal(shuffled.recommend(EVERYONE, 10), fitted.recommend(EVERYONE, 10))


def test_fitting_again_forgets_what_was_learned_before(name: str, dataset: Dataset, features: MovieFeatures) -> None:
    few = dataset.with_ratings(dataset.ratings[dataset.ratings["user_id"] <= 10])
    ranker = create_small(name).fit(dataset, features).fit(few, features)
    expected = create_small(name).fit(few, features)
    pd.testing.assert_frame_equal(ranker.recommend(EVERYONE, 5), expected.recommend(EVERYONE, 5))


def test_a_loaded_model_recommends_the_same(name: str, fitted: Ranker, saved: UPath) -> None:
    loaded = registry.load(saved)
    assert loaded.name == name
    assert loaded.parameters() == fitted.parameters()
    pd.testing.assert_frame_equal(loaded.recommend(EVERYONE, 10), fitted.recommend(EVERYONE, 10))


def test_saving_twice_gives_the_same_bytes(fitted: Ranker, saved: UPath, tmp_path: Path) -> None:
    second = UPath(tmp_path) / "second"
    registry.load(saved).save(second)
    files = sorted(path.relative_to(saved) for path in Path(saved).rglob("*") if path.is_file())
    assert files
    assert [(Path(saved) / f).read_bytes() for f in files] == [(Path(second) / f).read_bytes() for f in files]


@pytest.mark.parametrize("damage", [lambda data: data[: len(data) // 2], lambda data: b"not a model", lambda data: b""])
def test_a_damaged_file_is_named(saved: UPath, damage) -> None:
    path = saved / "arrays.npz"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ModelError, match=r"arrays\.npz"):
        registry.load(saved)


@pytest.mark.parametrize("file", ["ranker.json", "arrays.npz"])
def test_trouble_that_another_try_may_solve_comes_through(saved: UPath, file: str) -> None:
    (saved / file).unlink()
    (saved / file).mkdir()
    with pytest.raises(IsADirectoryError):
        registry.load(saved)


def test_a_card_that_is_none_is_named(saved: UPath) -> None:
    (saved / "ranker.json").write_bytes(b"\xff")
    with pytest.raises(ModelError, match="not a ranker's card"):
        registry.load(saved)


def test_a_model_saved_without_its_history_takes_it_back(name: str, fitted: Ranker, tmp_path: Path) -> None:
    folder = UPath(tmp_path) / "model"
    fitted.save(folder, with_history=False)
    with pytest.raises(ModelError, match=f"not a whole '{name}' model"):
        registry.load(folder)
    loaded = registry.RANKERS[name].load(folder, fitted.history_)
    pd.testing.assert_frame_equal(loaded.recommend(EVERYONE, 10), fitted.recommend(EVERYONE, 10))


def test_another_format_is_refused(saved: UPath) -> None:
    card = json.loads((saved / "ranker.json").read_text())
    (saved / "ranker.json").write_text(json.dumps({**card, "format": 99}))
    with pytest.raises(ModelError, match="format 99; this version reads format 2"):
        registry.load(saved)


def test_a_model_of_another_ranker_is_refused(name: str, saved: UPath) -> None:
    other = next(kind for kind in registry.RANKERS.values() if kind.name != name)
    with pytest.raises(ModelError, match=f"holds the ranker '{name}', not '{other.name}'"):
        other.load(saved)


def test_a_folder_without_a_model_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"ranker\.json is missing"):
        registry.RANKERS[name].load(UPath(tmp_path))


def test_nothing_to_learn_from_is_an_error(name: str, dataset: Dataset, features: MovieFeatures) -> None:
    with pytest.raises(ModelError, match="got no ratings"):
        registry.create(name).fit(dataset.with_ratings(dataset.ratings[:0]), features)


def test_features_of_another_catalogue_are_refused(name: str, dataset: Dataset, features: MovieFeatures) -> None:
    fewer = MovieFeatures(features.movie_ids[1:], features.matrix[1:], features.embeddings[1:])
    with pytest.raises(ModelError, match="features of another catalogue"):
        registry.create(name).fit(dataset, fewer)


CATALOGUES = {
    "fewer_movies_than_k": pd.DataFrame({"movie_id": [1, 2, 3], "title": "t", "release_year": 1990}),
    "one_movie": pd.DataFrame({"movie_id": [1], "title": "t", "release_year": 1990}),
}


def feedback(ratings: pd.DataFrame, is_watched: np.ndarray, weight: float) -> pd.DataFrame:
    """Let some rows be no ratings but weights."""
    rating, weights = ratings["rating"].mask(is_watched), np.where(is_watched, weight, np.nan)
    return ratings.assign(rating=rating, weight=weights)


def corners(dataset: Dataset, bare: Dataset) -> dict[str, Dataset]:
    """Datasets at the edge of what is allowed."""
    given, tables = dataset.ratings, vars(dataset)
    every, third = np.ones(len(given), bool), np.arange(len(given)) % 3 == 0
    ratings = {
        "one_rating": rows((1, 1, 4.0)),
        "one_user": given[given["user_id"] == 1],
        "a_user_with_one_rating": pd.concat([given, rows((99, 2, 5.0))]),
        "everybody_has_one_rating": given.groupby("user_id").head(1),
        "all_rated_1": given.assign(rating=1.0),
        "all_rated_5": given.assign(rating=5.0),
        "one_moment": given.assign(rated_at=START),
        "some_watched": feedback(given, third, 0.7),
        "all_watched": feedback(given, every, 0.8),
        "all_watched_a_little": feedback(given, every, 0.1),
        "feedback_that_weighs_nothing": feedback(given, every, 0.0),
        "nothing_left_to_see": rows(*((user, movie, 2.0 + movie % 4) for user in (1, 2, 3) for movie in range(1, 31))),
    }
    few = {
        "fewer_movies_than_k": rows(*((user, 1 + user % 3, 4.0) for user in range(1, 9))),
        "one_movie": rows((1, 1, 4.0)),
    }
    untitled = bare.movies.assign(title=None, release_year=pd.NA)
    return {
        **{corner: dataset.with_ratings(frame) for corner, frame in ratings.items()},
        **{corner: Dataset.of({"ratings": frame, "movies": CATALOGUES[corner]}) for corner, frame in few.items()},
        "everything_rated_is_liked": Dataset(**{**tables, "relevant_from": None}),
        "nothing_is_liked": Dataset(**{**tables, "relevant_from": 9.0}),
        "only_titles_known": bare,
        "nothing_known": Dataset(**{**vars(bare), "movies": untitled}),
    }


CORNERS = (
    *("one_rating", "one_user", "a_user_with_one_rating", "everybody_has_one_rating", "all_rated_1", "all_rated_5"),
    *("one_moment", "some_watched", "all_watched", "all_watched_a_little", "feedback_that_weighs_nothing"),
    *("nothing_left_to_see", "fewer_movies_than_k", "one_movie", "everything_rated_is_liked", "nothing_is_liked"),
    *("only_titles_known", "nothing_known"),
)


@pytest.fixture(scope="module")
def at_the_edge(dataset: Dataset, bare: Dataset) -> dict[str, tuple[Dataset, MovieFeatures]]:
    """Made once, so that the learned rankers share what they learn from."""
    return {corner: (given, MovieFeatures.build(given)) for corner, given in corners(dataset, bare).items()}


@pytest.mark.parametrize("corner", CORNERS)
def test_everybody_gets_what_is_left_at_any_corner(
    name: str, corner: str, at_the_edge: dict[str, tuple[Dataset, MovieFeatures]]
) -> None:
    given, features = at_the_edge[corner]
    asked = [*given.ratings["user_id"].unique(), 10_000]
    lists = create_small(name).fit(given, features).recommend(asked, 10)
    left = len(given.movies) - given.ratings.groupby("user_id").size().reindex(asked, fill_value=0)
    expected = left.clip(upper=10)
    assert lists.groupby("user_id").size().reindex(asked, fill_value=0).tolist() == expected.tolist()
    assert np.isfinite(lists["score"]).all()
    assert lists.merge(given.ratings, on=["user_id", "movie_id"]).empty


def facts_of_strangers(dataset: Dataset) -> Dataset:
    """Users 101 to 105 with the histories of users 1 to 5."""
    some = dataset.ratings[dataset.ratings["user_id"] <= 5]
    return dataset.with_ratings(some.assign(user_id=some["user_id"] + 100))


def test_strangers_who_are_folded_in_get_lists_of_their_own(name: str, fitted: Ranker, dataset: Dataset) -> None:
    folded, before = fitted.fold_in(facts_of_strangers(dataset)), fitted.recommend(EVERYONE, 5)
    lists = folded.recommend(range(101, 106), 10)
    assert lists["user_id"].value_counts().to_dict() == dict.fromkeys(range(101, 106), 10)
    assert np.isfinite(lists["score"]).all()
    assert lists.merge(facts_of_strangers(dataset).ratings, on=["user_id", "movie_id"]).empty
    if name not in BY_NEIGHBOURS:
        known = fitted.recommend(range(1, 6), 10)
        assert lists["movie_id"].tolist() == known["movie_id"].tolist()
        np.testing.assert_allclose(lists["score"], known["score"], rtol=1e-5)
    pd.testing.assert_frame_equal(fitted.recommend(EVERYONE, 5), before)


def test_the_same_users_folded_in_get_the_same_lists(fitted: Ranker, dataset: Dataset) -> None:
    again = fitted.fold_in(dataset.with_ratings(dataset.ratings)).recommend(EVERYONE, 10)
    pd.testing.assert_frame_equal(again, fitted.recommend(EVERYONE, 10))


def test_who_is_not_folded_in_is_a_newcomer(fitted: Ranker, dataset: Dataset) -> None:
    folded = fitted.fold_in(facts_of_strangers(dataset))
    assert folded.recommend([10_000], 5)["movie_id"].tolist() == fitted.recommend([10_000], 5)["movie_id"].tolist()


def test_folding_in_is_not_saved(fitted: Ranker, dataset: Dataset, tmp_path: Path) -> None:
    fitted.fold_in(facts_of_strangers(dataset)).save(UPath(tmp_path))
    pd.testing.assert_frame_equal(registry.load(UPath(tmp_path)).recommend(EVERYONE, 5), fitted.recommend(EVERYONE, 5))


def test_a_loaded_model_folds_in_like_the_one_that_was_saved(fitted: Ranker, saved: UPath, dataset: Dataset) -> None:
    lists = [
        ranker.fold_in(facts_of_strangers(dataset)).recommend(range(101, 106), 5)
        for ranker in (registry.load(saved), fitted)
    ]
    pd.testing.assert_frame_equal(*lists)


def test_users_of_another_catalogue_cannot_be_folded_in(name: str, fitted: Ranker, bare: Dataset) -> None:
    more = pd.DataFrame({"movie_id": [31], "title": "Film 31"})
    other = Dataset(**{**vars(bare), "movies": pd.concat([bare.movies, more])})
    with pytest.raises(ModelError, match=f"'{name}' was fitted on another catalogue"):
        fitted.fold_in(other)


def test_personal_rankers_find_the_own_taste(name: str, fitted: Ranker) -> None:
    if name in ("popularity", "recent_popularity"):
        pytest.skip("popularity knows no tastes")
    lists = fitted.recommend(EVERYONE, 3)
    own = lists["movie_id"] % 2 == (lists["user_id"] > 20)
    assert own.mean() > 0.9
