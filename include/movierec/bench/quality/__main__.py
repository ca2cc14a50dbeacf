"""`make bench-quality`: how good the rankers' lists are, under published protocols and stricter ones.

`python -m movierec.bench.quality --help` names the options. A benchmark that was stopped goes on where it was if it is
given the same `--results`.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from upath import UPath

from movierec.bench.page import PAGE
from movierec.bench.progress import progress
from movierec.bench.quality import report
from movierec.bench.quality.data import DATASETS
from movierec.bench.quality.protocols import PROTOCOLS, Protocol, Split
from movierec.bench.quality.run import Measurement, load, measure, save
from movierec.config import ROOT
from movierec.data.dataset import Dataset
from movierec.errors import ModelError, MovierecError
from movierec.features.content import MovieFeatures
from movierec.rankers import registry

SEEDS = (1, 2, 3)
BY_DEFAULT = [name for name, protocol in PROTOCOLS.items() if not protocol.takes_hours]

Measurements = dict[int, dict[str, Measurement]]  # by seed and ranker


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure under each protocol that the options name, print its table, and note it if --write asks for that."""
    options = _parser().parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="movierec-quality-") as temporary:
        folder = Path(options.results or temporary)
        has_failed = False
        for name in options.only:
            try:
                lines = _section(PROTOCOLS[name], options, folder)
            except MovierecError as error:
                progress(f"{name} is skipped: {error}")
                has_failed = True
                continue
            print(*lines, "", sep="\n", flush=True)  # noqa: T201 - the table is what this program is for
            if options.write:
                report.write(PAGE, name, lines)
    return int(has_failed)


def _section(protocol: Protocol, options: argparse.Namespace, folder: Path) -> list[str]:
    dataset = DATASETS[protocol.dataset](folder / protocol.dataset)
    seeds = protocol.seeds or tuple(options.seeds)
    measurements = run(protocol, dataset, seeds, options.rankers, options.trials, UPath(folder) / "measured")
    return report.lines(protocol, measurements, dataset, options.trials)


def run(
    protocol: Protocol, dataset: Dataset, seeds: Sequence[int], names: Sequence[str], trials: int, folder: UPath
) -> Measurements:
    """Evaluate every ranker on the split of every seed; one that fails is named on the terminal and left out."""
    measurements: Measurements = {}
    for seed in seeds:
        seed_folder = folder / f"{protocol.name}-trials{trials}" / str(seed)
        split = protocol.split(dataset, seed)
        features = MovieFeatures.build(split.known)
        by_ranker = {name: _measure(protocol, split, features, (name, seed, trials), seed_folder) for name in names}
        measurements[seed] = {name: one for name, one in by_ranker.items() if one is not None}
    return measurements


def _measure(
    protocol: Protocol, split: Split, features: MovieFeatures, task: tuple[str, int, int], folder: UPath
) -> Measurement | None:
    name, seed, trials = task
    measurement = load(folder, name)
    if measurement is None:
        try:
            # A trial of a learned ranker takes minutes; an equal number of trials is given to the plain ones.
            measurement = measure(split, protocol, name, seed, 0 if registry.is_learned(name) else trials, features)
        except ModelError as error:
            progress(f"{protocol.name}, seed {seed}: {name} failed: {error}")
            return None
        save(folder, name, measurement)
    ndcg = measurement.values["ndcg"].mean()
    progress(f"{protocol.name}, seed {seed}: {name} NDCG@10 {ndcg:.4f}, {measurement.facts['seconds']:.1f} s")
    return measurement


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="movierec.bench.quality", description="Measure the quality of lists.")
    parser.add_argument(
        "--only",
        type=_Names(PROTOCOLS),
        metavar="A,B",
        default=BY_DEFAULT,
        help=f"protocols: {', '.join(PROTOCOLS)}; those that take hours only if they are named",
    )
    rankers = list(registry.RANKERS)
    parser.add_argument(
        "--rankers", type=_Names(rankers), metavar="A,B", default=rankers, help=f"of {','.join(rankers)}"
    )
    parser.add_argument("--seeds", type=_seeds, default=SEEDS, help="of RecBole's split; 1,2,3 by default")
    parser.add_argument("--trials", type=int, default=0, help="tune each plain ranker on RecBole's validation rows")
    parser.add_argument("--results", help="folder that keeps data and what was measured; by default nothing is kept")
    parser.add_argument("--write", action="store_true", help=f"note the tables in {PAGE.relative_to(ROOT)}")
    return parser


class _Names:
    """A list of names, separated by commas; called by argparse."""

    def __init__(self, allowed: Sequence[str] | dict[str, Protocol]) -> None:
        self.allowed = list(allowed)

    def __call__(self, text: str) -> list[str]:
        names = text.split(",")
        unknown = [name for name in names if name not in self.allowed]
        if unknown:
            raise argparse.ArgumentTypeError(
                f"{', '.join(unknown)} is unknown; allowed are {', '.join(self.allowed)}, separated by commas"
            )
        return names


def _seeds(text: str) -> list[int]:
    return [int(seed) for seed in text.split(",")]


if __name__ == "__main__":
    sys.exit(main())
