import numpy as np

from movierec.rankers.neural.histories import Histories


def histories(*rows: tuple[int, int, int], users: int = 2) -> Histories:
    """Rows of (user, movie, time), liked and of signal 1."""
    user, movies, times = np.array(rows).T
    ones = np.ones(len(rows))
    return Histories.of(
        user,
        users,
        movies=movies,
        times=times,
        signal=ones.astype(np.float32),
        levels=ones.astype(np.int64),
        liked=ones.astype(bool),
    )


def test_ratings_are_put_in_order_of_time_whatever_order_they_come_in() -> None:
    known = histories((1, 5, 30), (0, 3, 20), (1, 4, 10), (0, 2, 25))
    assert known.starts.tolist() == [0, 2, 4]
    assert known.movies.tolist() == [3, 2, 4, 5]
    assert known.users.tolist() == [0, 0, 1, 1]
    assert known.positions.tolist() == [0, 1, 0, 1]


def test_equal_histories_of_one_moment_have_one_order() -> None:
    known = histories((0, 1, 7), (0, 2, 7), (0, 3, 7), (1, 3, 9), (1, 2, 9), (1, 1, 9))
    assert known.movies[:3].tolist() == known.movies[3:].tolist()


def test_a_shuffle_moves_ratings_of_one_moment_only() -> None:
    known = histories(*((0, movie, movie // 10) for movie in range(30)), users=1)
    drawn = known.shuffled(np.random.default_rng(1))
    assert drawn.movies.tolist() != known.movies.tolist()
    assert (drawn.movies // 10).tolist() == [0] * 10 + [1] * 10 + [2] * 10
    assert sorted(drawn.movies) == list(range(30))


def test_a_moment_ends_where_the_next_one_begins() -> None:
    known = histories((0, 1, 5), (0, 2, 5), (0, 3, 6), (1, 1, 6), (1, 2, 6))
    assert known.moment_ends.tolist() == [2, 2, 3, 2, 2]


def test_users_are_taken_in_the_order_asked_for_and_cut_where_asked_for() -> None:
    known = histories((0, 1, 1), (0, 2, 2), (0, 3, 3), (1, 4, 1), (1, 5, 2))
    assert known.of_users(np.array([1, 0])).movies.tolist() == [4, 5, 1, 2, 3]
    some = known.up_to(np.array([0, 0, 1]), np.array([1, 3, 0]))
    assert some.starts.tolist() == [0, 1, 4, 4]
    assert some.movies.tolist() == [1, 1, 2, 3]


def test_users_stay_when_their_ratings_go() -> None:
    known = histories((0, 1, 1), (1, 4, 1), (1, 5, 2)).keep(np.array([False, True, False]))
    assert known.starts.tolist() == [0, 0, 1]
    assert known.movies.tolist() == [4]


def test_a_viewer_is_scored_alone_as_among_others() -> None:
    at_once = [(0, movie, 1) for movie in (4, 0, 3, 1, 2)]
    alone = histories(*at_once, users=1).movies.tolist()
    assert sorted(alone) == [0, 1, 2, 3, 4]
    assert alone != sorted(alone)
    assert histories(*at_once, (1, 50, 1)).movies[:5].tolist() == alone
