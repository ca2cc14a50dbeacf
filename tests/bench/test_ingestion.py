"""The benchmark of ingestion at sizes that take seconds: its files, its table and its check."""

import csv
from collections import Counter
from pathlib import Path

import pytest

from movierec.bench.ingestion import __main__ as ingest
from movierec.bench.ingestion import delta, ratings, report
from movierec.bench.ingestion.night import Figures
from movierec.bench.page import write_section


def read(path: Path) -> list[tuple[int, int, float, int]]:
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))[1:]
    return [(int(user), int(movie), float(stars), int(time)) for user, movie, stars, time in rows]


def test_a_file_has_the_rows_asked_for_each_of_another_viewer_and_movie(tmp_path: Path) -> None:
    ratings.write(tmp_path, 30_000)
    rows = read(tmp_path / "ratings.csv")
    assert len({(user, movie) for user, movie, _, _ in rows}) == 30_000
    assert [stars for _, _, stars, _ in rows if not 0.5 <= stars <= 5] == [0.0, 11.0, 0.0]


def test_one_seed_writes_one_file_and_another_seed_another(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        ratings.write(tmp_path / name, 1_000, seed)
    first, same, other = ((tmp_path / name / "ratings.csv").read_bytes() for name in "abc")
    assert first == same != other


def test_a_few_movies_have_most_of_the_ratings(tmp_path: Path) -> None:
    ratings.write(tmp_path, 20_000)
    counts = sorted(Counter(movie for _, movie, _, _ in read(tmp_path / "ratings.csv")).values(), reverse=True)
    assert sum(counts[: ratings.MOVIES // 10]) > 10_000


def test_a_delta_brings_new_changed_and_late_rows_in_their_shares(tmp_path: Path) -> None:
    ratings.write(tmp_path, 10_000)
    shares = delta.write(tmp_path, 10_000, 1_000)
    known = {(user, movie): time for user, movie, _, time in read(tmp_path / "ratings.csv")}
    rows = read(tmp_path / delta.NAME)
    kinds = Counter(
        "new" if (user, movie) not in known else "changed" if time > known[user, movie] else "late"
        for user, movie, _, time in rows
    )
    assert len({(user, movie) for user, movie, _, _ in rows}) == 1_000
    assert kinds == {"new": shares.new, "changed": shares.changed, "late": shares.late}


@pytest.mark.slow
def test_a_run_prints_every_night_and_touches_what_the_delta_changes(tmp_path: Path) -> None:
    lines = ingest.measure(tmp_path, [2_000, 5_000], 500, has_gates=False, is_rebuilt=True)
    nights = [[cell.strip() for cell in line.strip("| ").split("|")] for line in lines if line.startswith("| ")][2:]
    assert [cells[0] for cells in nights] == ["2,000", "5,000", "500 on top"]
    assert nights[-1][-1] == "450"
    assert "has the same rows" in lines[-1]


def test_the_figures_replace_their_section_and_leave_the_others(tmp_path: Path) -> None:
    page = tmp_path / "benchmarks.md"
    page.write_text("# Benchmarks\n\n## Ingestion\n\nold\n\n## Training\n\nkept\n", encoding="utf-8")
    figures = Figures(1_000, seconds={"raw": 1.0, "core": 3.0}, changed_rows=900, peak_bytes=200 << 20)
    write_section(page, report.HEADING, report.table([("1,000", figures, 0.75)]))
    text = page.read_text(encoding="utf-8")
    assert "old" not in text
    assert text.endswith("\n## Training\n\nkept\n")
    assert "| 1,000 | 1.0 | – | – | – | 3.0 | – | 4.0 | 250 | 200 | 75% | 900 |" in text
