from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from upath import UPath

from movierec.artifacts import save_arrays
from movierec.data.dataset import Dataset, empty
from movierec.errors import ModelError
from movierec.features.content import MovieFeatures


@pytest.fixture
def dataset() -> Dataset:
    return Dataset(
        ratings=empty("ratings"),
        movies=pd.DataFrame(
            {
                "movie_id": [1, 2, 3, 4],
                "title": ["Alien", "Aliens", "Heat", None],
                "release_year": [1979, 1986, 1995, pd.NA],
            }
        ),
        users=empty("users"),
        genres=pd.DataFrame({"movie_id": [1, 2, 3], "genre": ["Horror", "Horror", "Crime"]}),
        people=pd.DataFrame({"movie_id": [1, 2, 3], "person_id": ["weaver", "weaver", "mann"], "role": "actor"}),
        countries=empty("countries"),
    )


def test_shared_genres_and_people_make_movies_alike(dataset: Dataset) -> None:
    matrix = MovieFeatures.build(dataset).matrix
    alike = (matrix @ matrix.T).toarray()
    assert alike[0, 1] > alike[0, 2]
    np.testing.assert_allclose(np.diag(alike), [1, 1, 1, 0], atol=1e-6)


def test_one_person_in_two_roles_is_two_things(dataset: Dataset) -> None:
    people = pd.DataFrame({"movie_id": [1, 3], "person_id": ["x", "x"], "role": ["actor", "director"]})
    matrix = MovieFeatures.build(Dataset(**{**vars(dataset), "people": people})).matrix
    assert (matrix[0] @ matrix[2].T)[0, 0] == 0


def test_nothing_known_gives_empty_rows(dataset: Dataset) -> None:
    bare = {**vars(dataset), "genres": empty("genres"), "people": empty("people")}
    movies = dataset.movies.assign(title="", release_year=pd.NA)
    assert MovieFeatures.build(Dataset(**{**bare, "movies": movies})).matrix.nnz == 0


def test_saved_features_come_back_and_bytes_repeat(dataset: Dataset, tmp_path: Path) -> None:
    features = MovieFeatures.build(dataset)
    for name in ("one", "two"):
        features.save(UPath(tmp_path) / name)
    loaded = MovieFeatures.load(UPath(tmp_path) / "one")
    assert (loaded.matrix != features.matrix).nnz == 0
    assert loaded.movie_ids.tolist() == [1, 2, 3, 4]
    assert len({path.read_bytes() for path in tmp_path.rglob("*.npz")}) == 1


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "movie_features.npz").write_bytes(b"PK")
    with pytest.raises(ModelError, match=r"movie_features\.npz"):
        MovieFeatures.load(UPath(tmp_path))


def test_a_file_of_other_arrays_is_named(tmp_path: Path) -> None:
    save_arrays(UPath(tmp_path) / "movie_features.npz", {"movie_ids": np.array([1])})
    with pytest.raises(ModelError, match=r"movie_features\.npz does not hold movie features"):
        MovieFeatures.load(UPath(tmp_path))


def test_trouble_that_another_try_may_solve_comes_through(tmp_path: Path) -> None:
    (tmp_path / "movie_features.npz").mkdir()
    with pytest.raises(IsADirectoryError):
        MovieFeatures.load(UPath(tmp_path))


def test_a_name_that_is_billed_first_binds_more(dataset: Dataset) -> None:
    billed = {"movie_id": [1, 2, 3], "person_id": ["x", "x", "x"], "role": "actor", "billing": [1, 1, 9]}
    own = {"movie_id": [1, 2, 3], "person_id": ["a", "b", "c"], "role": "actor", "billing": [2, 2, 1]}
    people = pd.concat([pd.DataFrame(billed), pd.DataFrame(own)])
    bare = {**vars(dataset), "genres": empty("genres"), "people": people}
    movies = dataset.movies.assign(title="", release_year=pd.NA)
    matrix = MovieFeatures.build(Dataset(**{**bare, "movies": movies})).matrix
    alike = (matrix @ matrix.T).toarray()
    assert alike[0, 1] > alike[0, 2] > 0


def test_tags_plots_and_names_are_read_as_words(dataset: Dataset) -> None:
    tags = pd.DataFrame({"user_id": 1, "movie_id": [1, 4], "tag": ["xenomorph", "Xenomorph"]})
    tags = tags.assign(tagged_at=pd.Timestamp(0, tz="UTC"))
    people = dataset.people.assign(name=["Sigourney Weaver", "Sigourney Weaver", "Heist Mann"])
    movies = dataset.movies.assign(plot=[None, None, "a heist", "the heist"])
    told = Dataset(**{**vars(dataset), "tags": tags, "people": people, "movies": movies})
    matrix, before = MovieFeatures.build(told).matrix, MovieFeatures.build(dataset).matrix
    assert (matrix[0] @ matrix[3].T)[0, 0] > 0 == (before[0] @ before[3].T)[0, 0]
    assert (matrix[2] @ matrix[3].T)[0, 0] > 0 == (before[2] @ before[3].T)[0, 0]


def test_what_is_written_about_a_movie_has_a_direction_of_meaning(dataset: Dataset) -> None:
    embeddings = MovieFeatures.build(dataset).embeddings
    assert embeddings[0] @ embeddings[1] > embeddings[0] @ embeddings[2]
    np.testing.assert_allclose(np.linalg.norm(embeddings, axis=1), [1, 1, 1, 0], atol=1e-6)


def test_ratings_change_no_features(dataset: Dataset) -> None:
    rated = pd.DataFrame({"user_id": [1], "movie_id": [1], "rating": [5.0], "rated_at": pd.Timestamp(0, tz="UTC")})
    with_them = MovieFeatures.build(dataset.with_ratings(rated))
    without = MovieFeatures.build(dataset)
    assert (with_them.matrix != without.matrix).nnz == 0
    np.testing.assert_array_equal(with_them.embeddings, without.embeddings)


def test_tags_of_a_genome_make_movies_alike_by_their_relevance(dataset: Dataset) -> None:
    genome = pd.DataFrame(
        {"movie_id": [1, 2, 3, 4], "tag": ["space", "space", "space", "slow"], "relevance": [0.9, 0.9, 0.1, 0.9]}
    )
    bare = {**vars(dataset), "genres": empty("genres"), "people": empty("people"), "genome": genome}
    movies = dataset.movies.assign(title="", release_year=pd.array([1979, 1986, 1995, pd.NA], "Int64"))
    matrix = MovieFeatures.build(Dataset(**{**bare, "movies": movies})).matrix
    alike = (matrix @ matrix.T).toarray()
    assert alike[0, 1] > 0
    assert alike[0, 3] == 0
    assert alike[3, 3] == pytest.approx(1, abs=1e-6)
