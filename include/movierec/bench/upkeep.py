"""How long backup, restore and forgetting take: `python -m movierec.bench.upkeep`.

Viewers, ratings, a training and versions of lists are made up for each number of viewers. What grows worse than in
proportion would be seen beside each other, in the last column.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from movierec import warehouse
from movierec.bench.machine import describe, in_own_process
from movierec.bench.progress import progress
from movierec.bench.server import server
from movierec.bench.web import data
from movierec.config import Settings
from movierec.db import connect, run_sql
from movierec.local.postgres import embedded_server

DATABASE = "warehouse"  # which a restore replaces
MB = 1e6
Figures = dict[str, float]  # megabytes and seconds, by what they are of


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure each number of viewers and print the table."""
    options = _parser().parse_args(arguments)
    measured: dict[int, Figures] = {}
    for viewers in options.viewers:
        with tempfile.TemporaryDirectory(prefix="movierec-upkeep-") as folder, server(Path(folder)) as settings:
            progress(f"making up {viewers:,} viewers with {options.versions} versions of their lists")
            in_own_process(prepare, settings, viewers, options.movies, options.versions)
            measured[viewers] = in_own_process(measure, settings, viewers)
            progress(f"{viewers:,} viewers: {measured[viewers]}")
    print(*_report(options, measured), sep="\n")  # noqa: T201 - the table is what this program is for
    return 0


def prepare(settings: Settings, viewers: int, movies: int, versions: int) -> None:
    """Write facts, where they would have come from, a training with a fit, and versions of which the last is live."""
    conninfo = embedded_server.conninfo(settings, DATABASE)
    warehouse.migrate(conninfo)
    with connect(conninfo) as conn:
        data.write_facts(conn, viewers, movies)
        run_sql(conn, "bench/open_batch")
        run_sql(conn, "bench/loads")
        conn.commit()
        for _ in range(versions):
            version_id = data.write_version(conn, movies, data.VIEWERS_LIST, "item_knn")
        data.show_version(conn, version_id)
        data.write_fit(conn, settings, version_id, "item_knn")
        conn.commit()
        conn.autocommit = True
        conn.execute("vacuum analyze")


def measure(settings: Settings, viewers: int) -> Figures:
    """Back up, restore over what there is, forget a viewer, prove it as the next night's gate does; return figures."""
    from movierec.forgetting.forget import forget  # noqa: PLC0415
    from movierec.maintenance.backup import DUMP, make_backup  # noqa: PLC0415
    from movierec.maintenance.restore import restore  # noqa: PLC0415

    figures: Figures = {}
    conninfo = embedded_server.conninfo(settings, DATABASE)
    with connect(conninfo) as conn:
        (size,) = conn.execute("select pg_database_size(current_database())").fetchone() or (0,)
        figures["warehouse, MB"] = size / MB
        with _clock(figures, "make backup, s"):
            folder = make_backup(conn, settings)
        figures["its dump, MB"] = (folder / DUMP).stat().st_size / MB
    with _clock(figures, "make restore, s"):
        restore(settings, folder, replace=True)
    with connect(conninfo) as conn:
        for turn, viewer in (("first", viewers // 2), ("next", viewers // 3)):
            with _clock(figures, f"make forget, {turn}, s"):
                forget(conn, settings, viewer, "bench")
        with _clock(figures, "the gate's search of everything, s"):
            left = conn.execute("select * from ops.forgotten_rows(1)").fetchall()
    if left:
        raise LookupError(f"something is left of the viewers who were forgotten: {left}")
    return figures


@contextmanager
def _clock(figures: Figures, name: str) -> Iterator[None]:
    started = time.monotonic()
    yield
    figures[name] = time.monotonic() - started


def _report(options: argparse.Namespace, measured: Mapping[int, Figures]) -> list[str]:
    smallest, largest = min(measured), max(measured)
    return [
        f"`python -m movierec.bench.upkeep`: {options.movies:,} movies, {data.RATINGS_PER_VIEWER} ratings a viewer, "
        f"{options.versions} versions with {data.VIEWERS_LIST} movies a list. {describe([])}",
        "",
        "| |" + "".join(f" {viewers:,} viewers |" for viewers in measured) + f" ×, of {largest / smallest:.1f} |",
        f"|---|{'---:|' * (len(measured) + 1)}",
        *(
            f"| {name} |"
            + "".join(f" {figures[name]:,.1f} |" for figures in measured.values())
            + f" {measured[largest][name] / measured[smallest][name]:.1f} |"
            for name in measured[smallest]
        ),
    ]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="movierec.bench.upkeep", description="Measure backup, restore, forgetting.")
    parser.add_argument("--viewers", type=int, nargs="+", default=[30_000, 100_000], help="numbers of viewers")
    parser.add_argument("--movies", type=int, default=5_000, help="movies; 5,000 by default")
    parser.add_argument("--versions", type=int, default=2, help="versions of the lists; 2 by default")
    return parser


if __name__ == "__main__":
    sys.exit(main())
