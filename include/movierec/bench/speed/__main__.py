"""`make bench-speed`: how long rankers take to fit and to list, and in how much memory, beside what others take.

Every ranker and every anchor runs in a process of its own, so that its peak of memory is its own; there it is fitted on
a thousand ratings first, so that compiling is not measured, and then several times, of which the fastest counts.
`python -m movierec.bench.speed --help` names the options.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from upath import UPath

from movierec.bench.machine import in_own_process
from movierec.bench.page import PAGE, write_section
from movierec.bench.progress import progress
from movierec.bench.speed import anchors, report
from movierec.bench.speed import ratings as speed_ratings
from movierec.bench.speed.measure import measure_anchor, measure_ranker, split
from movierec.bench.speed.report import Figures
from movierec.config import ROOT
from movierec.local import streams
from movierec.rankers import registry

ROWS = 1_000_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the rankers that the options name, print the table, and note it if --write asks for that."""
    options = _parser().parse_args(arguments)
    if options.ratings:
        source, dataset = options.ratings, speed_ratings.read(Path(options.ratings))
    else:
        source = f"{options.rows:,} generated ratings, seed {options.seed}"
        dataset = speed_ratings.generate(options.rows, options.seed)
    with tempfile.TemporaryDirectory(prefix="movierec-speed-") as folder:
        train, test = split(dataset.ratings, options.seed)
        dataset.with_ratings(train).save(UPath(folder))
        test.to_parquet(Path(folder) / "test.parquet")
        figures = list(measure(folder, options.rankers.split(",")))
    lines = report.lines(figures, source, dataset)
    print(*lines, sep="\n")  # noqa: T201 - the table is what this program is for
    if options.write:
        write_section(PAGE, report.HEADING, lines)
    return 0


def measure(folder: str, rankers: Sequence[str]) -> Iterator[Figures]:
    """Measure rankers, each followed by its anchor, one process at a time."""
    for name in rankers:
        yield _log(in_own_process(measure_ranker, folder, name))
        reason = anchors.missing(name)
        if reason:
            progress(reason)
        elif name in anchors.ANCHORS:
            yield _log(in_own_process(measure_anchor, folder, name))


def _log(figures: Figures) -> Figures:
    progress(f"{figures.name}: {figures.fit_seconds:.2f} s")
    return figures


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="movierec.bench.speed", description="Measure the rankers' speed.")
    parser.add_argument("--rows", type=int, default=ROWS, help="how many ratings to generate; 1M by default")
    parser.add_argument("--ratings", help="a file of user_id,movie_id,rating,timestamp to measure instead")
    rankers = ",".join(registry.RANKERS)
    parser.add_argument("--rankers", default=rankers, help=f"which to measure; {rankers} by default")
    parser.add_argument("--seed", type=int, default=1, help="of the generated ratings and of what is held out")
    parser.add_argument("--write", action="store_true", help=f"note the figures in {PAGE.relative_to(ROOT)}")
    return parser


if __name__ == "__main__":
    streams.outlive_readers()
    sys.exit(main())
