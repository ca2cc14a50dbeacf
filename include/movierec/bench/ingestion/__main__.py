"""`make bench-ingest`: generated ratings from their file to checked core, in a PostgreSQL of its own.

Each size runs in a process of its own, so that its peak of memory is its own. The night after the largest size brings
100,000 more rows. `python -m movierec.bench.ingestion --help` names the options.
"""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from movierec.bench.ingestion import delta, load, night, ratings, report
from movierec.bench.ingestion.night import Figures
from movierec.bench.server import database, server
from movierec.config import ROOT
from movierec.db import connect

SIZES = (1_000_000, 5_000_000, 20_000_000)
DELTA = 100_000
PAGE = ROOT / "docs" / "benchmarks.md"

Night = tuple[str, Figures, float | None]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what was asked for, print the table and note it where that was asked for."""
    chosen = _options().parse_args(arguments)
    place = Path(chosen.where) if chosen.where else Path(tempfile.mkdtemp(prefix="movierec-bench-"))
    place.mkdir(parents=True, exist_ok=True)
    place.chmod(0o755)  # under root, the server runs as another user and must get through
    try:
        lines = measure(place, sorted(chosen.rows), chosen.delta, not chosen.no_gates, chosen.rebuild)
    finally:
        if not chosen.keep:
            shutil.rmtree(place, ignore_errors=True)
    print(*lines, sep="\n")  # noqa: T201 - the table is what this program is for
    if chosen.write:
        report.write(PAGE, lines)
    return 0


def measure(place: Path, sizes: Sequence[int], delta_rows: int, has_gates: bool, is_rebuilt: bool) -> list[str]:
    """Run all sizes, the delta on top of the largest, and return the lines of the report."""
    nights: list[Night] = []
    remarks: list[str] = []
    with server(place / "server") as settings:
        for rows in sizes:
            folder = place / f"ratings-{rows}"
            apart(ratings.write, folder, rows)
            with database(settings, "warehouse") as warehouse:
                ratio = apart(load.ratio, warehouse, folder, rows)
            with database(settings, "warehouse") as warehouse:
                quality = place / "quality" if has_gates else None
                nights.append((f"{rows:,}", apart(night.measure, warehouse, folder, rows, quality), ratio))
                _say(nights[-1])
                if rows == max(sizes):
                    nights.append(_delta(warehouse, folder, rows, delta_rows, quality))
                    _say(nights[-1])
                    remarks += _rebuild(warehouse) if is_rebuilt else []
                    version = _version(warehouse)
            shutil.rmtree(folder)
    return [report.machine(version), "", *report.table(nights), "", report.GOALS, *remarks]


def apart(work: Callable[..., Any], *arguments: object) -> Any:
    """Call a function in a new process, whose memory is its own, and return what it returns."""
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(work, arguments)


def _delta(warehouse: str, folder: Path, base: int, rows: int, quality: Path | None) -> Night:
    apart(delta.write, folder, base, rows)
    return f"{rows:,} on top", apart(night.measure, warehouse, folder, rows, quality), None


def _rebuild(warehouse: str) -> list[str]:
    before, after = apart(night.rebuild, warehouse)
    different = [table for table, hashed in after.hashes.items() if before.hashes[table] != hashed]
    seconds = f"{after.seconds['core']:.1f} s"
    if different:
        return [f"Core built anew ({seconds}) DIFFERS in {', '.join(different)}."]
    return [f"Core built anew ({seconds}) has the same rows in all {len(after.hashes)} tables."]


def _version(warehouse: str) -> str:
    with connect(warehouse) as conn:
        return str(conn.info.server_version // 10_000) + "." + str(conn.info.server_version % 10_000)


def _say(measured: Night) -> None:
    name, figures, _ = measured
    print(f"{name}: {figures.total:.1f} s", file=sys.stderr, flush=True)  # noqa: T201


def _options() -> argparse.ArgumentParser:
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
    sys.exit(main())
