import numpy as np
import pandas as pd
import pytest

from movierec.data.dataset import Dataset
from movierec.data.history import History
from movierec.features.affinity import BINS, Affinities, _bins
from movierec.features.content import MovieFeatures

NAN = float("nan")
# Movie 0 is a drama, 1 a war drama, 2 a comedy, of 3 nothing is known.
GENRES = pd.DataFrame({"movie_id": [0, 1, 1, 2], "genre": ["Drama", "Drama", "War", "Comedy"]})
PEOPLE = pd.DataFrame({"movie_id": [0, 1, 2], "person_id": ["a", "a", "b"], "role": "director"})


def dataset(rows: list[tuple[int, int, float, int]], **tables: pd.DataFrame) -> Dataset:
    frame = pd.DataFrame(rows, columns=["user_id", "movie_id", "rating", "day"])
    ratings = frame.assign(
        weight=np.where(frame["rating"].isna(), 0.9, np.nan), rated_at=pd.to_datetime(frame["day"], unit="D", utc=True)
    )
    movies = pd.DataFrame({"movie_id": range(4), "title": ["Rain", "Guns", "Fun", None], "release_year": 1990})
    return Dataset.of({"ratings": ratings, "movies": movies, **tables})


def blocks(given: Dataset, traits: dict[str, list[float]] | None = None) -> dict[str, np.ndarray]:
    history = History.of(given)
    numbers = {name: np.array(values, np.float32) for name, values in (traits or {}).items()}
    affinities = Affinities.of(given, MovieFeatures.build(given), history, numbers)
    return dict(affinities.blocks(np.arange(history.shape[0])))


# The war drama was liked last, the comedy disliked before.
ROWS = [(1, 2, 1.0, 1), (1, 1, 5.0, 2)]
HALF = 1 / np.sqrt(2)


def test_genre_share_is_the_part_of_the_history_in_the_movies_genres() -> None:
    found = blocks(dataset(ROWS, genres=GENRES))["genre_share"]
    # Each of the two movies is half the history; the war drama has two genres of weight 1/√2.
    np.testing.assert_allclose(found, [[HALF / 2, 1 / 2, 1 / 2, 0]], rtol=1e-5)


def test_genre_liking_is_positive_where_ratings_were_above_the_mean() -> None:
    found = blocks(dataset(ROWS, genres=GENRES))["genre_liking"]
    np.testing.assert_allclose(found, [[2 * HALF / 2, 2 / 2, -2 / 2, 0]], rtol=1e-5)


def test_recent_genres_are_those_of_the_last_ten() -> None:
    many = [(1, movie, 4.0, day) for movie, day in ((2, 0), (0, 5), (1, 9))]
    found = blocks(dataset(many, genres=GENRES))
    np.testing.assert_allclose(found["genre_recent"], found["genre_share"], rtol=1e-5)


def test_people_of_liked_movies_count_and_those_of_others_do_not() -> None:
    found = blocks(dataset(ROWS, people=PEOPLE))
    np.testing.assert_allclose(found["people_liked"], [[1, 1, 0, 0]], rtol=1e-5)
    np.testing.assert_allclose(found["people_recent"], [[1 / 2, 1 / 2, 1 / 2, 0]], rtol=1e-5)


def test_what_was_liked_longer_ago_counts_less() -> None:
    rows = [(1, 2, 5.0, 1), (1, 0, 5.0, 2)]
    found = blocks(dataset(rows, people=PEOPLE))["people_liked"][0]
    older, newer = 0.5 ** (1 / 50), 1
    np.testing.assert_allclose(found[[2, 0]], [older / (older + newer), newer / (older + newer)], rtol=1e-5)


def test_content_is_similarity_to_what_was_liked() -> None:
    given = dataset(ROWS, genres=GENRES, people=PEOPLE)
    similar = MovieFeatures.build(given).matrix
    expected = (similar @ similar.T).toarray()[1]
    np.testing.assert_allclose(blocks(given)["content_liked"][0], expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(
        blocks(given)["content_last"][0], (similar @ similar.T).toarray()[[1, 2]].mean(axis=0), rtol=1e-4, atol=1e-6
    )


def test_meaning_is_that_of_the_newest_movie() -> None:
    given = dataset(ROWS)
    meanings = MovieFeatures.build(given).embeddings
    np.testing.assert_allclose(blocks(given)["meaning_newest"][0], meanings @ meanings[1], rtol=1e-3, atol=1e-5)


def test_who_liked_nothing_has_no_liking() -> None:
    found = blocks(dataset([(1, 2, 1.0, 1), (1, 1, 1.0, 2)], genres=GENRES, people=PEOPLE))
    assert not found["people_liked"].any()
    assert not found["genre_liking"].any()
    assert all(np.isfinite(values).all() for values in found.values())


def test_feedback_without_a_rating_is_a_movie_seen_and_liked_by_its_weight() -> None:
    found = blocks(dataset([(1, 2, NAN, 1)], genres=GENRES, people=PEOPLE))
    assert found["people_liked"][0].tolist() == pytest.approx([0, 0, 1, 0])
    assert found["genre_share"][0, 2] == pytest.approx(1)
    assert not found["genre_liking"].any()


def test_what_no_movie_has_gives_nothing() -> None:
    untold = dataset(ROWS)
    mute = Dataset(**{**vars(untold), "movies": untold.movies.assign(title=None, release_year=pd.NA)})
    assert blocks(mute, {"year": [NAN] * 4}) == {}


def test_traits_say_how_much_of_the_history_is_of_the_like() -> None:
    found = blocks(dataset(ROWS), {"year": [1950, 1960, 1970, NAN]})["year_share"]
    # The history is of 1960 and 1970; 1950 is far from either, and unknown is like nothing.
    assert (found[0] > 0).tolist() == [False, True, True, False]


def test_neighbouring_bins_count_half_and_unknown_is_in_none() -> None:
    values = np.append(np.repeat(np.arange(BINS), 5), np.nan).astype(np.float32)
    member = _bins(values).toarray()
    member = member / member.max(axis=0)
    assert member[0].tolist() == pytest.approx([1, 0.5] + [0] * (BINS - 2))
    assert member[5].tolist() == pytest.approx([0.5, 1, 0.5] + [0] * (BINS - 3))
    assert not member[-1].any()
    assert _bins(np.full(4, np.nan, np.float32)).shape == (4, 0)
    assert _bins(np.full(4, 7, np.float32)).shape[1] >= 1
