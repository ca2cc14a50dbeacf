import pandas as pd
import pytest

from movierec.evaluation.splits import per_user_temporal


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
