"""`make bench-ingest`: generated ratings from their file to checked core, in a PostgreSQL of its own.

Each size runs in a process of its own, so that its peak of memory is its own. The night after the largest size brings
100,000 more rows. `python -m movierec.bench.ingestion --help` names the options.
"""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from movierec.bench.ingestion import delta, load, night, ratings, report
from movierec.bench.ingestion.night import Figures
from movierec.bench.machine import describe, in_own_process
from movierec.bench.page import PAGE, write_section
from movierec.bench.progress import progress
from movierec.bench.server import database, server
from movierec.config import ROOT
from movierec.db import connect
from movierec.local import streams
from movierec.state_folder import StateFolder

SIZES = (1_000_000, 5_000_000, 20_000_000)
DELTA = 100_000

Night = tuple[str, Figures, float | None]  # its name, what was measured, its load beside a bare COPY


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure nights of the sizes that the options name, print the table, and note it if --write asks for that."""
    options = _parser().parse_args(arguments)
    home = Path(options.where) if options.where else Path(tempfile.mkdtemp(prefix="movierec-bench-"))
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o755)  # under root, the server runs as another user and must get through
    try:
        lines = measure(home, sorted(options.rows), options.delta, not options.no_gates, options.rebuild)
    finally:
        if not options.keep:
            shutil.rmtree(home, ignore_errors=True)
    print(*lines, sep="\n")  # noqa: T201 - the table is what this program is for
    if options.write:
        write_section(PAGE, report.HEADING, lines)
    return 0


def measure(home: Path, sizes: Sequence[int], delta_rows: int, has_gates: bool, is_rebuilt: bool) -> list[str]:
    """Run all sizes, the delta on top of the largest, and return the lines of the report."""
    nights: list[Night] = []
    remarks: list[str] = []
    with server(home / "server") as settings:
        for rows in sizes:
            folder = home / f"ratings-{rows}"
            in_own_process(ratings.write, folder, rows)
            with database(settings, "ingestion") as warehouse:
                copy_ratio = in_own_process(load.copy_ratio, warehouse, folder, rows)
            with database(settings, "ingestion") as warehouse:
                quality = StateFolder(home).quality if has_gates else None
                nights.append(
                    (f"{rows:,}", in_own_process(night.measure, warehouse, folder, rows, quality), copy_ratio)
                )
                _log(nights[-1])
                if rows == max(sizes):
                    nights.append(_delta(warehouse, folder, rows, delta_rows, quality))
                    _log(nights[-1])
                    remarks += _rebuild(warehouse) if is_rebuilt else []
                    version = _version(warehouse)
            shutil.rmtree(folder)
    return [describe([f"PostgreSQL {version}"]), "", *report.table(nights), "", report.GOALS, *remarks]


def _delta(warehouse: str, folder: Path, base: int, rows: int, quality: Path | None) -> Night:
    in_own_process(delta.write, folder, base, rows)
    return f"{rows:,} on top", in_own_process(night.measure, warehouse, folder, rows, quality), None


def _rebuild(warehouse: str) -> list[str]:
    before, after = in_own_process(night.rebuild, warehouse)
    different = [table for table, hashed in after.hashes.items() if before.hashes[table] != hashed]
    seconds = f"{after.seconds['core']:.1f} s"
    if different:
        return [f"Core built anew ({seconds}) DIFFERS in {', '.join(different)}."]
    return [f"Core built anew ({seconds}) has the same rows in all {len(after.hashes)} tables."]


def _version(warehouse: str) -> str:
    with connect(warehouse) as conn:
        return str(conn.info.server_version // 10_000) + "." + str(conn.info.server_version % 10_000)


def _log(measured: Night) -> None:
    name, figures, _ = measured
    progress(f"{name}: {figures.total_seconds:.1f} s")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="movierec.bench.ingestion", description="Measure ingestion.")
    parser.add_argument("rows", nargs="*", type=int, default=list(SIZES), help="sizes; 1M, 5M and 20M rows by default")
    parser.add_argument("--delta", type=int, default=DELTA, help="rows of the night after the largest size")
    parser.add_argument("--no-gates", action="store_true", help="leave the quality gates out")
    parser.add_argument("--rebuild", action="store_true", help="build core anew at the end and compare")
    parser.add_argument("--where", help="folder for files and server; a temporary one by default")
    parser.add_argument("--keep", action="store_true", help="keep that folder")
    parser.add_argument("--write", action="store_true", help=f"note the figures in {PAGE.relative_to(ROOT)}")
    return parser


if __name__ == "__main__":
    streams.outlive_readers()
    sys.exit(main())
