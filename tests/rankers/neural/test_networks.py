"""What numpy computes, on numbers small enough to check by eye; that TensorFlow computes the same is in test_fit."""

import numpy as np

from movierec.rankers.neural import autoencoder, sequence
from tests.rankers.neural.test_histories import histories


def dense(inputs: autoencoder.Inputs, users: int = 1) -> np.ndarray:
    x = np.zeros((users, 6), np.float32)
    x[inputs.cells[:, 0], inputs.cells[:, 1]] = inputs.values
    return x


def test_a_rating_weighs_half_after_its_half_life_and_all_together_have_length_one() -> None:
    known = histories((0, 2, 1), (0, 0, 2), users=1)
    x = dense(autoencoder.inputs(known, known.users, np.array([8, 0]), 3))[0]
    expected = np.array([1, 0, 0.5 ** (8 / 80), 1, 0, 0.5])
    np.testing.assert_allclose(x, expected / np.sqrt((expected**2).sum()), rtol=1e-6)


def test_ratings_of_the_last_moment_have_not_faded() -> None:
    known = histories((0, 0, 1), (0, 1, 2), (0, 2, 2), users=1)
    x = dense(autoencoder.whole(known, 3))[0]
    np.testing.assert_allclose(x[3:] / x[4], [0.5 ** (2 / 8), 1, 1], rtol=1e-6)


def test_what_has_faded_is_left_out() -> None:
    known = histories((0, 2, 1), (0, 0, 2), users=1)
    assert autoencoder.inputs(known, known.users, np.array([100, 0]), 3).cells.tolist() == [[0, 2], [0, 0], [0, 3]]
    assert len(autoencoder.inputs(known, known.users, np.array([1_000, 0]), 3).cells) == 2


def test_a_user_without_a_movie_of_the_model_is_no_input() -> None:
    known = histories((1, 0, 1), users=2)
    x = dense(autoencoder.whole(known, 3), users=2)
    assert x[0].tolist() == [0] * 6
    assert x[1].any()


def test_the_last_ratings_fill_the_last_places() -> None:
    known = histories((0, 7, 1), (1, 3, 1), (1, 4, 2), (1, 5, 3))
    movies, levels = sequence.latest_ratings(known, 2)
    assert movies.tolist() == [[0, 7], [4, 5]]
    assert levels.tolist() == [[0, 1], [1, 1]]


def sequence_weights(levels: int, width: int = 4) -> dict[str, np.ndarray]:
    """Weights of a model of three movies, two positions and no block."""
    rng = np.random.default_rng(0)
    shapes = {"movie": (3, width), "level": (levels, width), "place": (2, width), "output.kernel": (width, 3)}
    drawn = {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    norm = {"norm.scale": np.ones(width, np.float32), "norm.shift": np.zeros(width, np.float32)}
    return {**drawn, **norm, "output.bias": np.array([0.1, 0.3, 0.2], np.float32)}


def test_a_rating_above_all_that_was_learned_from_is_read_as_the_highest_of_these() -> None:
    known = histories((0, 1, 1), (0, 2, 2), users=1)
    highest, above = (known._replace(levels=np.array([1, level])) for level in (2, 5))
    weights = sequence_weights(levels=3)
    np.testing.assert_array_equal(sequence.scores(weights, above), sequence.scores(weights, highest))


def test_whoever_has_no_movie_of_the_model_gets_what_is_popular() -> None:
    weights = sequence_weights(levels=2)
    scores = sequence.scores(weights, histories((1, 0, 1), users=2))
    np.testing.assert_array_equal(scores[0], weights["output.bias"])
    assert (scores[1] != weights["output.bias"]).all()
