import tracemalloc

import numpy as np
import pandas as pd
import pytest

from movierec.data.dataset import Dataset
from movierec.data.history import History
from movierec.features.content import MovieFeatures
from movierec.publishing.reasons import POPULAR, _shared_attributes, with_reasons
from movierec.rankers import registry
from movierec.rankers.base import Ranker

START = pd.Timestamp("1998-01-01", tz="UTC")


def dataset_of(ratings: list[tuple[int, int, float]], **tables: pd.DataFrame) -> Dataset:
    frame = pd.DataFrame(ratings, columns=["user_id", "movie_id", "rating"]).assign(rated_at=START)
    titles = ["Alien", "Aliens", "Heat", "Ali", "Blank"]
    movies = pd.DataFrame({"movie_id": range(1, 6), "title": titles, "release_year": pd.NA})
    return Dataset.of({"ratings": frame, "movies": movies, **tables})


@pytest.fixture
def dataset() -> Dataset:
    """User 1 liked Alien and not Heat; nobody rates two movies alike, so no item-item weight says anything."""
    people = [(1, "Ridley Scott", "director"), (2, "Sigourney Weaver", "actor"), (1, "Sigourney Weaver", "actor")]
    people += [(3, "Michael Mann", "director"), (4, "Michael Mann", "director")]
    frame = pd.DataFrame(people, columns=["movie_id", "name", "role"])
    return dataset_of(
        [(1, 1, 5.0), (1, 3, 2.0), (2, 4, 5.0)],
        people=frame.assign(person_id=frame["name"]),
        genres=pd.DataFrame({"movie_id": [1, 2, 4], "genre": ["Horror", "Horror", "Crime"]}),
        users=pd.DataFrame(
            {
                "user_id": [1, 2, 7, 8],
                "age": pd.array([30, 30, 30, pd.NA], dtype="Int64"),
                "gender": ["F", "M", "M", None],
                "occupation": None,
            }
        ),
    )


def reasons(dataset: Dataset, ranker: str, *pairs: tuple[int, int]) -> list[str]:
    fitted = registry.create(ranker).fit(dataset, MovieFeatures.build(dataset))
    lists = pd.DataFrame(pairs, columns=["user_id", "movie_id"])
    return list(with_reasons(lists, dataset, fitted)["reason"])


def test_a_shared_person_is_named_before_a_shared_genre(dataset: Dataset) -> None:
    assert reasons(dataset, "item_knn", (1, 2)) == ["You liked other movies with Sigourney Weaver"]


def test_who_made_a_disliked_movie_is_no_reason(dataset: Dataset) -> None:
    assert reasons(dataset, "item_knn", (1, 4), (1, 5)) == ["Picked for you", "Picked for you"]


def test_a_shared_genre_is_named_where_nobody_is_known(dataset: Dataset) -> None:
    bare = Dataset.of({"ratings": dataset.ratings, "movies": dataset.movies, "genres": dataset.genres})
    assert reasons(bare, "item_knn", (1, 2)) == ["You liked other movies of the genre Horror"]


def test_a_group_is_named_only_where_its_taste_is_the_reason(dataset: Dataset) -> None:
    assert reasons(dataset, "ease", (7, 4), (7, 1), (8, 4), (99, 4)) == [
        "Popular with men aged 25–34",
        POPULAR,
        POPULAR,
        POPULAR,
    ]


def test_lists_by_popularity_say_so(dataset: Dataset) -> None:
    assert reasons(dataset, "popularity", (1, 2), (7, 4)) == [POPULAR, "Popular with men aged 25–34"]
    assert reasons(dataset, "recent_popularity", (1, 2), (7, 4)) == [
        "Popular these days",
        "Popular with men aged 25–34",
    ]


def test_no_lists_give_no_reasons(dataset: Dataset) -> None:
    assert reasons(dataset, "ease") == []


@pytest.fixture(scope="module")
def night() -> Dataset:
    """Three hundred viewers of four tastes, more than one block of them."""
    rng = np.random.default_rng(3)
    rows = [
        (user, int(movie), float(rng.integers(1, 6)))
        for user in range(1, 301)
        for movie in rng.choice(np.arange(user % 4 + 1, 61, 4), 8, replace=False)
    ]
    ratings = pd.DataFrame(rows, columns=["user_id", "movie_id", "rating"]).assign(rated_at=START)
    movies = pd.DataFrame({"movie_id": range(1, 61), "title": [f"Film {i}" for i in range(1, 61)]})
    return Dataset.of({"ratings": ratings, "movies": movies.assign(release_year=1990)})


def claimed(dataset: Dataset, ranker: Ranker, user: int, movie: int) -> int | None:
    """Recompute from the history which liked movie speaks most for this one, a pair at a time."""
    ratings = dataset.ratings[dataset.ratings["user_id"] == user]
    liked = ratings[(ratings["rating"] >= 4) & (ratings["rating"] >= ratings["rating"].mean())]["movie_id"]
    places = np.searchsorted(dataset.movies["movie_id"], [movie, *sorted(liked)])
    who = np.searchsorted(ranker.history_.user_ids, [user])
    weights = [
        float(next(iter(ranker.contributions(who, [places[[i]]], [places[[0]]])))[0, 0]) for i in range(1, len(places))
    ]
    best = int(np.argmax(weights)) if weights else -1
    return sorted(liked)[best] if weights and weights[best] > 0 else None


@pytest.mark.parametrize("name", ["ease", "item_knn", "content", "ials", "slim", "slit", "user_knn", "blend"])
def test_the_named_movie_is_in_the_history_was_liked_and_speaks_most(night: Dataset, name: str) -> None:
    ranker = registry.create(name).fit(night, MovieFeatures.build(night))
    lists = ranker.recommend(night.ratings["user_id"].unique(), 5).sample(frac=1, random_state=1)
    explained = with_reasons(lists, night, ranker)
    for row in explained.head(100).itertuples():
        expected = claimed(night, ranker, row.user_id, row.movie_id)
        named = None if pd.isna(row.because_movie_id) else int(row.because_movie_id)
        if named != expected:  # only of equal weights may another one be named
            places = np.searchsorted(History.of(night).movie_ids, [named, expected, row.movie_id])
            who = np.searchsorted(ranker.history_.user_ids, [row.user_id])
            one, other = (next(iter(ranker.contributions(who, [places[[i]]], [places[2:]]))).item() for i in range(2))
            assert one == pytest.approx(other, rel=1e-4)
    assert explained["because_movie_id"].notna().mean() > 0.5
    named = explained.dropna(subset="because_movie_id")
    assert (named["reason"] == "Because you liked Film " + named["because_movie_id"].astype(str)).all()


def test_what_is_shared_is_found_for_more_viewers_than_fit_one_block(night: Dataset) -> None:
    genres = pd.DataFrame({"movie_id": range(1, 61), "genre": [f"Genre {movie % 4}" for movie in range(1, 61)]})
    tables = {"ratings": night.ratings, "movies": night.movies, "genres": genres}
    facts = Dataset.of(tables)
    lists = pd.DataFrame({"user_id": range(300, 0, -1)})
    lists["movie_id"] = [next(m for m in range(1, 61) if m % 4 == (user + 1) % 4) for user in lists["user_id"]]
    liked = set(night.ratings.loc[night.ratings["rating"] == 5, "user_id"])
    found = dict(zip(lists["user_id"], _shared_attributes(lists, facts), strict=True))
    assert len(liked) > 200
    assert all(found[user] == f"You liked other movies of the genre Genre {(user + 1) % 4}" for user in liked)


def test_what_is_shared_takes_memory_for_a_block_of_viewers_and_not_for_all() -> None:
    users, liked, actors, movies = 6_000, 8, 60, 120
    rows = pd.DataFrame({"user_id": np.repeat(np.arange(users), liked)})
    rows["movie_id"] = (rows["user_id"] * 7 + np.tile(np.arange(liked), users) * 13) % movies
    people = pd.DataFrame({"movie_id": np.repeat(np.arange(movies), actors), "role": "actor"})
    people["name"] = people["person_id"] = [f"p{place}" for place in range(len(people))]
    titles = pd.DataFrame({"movie_id": range(movies), "title": "t", "release_year": 1990})
    facts = Dataset.of({"ratings": rows.assign(rating=5.0, rated_at=START), "movies": titles, "people": people})
    lists = pd.DataFrame({"user_id": np.arange(users), "movie_id": 5})
    tracemalloc.start()
    _shared_attributes(lists, facts)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    everybody = users * liked * actors * 8  # a value and a column for all that was ever liked
    assert peak < everybody


@pytest.mark.parametrize("name", ["popularity", "ease"])
def test_what_is_popular_with_newcomers_is_looked_up_row_by_row(name: str) -> None:
    movies, newcomers, listed = 4_000, 2_000, 5
    ratings = [(user, movie, 5.0) for user in range(1, 4) for movie in range(1, 6)]
    catalogue = pd.DataFrame(
        {"movie_id": range(1, movies + 1), "title": [f"Film {movie}" for movie in range(movies)], "release_year": pd.NA}
    )
    dataset = dataset_of(ratings, movies=catalogue)
    ranker = registry.create(name).fit(dataset, MovieFeatures.build(dataset))
    pairs = [(user, movie) for user in range(10, newcomers + 10) for movie in range(1, listed + 1)]
    lists = pd.DataFrame(pairs, columns=["user_id", "movie_id"])
    tracemalloc.start()
    explained = with_reasons(lists, dataset, ranker)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert explained["reason"].unique().tolist() == [POPULAR]
    assert peak < 4 * len(lists) * movies / 4  # a quarter of a number for each row and movie
