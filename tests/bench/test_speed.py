from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from upath import UPath

from movierec.bench.page import write_section
from movierec.bench.speed import anchors, measure, report
from movierec.bench.speed import ratings as speed_ratings
from movierec.bench.speed.report import Figures


def test_generated_ratings_are_as_many_as_asked_for_and_each_of_another_pair() -> None:
    ratings = speed_ratings.generate(20_000, seed=1).ratings
    assert len(ratings) == 20_000
    assert not ratings.duplicated(["user_id", "movie_id"]).any()


def test_a_seed_gives_the_same_ratings_again() -> None:
    one, again, other = (speed_ratings.generate(5_000, seed).ratings for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(one, again)
    assert not one["movie_id"].equals(other["movie_id"])


def test_generated_movies_have_a_long_tail() -> None:
    counts = speed_ratings.generate(100_000, seed=1).ratings["movie_id"].value_counts()
    assert counts.iloc[: len(counts) // 10].sum() > 0.4 * counts.sum()


def test_a_file_of_ratings_can_be_measured_instead(tmp_path: Path) -> None:
    path = tmp_path / "ratings.csv"
    path.write_text("user_id,movie_id,rating,timestamp\n1,7,4.0,883000000\n2,9,2.5,883000001\n", encoding="utf-8")
    dataset = speed_ratings.read(path)
    assert dataset.movies["movie_id"].tolist() == [7, 9]
    assert dataset.relevant_from is None


def test_a_ranker_and_its_anchor_are_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed_ratings, "MOVIES", 200)
    dataset = speed_ratings.generate(6_000, seed=1)
    train, test = measure.split(dataset.ratings, seed=1)
    dataset.with_ratings(train).save(UPath(tmp_path))
    test.to_parquet(tmp_path / "test.parquet")
    figures = measure.measure_ranker(str(tmp_path), "popularity")
    assert figures.pairs == train["user_id"].nunique() * len(dataset.movies)
    assert figures.ndcg is not None
    assert 0 < figures.ndcg < 1
    assert measure.measure_anchor(str(tmp_path), "ease").fit_seconds > 0


def test_of_several_calls_the_last_result_is_given() -> None:
    results = iter(range(3))
    assert measure.fastest(3, lambda: next(results))[1] == 2


def test_ndcg_is_the_gain_of_the_hits_over_that_of_a_perfect_list() -> None:
    test = pd.DataFrame({"user_id": [1, 1, 2], "movie_id": [5, 6, 7]})
    lists = pd.DataFrame({"user_id": [1, 1, 2], "movie_id": [9, 5, 7], "rank": [1, 2, 1]})
    second = 1 / np.log2(2 + 1)
    assert measure.ndcg(lists, test) == pytest.approx((second / (1 + second) + 1) / 2)


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anchors, "find_spec", lambda name: None)
    assert "implicit is not installed" in str(anchors.missing("ials"))
    assert anchors.missing("ease") is None


def test_other_sections_of_the_page_stay(tmp_path: Path) -> None:
    page = tmp_path / "benchmarks.md"
    page.write_text("# Benchmarks\n\n## Ingestion\n\nfast\n\n## Ranking speed\n\nold\n\n## Quality\n\ngood\n")
    write_section(page, report.HEADING, ["new"])
    assert page.read_text() == "# Benchmarks\n\n## Ingestion\n\nfast\n\n## Ranking speed\n\nnew\n\n## Quality\n\ngood\n"


def test_what_was_not_measured_is_a_dash() -> None:
    assert report.table([Figures("inverse", 0.5, peak_bytes=3 << 20)])[-1] == "| inverse | 0.50 | – | – | 3 | – |"


def test_seconds_of_base_rankers_are_summed_without_anchors_and_learned_ones() -> None:
    figures = [Figures("ease", 0.5), Figures("bare Cholesky inverse", 7), Figures("slim", 2), Figures("hybrid", 60)]
    lines = report.lines(figures, "some ratings", speed_ratings.generate(100, seed=1))
    assert "Base rankers fitted together: 2.5 s." in lines


def test_where_the_seconds_of_a_learned_ranker_went_is_told() -> None:
    figures = [Figures("hybrid", 60, stages={"candidates": 20.0, "training": 40.0})]
    lines = report.lines(figures, "some ratings", speed_ratings.generate(100, seed=1))
    assert "Of the hybrid's seconds: candidates 20.0, training 40.0." in lines
