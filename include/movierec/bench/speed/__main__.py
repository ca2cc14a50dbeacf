"""`make bench-speed`: how long rankers take to fit and to list, and in how much memory, beside what others take.

Every ranker and every anchor runs in a process of its own, so that its peak of memory is its own; there it is fitted on
a thousand ratings first, so that compiling is not measured, and then several times, of which the fastest counts.
`python -m movierec.bench.speed --help` names the options.
"""

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from upath import UPath

from movierec.bench.speed import anchors, report
from movierec.bench.speed import ratings as speed_ratings
from movierec.bench.speed.report import COMPOSED, Figures
from movierec.config import ROOT
from movierec.data.arrays import Ints
from movierec.data.columns import MOVIE, RANK, USER
from movierec.data.dataset import Dataset
from movierec.data.history import History
from movierec.features.content import MovieFeatures
from movierec.rankers import registry

ROWS = 1_000_000
WARM_ROWS = 1_000
TEST_SHARE = 0.1
K = 100
REPEATS = 3
PAGE = ROOT / "docs" / "benchmarks.md"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what was asked for, print the table and note it where that was asked for."""
    chosen = _options().parse_args(arguments)
    dataset = (
        speed_ratings.read(Path(chosen.ratings)) if chosen.ratings else speed_ratings.generate(chosen.rows, chosen.seed)
    )
    source = chosen.ratings or f"{chosen.rows:,} generated ratings, seed {chosen.seed}"
    with tempfile.TemporaryDirectory(prefix="movierec-speed-") as folder:
        train, test = split(dataset.ratings, chosen.seed)
        dataset.with_ratings(train).save(UPath(folder))
        test.to_parquet(Path(folder) / "test.parquet")
        figures = list(measure(folder, chosen.rankers.split(",")))
    lines = report.lines(figures, source, dataset)
    print(*lines, sep="\n")  # noqa: T201 - the table is what this program is for
    if chosen.write:
        report.write(PAGE, lines)
    return 0


def measure(folder: str, rankers: Sequence[str]) -> Iterator[Figures]:
    """Measure rankers, each followed by its anchor, one process at a time."""
    for name in rankers:
        yield _said(apart(of_ranker, folder, name))
        lack = anchors.missing(name)
        if lack:
            print(lack, file=sys.stderr)  # noqa: T201
        elif name in anchors.ANCHORS:
            yield _said(apart(of_anchor, folder, name))


def of_ranker(folder: str, name: str) -> Figures:
    """Fit one of our rankers and list for everybody."""
    dataset, test = _read(folder)
    warm = dataset.with_ratings(dataset.ratings[:WARM_ROWS])
    features = MovieFeatures.build(dataset)
    registry.create(name).fit(warm, features).recommend(warm.ratings[USER][:1], K)
    repeats = 1 if name in COMPOSED else REPEATS
    fit, ranker = fastest(repeats, lambda: registry.create(name).fit(dataset, features))
    users = ranker.history_.user_ids
    listing, lists = fastest(repeats, lambda: ranker.recommend(users, K))
    stages = dict(getattr(ranker, "seconds_", {}))
    pairs = len(users) * len(dataset.movies)
    return Figures(name, fit, listing, pairs, _peak(), ndcg(lists, test), stages)


def of_anchor(folder: str, name: str) -> Figures:
    """Do the same with what our ranker is measured beside."""
    dataset, test = _read(folder)
    history = History.of(dataset)
    if name == "ease":
        return Figures(anchors.ANCHORS[name], anchors.inverse_seconds(history, REPEATS), peak=_peak())
    X = history.wanted
    fit, model = fastest(REPEATS, lambda: anchors.model(name)(X))
    listing, best = fastest(REPEATS, lambda: anchors.lists(model, X, K))
    return Figures(
        anchors.ANCHORS[name], fit, listing, X.shape[0] * X.shape[1], _peak(), ndcg(_frame(best, history), test)
    )


def fastest(repeats: int, work: Callable[[], Any]) -> tuple[float, Any]:
    """Call several times; return the least seconds and what the last call gave."""
    seconds = []
    for _ in range(repeats):
        started = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - started)
    return min(seconds), result


def split(ratings: pd.DataFrame, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Hold a tenth of the rows out at random; what is left keeps every movie's id in the catalogue."""
    is_test = np.random.default_rng([seed, 1]).random(len(ratings)) < TEST_SHARE
    return ratings[~is_test], ratings[is_test]


def ndcg(lists: pd.DataFrame, test: pd.DataFrame, k: int = 10) -> float:
    """Return NDCG@k with every held-out movie relevant: enough to see that speed was not bought with worse lists."""
    hits = lists[lists[RANK] <= k].merge(test[[USER, MOVIE]], on=[USER, MOVIE])
    gains = (1 / np.log2(hits[RANK] + 1)).groupby(hits[USER]).sum()
    sizes = test.groupby(USER).size()
    ideal = np.cumsum(1 / np.log2(np.arange(2, k + 2)))[np.minimum(sizes, k) - 1]
    return float((gains.reindex(sizes.index, fill_value=0.0) / ideal).mean())


def apart(work: Callable[..., Figures], *arguments: object) -> Figures:
    """Call a function in a new process, whose memory is its own, and return what it returns."""
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(work, arguments)


def _read(folder: str) -> tuple[Dataset, pd.DataFrame]:
    return Dataset.load(UPath(folder)), pd.read_parquet(Path(folder) / "test.parquet")


def _frame(best: Ints, history: History) -> pd.DataFrame:
    rows, places = np.nonzero(best >= 0)  # implicit fills lists that are too short
    columns = {USER: history.user_ids[rows], MOVIE: history.movie_ids[best[rows, places]]}
    return pd.DataFrame({**columns, RANK: places + 1})


def _peak() -> int:
    """Return the most memory this process has had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _said(figures: Figures) -> Figures:
    print(f"{figures.name}: {figures.fit:.2f} s", file=sys.stderr, flush=True)  # noqa: T201
    return figures


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="movierec.bench.speed", description="Measure the rankers' speed.")
    parser.add_argument("--rows", type=int, default=ROWS, help="how many ratings to generate; 1M by default")
    parser.add_argument("--ratings", help="a file of user_id,movie_id,rating,timestamp to measure instead")
    known = ",".join(registry.RANKERS)
    parser.add_argument("--rankers", default=known, help=f"which to measure; {known} by default")
    parser.add_argument("--seed", type=int, default=1, help="of the generated ratings and of what is held out")
    parser.add_argument("--write", action="store_true", help=f"note the figures in {PAGE.relative_to(ROOT)}")
    return parser


if __name__ == "__main__":
    sys.exit(main())
