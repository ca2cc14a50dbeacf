import logging

import numpy as np
import pandas as pd
import pytest
from upath import UPath

from movierec.plots import calibration, gains, leaderboard, pictures
from movierec.plots.page import Picture, page
from movierec.plots.style import spread_labels
from movierec.rankers.popularity import Popularity
from movierec.rankers.reranking.hybrid import Hybrid
from movierec.training import fit, snapshot
from movierec.training.data import TrainingData
from movierec.training.evaluate import evaluate_ranker
from movierec.training.folder import TrainingFolder
from tests import tastes

HYBRID = {"rounds": 8, "folds": 1, "members": ("lambdarank",)}
WIDE = 900  # pixels


@pytest.fixture
def folder(conn, tmp_path):
    """Return the folder of a training whose snapshot and split are there."""
    folder = TrainingFolder(snapshot.open_training(conn, "run", 1, seed=1), UPath(tmp_path))
    facts = tastes.dataset()
    number_in_history = facts.ratings.groupby("user_id").cumcount()
    is_kept = (facts.ratings["user_id"] > 60) | (number_in_history < 20)  # viewers differ in how active they are
    facts.with_ratings(facts.ratings[is_kept]).save(folder.snapshot)
    fit.build_features(folder, seed=1)
    return folder


def evaluate(conn, folder, name, parameters=None):
    data = TrainingData(folder)
    evaluate_ranker(conn, data, fit.fit_ranker(data, name, parameters), ("per_user_temporal",))


def test_a_whole_training_gives_every_picture_twice_the_same(conn, folder):
    evaluate(conn, folder, "popularity")
    evaluate(conn, folder, "ease")
    evaluate(conn, folder, "hybrid", HYBRID)
    names = pictures.draw(conn, folder)
    assert names == ["leaderboard.png", "activity.png", "coverage.png", "features.png", "calibration.png"]
    drawn = {name: (folder.plots / name).read_bytes() for name in names}
    for data in drawn.values():
        assert data.startswith(b"\x89PNG\r\n\x1a\n")
        assert int.from_bytes(data[16:20], "big") >= WIDE
    text = (folder.plots / "index.html").read_text(encoding="utf-8")
    assert all(f'src="{name}"' in text for name in names)
    assert "http" not in text
    pictures.draw(conn, folder)
    assert drawn == {name: (folder.plots / name).read_bytes() for name in names}


def test_a_picture_without_data_is_left_out_with_a_line_in_the_log(conn, folder, caplog):
    evaluate(conn, folder, "popularity")
    (folder.plots).mkdir()
    (folder.plots / "features.png").write_bytes(b"of an earlier try")
    with caplog.at_level(logging.INFO):
        assert "features.png" not in pictures.draw(conn, folder)
    assert "picture features is left out: the training stored nothing that it could show" in caplog.text
    assert not (folder.plots / "features.png").exists()


def test_a_model_that_cannot_be_read_costs_its_own_picture_alone(conn, folder, caplog):
    evaluate(conn, folder, "popularity")
    (folder.model("hybrid")).mkdir()
    assert "leaderboard.png" in pictures.draw(conn, folder)
    assert "picture features is left out" in caplog.text


def test_a_training_in_which_nothing_was_evaluated_gives_a_page_that_says_so(conn, folder):
    assert pictures.draw(conn, folder) == []
    assert "no ranker of this training was evaluated" in (folder.plots / "index.html").read_text(encoding="utf-8")


def test_the_leaderboard_claims_a_lead_only_beyond_chance():
    results = type("Results", (), {})()
    rng = np.random.default_rng(1)
    base = rng.uniform(size=200)
    for lead, words in ((0.2, "leads: "), (0.0, "chance alone may have put it")):
        values = pd.DataFrame({"b": base, "a": base + lead + rng.normal(0, 0.1, 200)})
        means = values.mean().sort_values(ascending=False)
        totals = pd.DataFrame({"ranker": means.index, "value": means, "low": means - 0.1, "high": means + 0.1})
        results.totals = lambda metric, totals=totals: totals.assign(users=200)
        results.ndcg_per_user = lambda values=values: values
        assert words in leaderboard.draw(results)[0]


def test_gains_are_shares_of_all_ensembles_and_survive_saving(tmp_path):
    dataset = tastes.dataset()
    from movierec.features.content import MovieFeatures  # noqa: PLC0415

    ranker = Hybrid(rounds=8, folds=1).fit(dataset, MovieFeatures.build(dataset))
    table = gains.feature_gains(ranker)
    assert table["gain"].sum() == pytest.approx(1)
    assert table["gain"].is_monotonic_decreasing
    assert table["feature"].is_unique
    ranker.save(UPath(tmp_path))
    pd.testing.assert_frame_equal(gains.feature_gains(Hybrid.load(UPath(tmp_path))), table)
    assert gains.feature_gains(Popularity()).empty


def test_deciles_are_of_equal_size_and_leave_out_what_no_model_scored():
    scores = np.concatenate([np.full(7, -1.5), np.linspace(0, 1, 100)])
    liked = np.concatenate([np.ones(7, bool), np.arange(100) >= 95])
    table = calibration.deciles(scores, liked)
    assert table["movies"].tolist() == [10] * 10
    assert table["liked"].tolist() == [0.0] * 9 + [0.5]
    assert table["score"].is_monotonic_increasing
    assert calibration.deciles(np.full(3, -1.0), np.ones(3, bool)).empty


def test_no_score_is_drawn_as_if_it_were_a_probability(conn, folder):
    evaluate(conn, folder, "hybrid", HYBRID)
    pictures.draw(conn, folder)
    text = (folder.plots / "index.html").read_text(encoding="utf-8")
    assert "and are not probabilities" in text
    assert "stated" not in text


def test_labels_are_moved_apart_in_their_order_and_no_further_than_needed():
    moved = spread_labels([5.0, 1.0, 1.0], 1.0)
    assert moved == [5.0, 0.5, 1.5]
    assert np.diff(spread_labels([0.1, 0.2, 0.3, 0.35], 0.2)).min() == pytest.approx(0.2)


def test_the_page_shows_words_as_words():
    assert "&lt;b&gt;" in page(1, [Picture("a.png", "<b>", "<b>", b"")])
    assert "<b>" not in page(1, [Picture("a.png", "<b>", "<b>", b"")])
