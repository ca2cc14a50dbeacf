"""`make bench-night`: real nights under the real scheduler, beside what a user could run instead.

Each dataset has a state folder of its own, on a port of its own, and runs two nights: the first finds nothing, the
second what the first left. `python -m movierec.bench.night --help` names the options.
"""

import argparse
import shutil
import socket
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from movierec.bench.night import report
from movierec.bench.night.nights import Night, run_nights
from movierec.bench.night.rivals import question_of, run_all
from movierec.bench.page import PAGE, write_block
from movierec.config import ROOT, Settings
from movierec.errors import MovierecError
from movierec.local import state, streams
from movierec.local.postgres import embedded_server
from movierec.state_folder import StateFolder

NIGHTS = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure nights of the datasets that the options name, print the tables, and note them if --write says so."""
    options = _parser().parse_args(arguments)
    where = Path(options.where) if options.where else Path(tempfile.mkdtemp(prefix="movierec-night-"))
    where.mkdir(parents=True, exist_ok=True)
    where.chmod(0o755)  # under root, the server runs as another user and must get through
    try:
        for dataset in options.datasets.split(","):
            lines = measure(dataset, where, options.nights, has_rivals=not options.alone)
            print(*lines, "", sep="\n", flush=True)  # noqa: T201 - the tables are what this program is for
            if options.write:
                order = tuple(dict.fromkeys((*report.DATASETS, _name(dataset))))
                write_block(PAGE, report.HEADING, report.KIND, _name(dataset), lines, order)
    except MovierecError as error:
        print(f"bench-night: {error}", file=sys.stderr)  # noqa: T201
        return 1
    finally:
        if not options.where:
            shutil.rmtree(where, ignore_errors=True)
    return 0


def measure(dataset: str, where: Path, number: int, has_rivals: bool) -> list[str]:
    """Run some nights of a dataset and the other programs after them; return the lines of the report.

    Raises:
        MovierecError: a night or another program failed.
    """
    home = where / _name(dataset)
    settings = replace(
        Settings(), home=home, artifacts=str(StateFolder(home).artifacts), dataset=dataset, port=_free_port()
    )
    state.prepare(home)
    nights: list[Night] = list(run_nights(settings, number))
    if not has_rivals:
        return report.lines(_name(dataset), nights, [])
    embedded_server.start(settings)
    try:
        question = question_of(settings)
    finally:
        embedded_server.stop(settings)
    return report.lines(_name(dataset), nights, list(run_all(question, where / "spark")))


def _name(dataset: str) -> str:
    return Path(dataset).name


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="movierec.bench.night", description="Measure nights under the scheduler.")
    datasets = ",".join(report.DATASETS)
    parser.add_argument(
        "--datasets", default=datasets, help=f"editions or paths, as MOVIEREC_DATASET takes them; {datasets} by default"
    )
    parser.add_argument("--nights", type=int, default=NIGHTS, help=f"how many of each; {NIGHTS} by default")
    parser.add_argument("--alone", action="store_true", help="leave out Spark and implicit")
    parser.add_argument(
        "--where", help="a folder for state folders and Spark, which is kept; a temporary one by default"
    )
    parser.add_argument("--write", action="store_true", help=f"note the figures in {PAGE.relative_to(ROOT)}")
    return parser


if __name__ == "__main__":
    streams.outlive_readers()
    sys.exit(main())
