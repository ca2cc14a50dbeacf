from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from movierec.data.splits import (
    global_temporal,
    k_core,
    leave_one_out,
    leave_one_out_global,
    number_of_held_out_users,
    part_sizes,
    per_user_temporal,
    random_split,
    strong_generalisation,
)
from movierec.errors import ModelError

Split = Callable[[pd.DataFrame, int], tuple[pd.DataFrame, ...]]


def ratings(days: list[int], user: int = 1) -> pd.DataFrame:
    moments = pd.to_datetime(days, unit="D", utc=True)
    return pd.DataFrame({"user_id": user, "movie_id": range(len(days)), "rating": 4.0, "rated_at": moments})


def test_the_last_fifth_of_a_user_is_held_out() -> None:
    train, test = per_user_temporal(ratings([9, 8, 7, 6, 5, 4, 3, 2, 1, 0]))
    assert sorted(test["movie_id"]) == [0, 1]
    assert sorted(train["movie_id"]) == [2, 3, 4, 5, 6, 7, 8, 9]


@pytest.mark.parametrize(("rows", "known"), [(1, 1), (4, 4), (5, 4), (6, 5), (20, 16), (35, 28)])
def test_a_user_keeps_at_least_four_fifths(rows: int, known: int) -> None:
    train, test = per_user_temporal(ratings(list(range(rows))))
    assert (len(train), len(test)) == (known, rows - known)


def test_both_sides_together_are_all_rows() -> None:
    both = pd.concat([ratings([1, 2, 3, 4, 5], user=1), ratings([5, 4, 3, 2, 1], user=2)], ignore_index=True)
    train, test = per_user_temporal(both)
    pd.testing.assert_frame_equal(pd.concat([train, test]).sort_index(), both)
    assert test["user_id"].tolist() == [1, 2]


def test_ties_are_broken_by_the_seed_and_not_by_the_movie() -> None:
    tied = ratings([1] * 50)
    held = [tuple(sorted(per_user_temporal(tied, seed=seed)[1]["movie_id"])) for seed in (0, 0, 1)]
    assert held[0] == held[1] != held[2]
    assert held[0] != tuple(range(40, 50))


def test_values_of_later_rows_do_not_move_the_border() -> None:
    rows = ratings(list(range(10)))
    later = rows.assign(rating=rows["rating"].where(rows.index < 8, 1.0))
    pd.testing.assert_frame_equal(per_user_temporal(rows)[0], per_user_temporal(later)[0])


def random_ratings(seed: int = 0, rows: int = 400) -> pd.DataFrame:
    """Ratings of 30 users on 60 movies over 40 days, with many ties."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"user_id": rng.integers(0, 30, rows), "movie_id": rng.integers(0, 60, rows)})
    frame = frame.drop_duplicates(ignore_index=True)
    moments = pd.to_datetime(rng.integers(0, 40, len(frame)), unit="D", utc=True)
    return frame.assign(rating=rng.integers(1, 6, len(frame)).astype(float), rated_at=moments)


SPLITS = {
    "per user": lambda frame, seed: per_user_temporal(frame, seed=seed),
    "global": lambda frame, _: global_temporal(frame),
    "random": lambda frame, seed: random_split(frame, seed=seed),
    "leave one out": leave_one_out,
}


@pytest.mark.parametrize("split", SPLITS.values(), ids=SPLITS)
@pytest.mark.parametrize("seed", range(5))
def test_the_parts_are_a_partition(split: Split, seed: int) -> None:
    frame = random_ratings(seed)
    parts = split(frame, seed)
    pd.testing.assert_frame_equal(pd.concat(parts).sort_index(), frame)
    assert all(len(part) for part in parts)


@pytest.mark.parametrize("split", SPLITS.values(), ids=SPLITS)
def test_the_same_seed_gives_the_same_parts(split: Split) -> None:
    for first, second in zip(split(random_ratings(), 3), split(random_ratings(), 3), strict=True):
        pd.testing.assert_frame_equal(first, second)


@pytest.mark.parametrize("split", SPLITS.values(), ids=SPLITS)
def test_nothing_is_split_into_nothing(split: Split) -> None:
    assert [len(part) for part in split(random_ratings().head(0), 0)] in ([0, 0], [0, 0, 0])


@pytest.mark.parametrize("seed", range(5))
def test_nobody_is_asked_about_what_was_before_what_is_known_of_them(seed: int) -> None:
    train, test = per_user_temporal(random_ratings(seed))
    latest = train.groupby("user_id")["rated_at"].max()
    assert (test["rated_at"] >= test["user_id"].map(latest)).all()


@pytest.mark.parametrize("seed", range(5))
def test_one_moment_divides_everybody(seed: int) -> None:
    train, test = global_temporal(random_ratings(seed))
    assert train["rated_at"].max() < test["rated_at"].min()


def test_ties_at_the_moment_are_known() -> None:
    train, test = global_temporal(ratings([1, 2, 3, 3, 3, 3, 3, 3, 3, 4]))
    assert (len(train), sorted(test["movie_id"])) == (9, [9])
    train, test = global_temporal(ratings([1] * 10))
    assert (len(train), len(test)) == (10, 0)


# n rows: floor(n / 10) for validation and test, one each where that is 0 and the first part has rows to give.
SIZES = [(1, [1, 0, 0]), (2, [1, 0, 1]), (3, [1, 1, 1]), (9, [7, 1, 1]), (10, [8, 1, 1]), (19, [17, 1, 1])]


@pytest.mark.parametrize(("rows", "sizes"), [*SIZES, (20, [16, 2, 2]), (737, [737 - 73 - 73, 73, 73])])
def test_a_user_is_divided_as_by_recbole(rows: int, sizes: list[int]) -> None:
    assert [len(part) for part in random_split(ratings(list(range(rows))))] == sizes
    assert part_sizes(np.array([rows]), (8, 1, 1)).tolist() == [sizes]


def test_a_random_part_does_not_depend_on_time_or_movie() -> None:
    tested = [tuple(sorted(random_split(ratings(list(range(50))), seed=seed)[2]["movie_id"])) for seed in range(4)]
    assert len(set(tested)) == 4


def test_a_core_is_what_is_left_when_nobody_falls_out_any_more() -> None:
    # Movie 3 has one rating; without it user 3 has one; without that movie 1 still has two.
    pairs = [(1, 1), (1, 2), (2, 1), (2, 2), (3, 1), (3, 3)]
    frame = pd.DataFrame(pairs, columns=["user_id", "movie_id"])
    assert k_core(frame, 2).to_numpy().tolist() == [[1, 1], [1, 2], [2, 1], [2, 2]]
    assert k_core(frame, 3).empty


@pytest.mark.parametrize("seed", range(5))
def test_held_out_users_are_strangers_to_what_is_learned_from(seed: int) -> None:
    frame = random_ratings(seed)
    train, shown, test = strong_generalisation(frame, 10, seed=seed)
    assert not set(train["user_id"]) & set(shown["user_id"])
    assert set(test["user_id"]) <= set(shown["user_id"])
    assert train["user_id"].nunique() == 20
    assert set(shown["movie_id"]) | set(test["movie_id"]) <= set(train["movie_id"])
    rows = pd.concat([train, shown, test])
    assert rows.index.is_unique
    left_out = frame.drop(rows.index)
    assert not set(left_out["movie_id"]) & set(train["movie_id"])


@pytest.mark.parametrize(("rows", "shown"), [(1, 1), (2, 1), (4, 3), (5, 4), (10, 8), (11, 9)])
def test_four_fifths_are_shown_but_never_everything(rows: int, shown: int) -> None:
    everybody = pd.concat([ratings(list(range(rows)), user) for user in (1, 2)], ignore_index=True)
    _, fold_in, test = strong_generalisation(everybody, 1)
    assert (len(fold_in), len(test)) == (shown, rows - shown)


@pytest.mark.parametrize(("users", "held_out"), [(1, 1), (2, 1), (10, 2), (12, 2), (13, 3), (943, 189)])
def test_a_fifth_of_the_users_are_held_out(users: int, held_out: int) -> None:
    everybody = pd.concat([ratings([1, 2], user) for user in range(users)], ignore_index=True)
    assert number_of_held_out_users(everybody) == held_out


@pytest.mark.parametrize("users", [0, 30, -1])
def test_somebody_must_be_left_to_learn_from(users: int) -> None:
    with pytest.raises(ModelError, match="allowed is 1 to 29 of 30 users"):
        strong_generalisation(random_ratings(), users)


@pytest.mark.parametrize("share", [0, 1, 1.5, -0.1])
def test_a_share_is_a_part(share: float) -> None:
    for split in (per_user_temporal, global_temporal):
        with pytest.raises(ModelError, match="between 0 and 1"):
            split(random_ratings(), share)
    with pytest.raises(ModelError, match="above 0"):
        random_split(random_ratings(), (1 - share, 0))


def test_the_last_rating_of_everybody_is_left_out_and_a_single_one_is_known() -> None:
    both = pd.concat([ratings([3, 5, 4], user=1), ratings([9], user=2)], ignore_index=True)
    known, test = leave_one_out(both)
    assert test[["user_id", "movie_id"]].to_numpy().tolist() == [[1, 1]]
    assert known.index.tolist() == [0, 2, 3]


def test_which_of_several_last_ratings_is_left_out_depends_on_the_seed() -> None:
    held = [leave_one_out(ratings([1] * 50), seed)[1]["movie_id"].item() for seed in (0, 0, 1)]
    assert held[0] == held[1] != held[2]


def test_without_anybodys_future_the_latest_users_are_asked_and_shown_their_own_past() -> None:
    frame = pd.concat(
        [
            ratings([1, 2], user=1),
            ratings([1, 3], user=2),
            ratings([1, 4], user=3),
            ratings([1, 5], user=4),
            ratings([4, 6, 7, 8], user=5),
        ],
        ignore_index=True,
    )
    train, fold_in, test = leave_one_out_global(frame, test_share=0.2)
    assert test.index.tolist() == [11]  # user 5 on day 8
    assert train["rated_at"].max() == pd.Timestamp(5, unit="D", tz="UTC")  # everybody else's last day
    assert sorted(train.index) == [0, 1, 2, 3, 4, 5, 6, 7, 8]
    assert fold_in.index.tolist() == [8, 9, 10]


def test_without_anybodys_future_a_newcomer_is_asked_without_a_past() -> None:
    frame = pd.concat([ratings([1, 2], user=1), ratings([9], user=2)], ignore_index=True)
    train, fold_in, test = leave_one_out_global(frame, test_share=0.5)
    assert (train.index.tolist(), fold_in.index.tolist(), test.index.tolist()) == ([0, 1], [], [2])


@pytest.mark.parametrize("seed", range(5))
def test_no_row_that_is_learned_from_is_as_late_as_one_that_is_asked_about(seed: int) -> None:
    train, fold_in, test = leave_one_out_global(random_ratings(seed), seed=seed)
    assert train["rated_at"].max() < test["rated_at"].min()
    assert test["user_id"].is_unique
    last_shown = fold_in.groupby("user_id")["rated_at"].max().reindex(test["user_id"]).to_numpy()
    assert (last_shown <= test["rated_at"].to_numpy()).all()


def test_rows_of_one_moment_leave_nobody_to_ask_without_anybodys_future() -> None:
    train, fold_in, test = leave_one_out_global(ratings([1] * 5))
    assert (len(train), len(fold_in), len(test)) == (5, 0, 0)
    with pytest.raises(ModelError, match="test_share is 1"):
        leave_one_out_global(ratings([1]), test_share=1)
