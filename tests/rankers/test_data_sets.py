"""Every ranker on data of every shape: it is fitted and its lists are whole, or it says in a sentence why not."""

import inspect
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from movierec.config import Settings
from movierec.data.dataset import Dataset
from movierec.errors import ModelError
from movierec.features.content import MovieFeatures
from movierec.local.download import ML_100K
from movierec.rankers import registry
from tests import tastes

SHARED = Path(__file__).parents[3] / "shared" / "data"  # beside the project
K = 10
ASKED_USERS = 200
STRANGER = 10**9
START = pd.Timestamp("2001-01-01", tz="UTC")
# Whether lists are whole does not depend on how much a learned ranker learns.
QUICK = {"folds": 1, "training_users": 300, "candidates": 60, "rounds": 4, "trees": 4}


def of_ratings(ratings: pd.DataFrame, movies: int, **facts: pd.DataFrame) -> Dataset:
    ids = np.arange(1, movies + 1)
    about = pd.DataFrame({"movie_id": ids, "title": [f"Film {i}" for i in ids], "release_year": 1960 + ids % 60})
    return Dataset.of({"ratings": ratings, "movies": about, **facts})


def draw(users: int, movies: int, each: int, spread: float = 1 / 6) -> pd.DataFrame:
    """Let every user rate `each` movies or a few less, popular ones more often, over a year.

    The popularity of movies falls by e over `spread` of the catalogue.
    """
    rng = np.random.default_rng(1)
    taken = np.minimum(rng.exponential(movies * spread, (users, each)).astype(np.int64), movies - 1) + 1
    frame = pd.DataFrame({"user_id": np.repeat(np.arange(1, users + 1), each), "movie_id": taken.ravel()})
    frame = frame.drop_duplicates(ignore_index=True)
    seconds = rng.integers(0, 365 * 86_400, len(frame))
    return frame.assign(
        rating=rng.integers(1, 6, len(frame)).astype(float), rated_at=START + pd.to_timedelta(seconds, unit="s")
    )


def existing(path: Path) -> Path:
    if not path.exists():
        pytest.skip(f"{path} is not there")
    return path


def ml_100k() -> Dataset:
    file = existing(Settings.from_env().home / "cache" / ML_100K / "ml-100k.inter")
    rows = pd.read_csv(file, sep="\t", names=["user_id", "movie_id", "rating", "seconds"], skiprows=1)
    return of_ratings(rows.assign(rated_at=pd.to_datetime(rows["seconds"], unit="s", utc=True)), 1_682)


def ml_latest_small() -> Dataset:
    folder = existing(SHARED / "ml-latest-small")
    rows = pd.read_csv(folder / "ratings.csv").rename(columns={"userId": "user_id", "movieId": "movie_id"})
    movies = pd.read_csv(folder / "movies.csv").rename(columns={"movieId": "movie_id"})
    year = movies["title"].str.extract(r"\((\d{4})\)\s*$")[0].astype("Int64")
    genres = movies.assign(genre=movies["genres"].str.split("|")).explode("genre")[["movie_id", "genre"]]
    return Dataset.of(
        {
            "ratings": rows.assign(rated_at=pd.to_datetime(rows["timestamp"], unit="s", utc=True)),
            "movies": movies[["movie_id", "title"]].assign(release_year=year),
            "genres": genres,
        }
    )


def ml_1m() -> Dataset:
    file = existing(SHARED / "ml-1m") / "ratings.dat.gz"
    rows = pd.read_csv(file, sep="::", engine="python", names=["user_id", "movie_id", "rating", "seconds"])
    return of_ratings(rows.assign(rated_at=pd.to_datetime(rows["seconds"], unit="s", utc=True)), 3_952)


def one_user_per_rating() -> Dataset:
    return of_ratings(draw(5_000, 200, 1), 200)


def all_ratings_equal(value: float) -> Dataset:
    facts = tastes.dataset()
    return facts.with_ratings(facts.ratings.assign(rating=value))


def at_one_moment(moment: pd.Timestamp) -> Dataset:
    facts = tastes.dataset()
    return facts.with_ratings(facts.ratings.assign(rated_at=moment))


def implicit_events_only() -> Dataset:
    facts = tastes.dataset()
    weight = facts.ratings["rating"].map({5.0: 1.0, 4.0: 0.5}).fillna(0.3)
    return facts.with_ratings(facts.ratings.assign(rating=np.nan, weight=weight))


DATA_SETS: dict[str, Callable[[], Dataset]] = {
    "ml-100k": ml_100k,
    "ml-latest-small": ml_latest_small,
    "ml-1m": ml_1m,
    "one user per rating": one_user_per_rating,
    "everything liked": lambda: all_ratings_equal(4.0),
    "nothing liked": lambda: all_ratings_equal(2.0),
    "50 movies, 50,000 users": lambda: of_ratings(draw(50_000, 50, 4), 50),
    "50,000 movies, 500 users": lambda: of_ratings(draw(500, 50_000, 40, spread=1 / 50), 50_000),
    "no timestamps": lambda: at_one_moment(pd.Timestamp(0, tz="UTC")),
    "one shared timestamp": lambda: at_one_moment(START),
    "implicit events only": implicit_events_only,
}
# Evaluation without timestamps cuts windows at random; a night cuts them by time whatever the times are.
RANDOM_WINDOWS = ("no timestamps",)
REFUSED: dict[tuple[str, str], str] = {}  # by data and ranker: words of the sentence


@cache
def prepared(name: str) -> tuple[Dataset, MovieFeatures]:
    dataset = DATA_SETS[name]()
    return dataset, MovieFeatures.build(dataset)


def parameters(ranker: str, data: str) -> dict[str, object]:
    allowed = inspect.signature(registry.RANKERS[ranker]).parameters
    settings = {**QUICK, "windows": "random" if data in RANDOM_WINDOWS else "time"}
    return {name: value for name, value in settings.items() if name in allowed} if registry.is_learned(ranker) else {}


@pytest.mark.slow
@pytest.mark.parametrize("ranker", registry.RANKERS)
@pytest.mark.parametrize("data", DATA_SETS)
def test_a_ranker_gives_whole_lists_or_says_why_not(data: str, ranker: str) -> None:
    dataset, features = prepared(data)
    if (data, ranker) in REFUSED:
        with pytest.raises(ModelError, match=REFUSED[data, ranker]):
            registry.create(ranker, **parameters(ranker, data)).fit(dataset, features)
        return
    fitted = registry.create(ranker, **parameters(ranker, data)).fit(dataset, features)
    users = [*dataset.ratings["user_id"].unique()[:ASKED_USERS].tolist(), STRANGER]
    lists = fitted.recommend(users, K)
    assert np.isfinite(lists["score"]).all()
    assert not lists.duplicated(["user_id", "movie_id"]).any()
    assert lists["movie_id"].isin(dataset.movies["movie_id"]).all()
    assert lists.merge(dataset.ratings, on=["user_id", "movie_id"]).empty
    seen = dataset.ratings.groupby("user_id").size().reindex(users, fill_value=0)
    expected = (len(dataset.movies) - seen).clip(upper=K)
    assert (lists.groupby("user_id").size().reindex(users, fill_value=0) == expected).all()
    assert all(reason.strip() for reason in fitted.left_out.values())
