"""Members of a sum of scores are added as long as they help."""

import numpy as np

from movierec.rankers.building_blocks.ensemble_selection import select

USERS, MOVIES = 60, 40


def relevant_movies(rng: np.random.Generator) -> np.ndarray:
    relevant = np.zeros((USERS, MOVIES), bool)
    relevant[np.repeat(np.arange(USERS), 4), np.concatenate([rng.permutation(MOVIES)[:4] for _ in range(USERS)])] = True
    return relevant


def test_what_knows_the_answers_gets_all_the_weight() -> None:
    rng = np.random.default_rng(0)
    relevant = relevant_movies(rng)
    scores = {"knows": relevant.astype(np.float32), "guesses": rng.random((USERS, MOVIES)).astype(np.float32)}
    assert select(scores, np.zeros_like(relevant), relevant, seed=0) == {"knows": 1.0, "guesses": 0.0}


def test_two_that_know_half_of_it_are_better_together() -> None:
    rng = np.random.default_rng(0)
    relevant = relevant_movies(rng)
    knows_left = relevant & (np.arange(MOVIES) < MOVIES / 2)
    halves = {"left": knows_left, "right": relevant & ~knows_left}
    noise = rng.random((USERS, MOVIES)).astype(np.float32)
    scores = {name: half + 0.1 * noise for name, half in halves.items()} | {"noise": noise}
    weights = select(scores, np.zeros_like(relevant), relevant, seed=0)
    assert min(weights["left"], weights["right"]) > 0.3
    assert weights["noise"] < 0.3


def test_what_cannot_be_recommended_takes_no_place() -> None:
    rng = np.random.default_rng(0)
    relevant = relevant_movies(rng)
    hidden = ~relevant & (rng.random(relevant.shape) < 0.5)
    scores = {"likes what is hidden": hidden.astype(np.float32) + relevant * np.float32(0.5)}
    scores["guesses"] = rng.random(relevant.shape).astype(np.float32)
    assert select(scores, hidden, relevant, seed=0) == {"likes what is hidden": 1.0, "guesses": 0.0}
