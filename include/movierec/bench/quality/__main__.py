"""`python -m movierec.bench.quality`: how good the rankers' lists are, under published protocols and stricter ones.

`--help` names the options. A bench that was stopped goes on where it was if it is given the same `--results`.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from upath import UPath

from movierec.bench.quality import report
from movierec.bench.quality.data import DATASETS
from movierec.bench.quality.protocols import PROTOCOLS, Cut, Protocol
from movierec.bench.quality.run import Measured, keep, kept, measure
from movierec.config import ROOT
from movierec.data.dataset import Dataset
from movierec.errors import ModelError, MovierecError
from movierec.features.content import MovieFeatures
from movierec.rankers import registry

PAGE = ROOT / "docs" / "benchmarks.md"
SEEDS = (1, 2, 3)
LEARNED = ("random_forest", "gradient_boosting", "hybrid")

Found = dict[int, dict[str, Measured]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what was asked for, print each table when it is ready, and note it where that was asked for."""
    chosen = _options().parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="movierec-quality-") as temporary:
        place = Path(chosen.results or temporary)
        failed = False
        for name in chosen.only:
            try:
                lines = _table(PROTOCOLS[name], chosen, place)
            except MovierecError as error:
                _say(f"{name} is skipped: {error}")
                failed = True
                continue
            print(*lines, "", sep="\n", flush=True)  # noqa: T201 - the table is what this program is for
            if chosen.write:
                report.write(PAGE, name, lines)
    return int(failed)


def _table(protocol: Protocol, chosen: argparse.Namespace, place: Path) -> list[str]:
    dataset = DATASETS[protocol.dataset](place / protocol.dataset)
    seeds = protocol.seeds or tuple(chosen.seeds)
    found = run(protocol, dataset, seeds, chosen.rankers, chosen.trials, UPath(place) / "measured")
    return report.lines(protocol, found, dataset, chosen.trials)


def run(
    protocol: Protocol, dataset: Dataset, seeds: Sequence[int], names: Sequence[str], trials: int, folder: UPath
) -> Found:
    """Judge every ranker on every split, and return by seed and ranker what was measured; a failure is only told."""
    found: Found = {}
    for seed in seeds:
        place = folder / f"{protocol.name}-trials{trials}" / str(seed)
        cut = protocol.cut(dataset, seed)
        features = MovieFeatures.build(cut.known)
        judged = {name: _one(protocol, cut, features, (name, seed, trials), place) for name in names}
        found[seed] = {name: measured for name, measured in judged.items() if measured is not None}
    return found


def _one(
    protocol: Protocol, cut: Cut, features: MovieFeatures, task: tuple[str, int, int], place: UPath
) -> Measured | None:
    name, seed, trials = task
    measured = kept(place, name)
    if measured is None:
        try:
            # What a grown model may choose is large; an equal number of trials is given to the plain ones.
            measured = measure(cut, protocol, name, seed, 0 if name in LEARNED else trials, features)
        except ModelError as error:
            _say(f"{protocol.name}, seed {seed}: {name} failed: {error}")
            return None
        keep(place, name, measured)
    ndcg = measured.values["ndcg"].mean()
    _say(f"{protocol.name}, seed {seed}: {name} NDCG@10 {ndcg:.4f}, {measured.facts['seconds']:.1f} s")
    return measured


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="movierec.bench.quality", description="Measure the quality of lists.")
    parser.add_argument("--only", type=_names(PROTOCOLS), default=list(PROTOCOLS), help=f"of {','.join(PROTOCOLS)}")
    parser.add_argument(
        "--rankers",
        type=_names(registry.RANKERS),
        default=list(registry.RANKERS),
        help=f"of {','.join(registry.RANKERS)}",
    )
    parser.add_argument("--seeds", type=_seeds, default=SEEDS, help="of RecBole's split; 1,2,3 by default")
    parser.add_argument("--trials", type=int, default=0, help="tune each plain ranker on RecBole's validation rows")
    parser.add_argument("--results", help="folder that keeps data and what was measured; by default nothing is kept")
    parser.add_argument("--write", action="store_true", help=f"note the tables in {PAGE.relative_to(ROOT)}")
    return parser


class _names:  # noqa: N801 - a type of argparse, named in its messages
    """A list of names, separated by commas."""

    def __init__(self, allowed: Sequence[str] | dict[str, object] | dict[str, Protocol] | dict[str, type]) -> None:
        self.allowed = list(allowed)

    def __call__(self, text: str) -> list[str]:
        names = text.split(",")
        unknown = [name for name in names if name not in self.allowed]
        if unknown:
            raise argparse.ArgumentTypeError(f"{unknown} is unknown; allowed are {', '.join(self.allowed)}")
        return names


def _seeds(text: str) -> list[int]:
    return [int(seed) for seed in text.split(",")]


if __name__ == "__main__":
    sys.exit(main())
