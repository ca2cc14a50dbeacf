"""Pairs of a user and a movie, on a handful of rows."""

import numpy as np
import pandas as pd
import pytest

from movierec.data.dataset import Dataset
from movierec.data.history import History
from movierec.features.content import MovieFeatures
from movierec.features.pairs import YEAR_DAYS, PairFeatures

NAN = float("nan")
# (user, movie, rating, day): user 1's last known moment is day 100, user 2's is day 200.
ROWS = [(1, 10, 4.0, 100), (2, 20, 5.0, 90), (2, 30, 2.0, 200), (3, 20, 3.0, 50), (3, 30, 4.0, 150)]
# What says how a movie stands with everybody is as of the fit, and so is what is compared with it.
AS_OF_THE_FIT = {
    part.format(trait)
    for trait in ("popularity", "quality", "place", "phase")
    for part in ("movie_{}", "user_{}", "user_{}_recent", "user_{}_spread", "{}_gap", "{}_gap_recent", "{}_share")
}


def facts(rows: list[tuple[int, int, float, int]], **tables: pd.DataFrame) -> Dataset:
    frame = pd.DataFrame(rows, columns=["user_id", "movie_id", "rating", "day"])
    given = {
        "ratings": frame.assign(
            weight=np.where(frame["rating"].isna(), 0.2, np.nan),
            rated_at=pd.to_datetime(frame["day"], unit="D", utc=True),
        ),
        "movies": pd.DataFrame({"movie_id": [10, 20, 30], "title": "t", "release_year": [1950, 1960, pd.NA]}),
        "users": pd.DataFrame({"user_id": [1, 2], "age": [30, 31], "gender": ["F", "F"], "occupation": "other"}),
        "genres": pd.DataFrame({"movie_id": [10, 20, 20], "genre": ["Drama", "Drama", "War"]}),
    }
    return Dataset.of(given | tables)


def of_user(place: int, dataset: Dataset, world: Dataset | None = None) -> dict[str, np.ndarray]:
    """Describe a user with the movies 20 and 30."""
    everybody = None if world is None else History.of(world)
    pairs = PairFeatures.of(dataset, MovieFeatures.build(dataset), History.of(dataset), everybody)
    return pairs.of_block(np.array([place]), np.array([0, 0]), np.array([1, 2]))


@pytest.fixture
def features() -> dict[str, np.ndarray]:
    return of_user(0, facts(ROWS))


def test_counts_stop_at_the_users_last_moment(features: dict[str, np.ndarray]) -> None:
    # By day 100 movie 20 was rated on the days 50 and 90, movie 30 by nobody yet.
    assert features["count_all"].tolist() == pytest.approx([np.log1p(2), 0])
    assert features["count_14_days"].tolist() == pytest.approx([np.log1p(1), 0])
    assert features["days_known"].tolist() == [50, 0]


def test_year_gap_is_from_the_users_own_years_and_unknown_stays_unknown(features: dict[str, np.ndarray]) -> None:
    assert features["year_gap"].tolist() == pytest.approx([1960 - 1950, NAN], nan_ok=True)
    assert features["movie_age"].tolist() == pytest.approx([100 - (1960.5 - 1970) * YEAR_DAYS, NAN], nan_ok=True)


def test_the_release_date_is_better_than_the_year() -> None:
    movies = facts(ROWS).movies.assign(release_date=pd.to_datetime(["1970-01-01", "1970-01-31", None], utc=True))
    assert of_user(0, facts(ROWS, movies=movies))["movie_age"].tolist() == pytest.approx([70, NAN], nan_ok=True)


def test_traits_say_how_movies_stand_with_everybody(features: dict[str, np.ndarray]) -> None:
    mean = np.mean([4, 5, 2, 3, 4])
    assert features["movie_popularity"].tolist() == pytest.approx([np.log1p(2)] * 2)
    quality = [(5 + 3 + 10 * mean) / 12, (2 + 4 + 10 * mean) / 12]
    assert features["movie_quality"].tolist() == pytest.approx(quality)
    # Movie 20 is the first of two in both histories it is in, movie 30 the second; movie 10 the only one.
    place, phase = np.log1p([0, 0, 1, 0, 1]).mean(), np.mean([0.5, 0.25, 0.75, 0.25, 0.75])
    assert features["movie_place"].tolist() == pytest.approx([5 * place / 7, (2 * np.log(2) + 5 * place) / 7])
    assert features["movie_phase"].tolist() == pytest.approx([(2 * 0.25 + 5 * phase) / 7, (2 * 0.75 + 5 * phase) / 7])


def test_other_peoples_future_changes_only_what_is_as_of_the_fit(features: dict[str, np.ndarray]) -> None:
    altered = [(u, m, 1.0 if day > 100 else r, day + 500 if day > 100 else day) for u, m, r, day in ROWS]
    more = of_user(0, facts([*altered, (4, 10, 5.0, 300), (4, 20, 1.0, 400)]))
    assert set(more) == set(features)
    changed = {name for name, values in more.items() if not np.array_equal(values, features[name], equal_nan=True)}
    assert changed
    assert changed <= AS_OF_THE_FIT, changed - AS_OF_THE_FIT


def test_other_peoples_past_changes_counts(features: dict[str, np.ndarray]) -> None:
    more = of_user(0, facts([*ROWS, (4, 20, 1.0, 99)]))
    assert more["count_all"].tolist() == pytest.approx([np.log1p(3), 0])
    assert more["movie_mean"][0] < features["movie_mean"][0]


def test_what_is_held_out_is_in_no_feature(features: dict[str, np.ndarray]) -> None:
    known = facts(ROWS)
    test_side = facts([*ROWS, (1, 30, 5.0, 101), (2, 10, 5.0, 95), (4, 20, 1.0, 60)])
    for name, values in of_user(0, test_side.with_ratings(known.ratings)).items():
        np.testing.assert_array_equal(values, features[name], err_msg=name)


def test_strangers_see_the_world_of_those_learned_from(features: dict[str, np.ndarray]) -> None:
    world = facts(ROWS)
    stranger = facts([(9, 10, 4.0, 100)])
    found = of_user(0, stranger, world)
    own = {"age", "gender", "occupation"}  # nothing is known of user 9
    for name, values in features.items():
        if name not in own and not name.startswith(("group", "occupation")):
            np.testing.assert_array_equal(found[name], values, err_msg=name)
    assert not own & set(found)


def test_feedback_without_ratings_has_no_quality() -> None:
    watched = [(user, movie, NAN, day) for user, movie, _, day in ROWS]
    found = of_user(0, facts(watched))
    assert not [name for name in found if "quality" in name]
    assert found["count_all"].tolist() == pytest.approx([np.log1p(2), 0])
    assert all(np.isfinite(found[name]).all() for name in ("movie_mean", "liked_share", "place_gap", "movie_place"))


def test_nothing_known_of_the_movies_leaves_their_features_out() -> None:
    movies = pd.DataFrame({"movie_id": [10, 20, 30]}).assign(title=None, release_year=pd.NA)
    none = {"movies": movies, "genres": facts(ROWS).genres[:0], "users": facts(ROWS).users[:0]}
    found = of_user(0, facts(ROWS, **none))
    assert not {"movie_year", "movie_age", "year_gap", "movie_runtime", "age", "genre_share", "group_share"} & set(
        found
    )
    for name, values in found.items():
        assert np.isfinite(values).all() or name == "user_recent_mean", name


def test_runtime_is_kept_where_it_is_known() -> None:
    movies = facts(ROWS).movies.assign(runtime_minutes=[90, pd.NA, 120])
    assert of_user(0, facts(ROWS, movies=movies))["movie_runtime"].tolist() == pytest.approx([NAN, 120], nan_ok=True)
