"""`make bench-web`: the three benchmarks of the web application, each a section of docs/benchmarks.md.

`load` is measured here: latencies beside a bare route, errors while versions go live, server time of pages. What calls
and pages take of the processors (`cost`) and how long the run of `movierec_feedback` takes (`feedback`) are programs of
their own with further options. `python -m movierec.bench.web --help` names the options of all.
"""

import argparse
import random
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from movierec.bench.machine import in_own_process
from movierec.bench.page import PAGE, write_section
from movierec.bench.progress import progress
from movierec.bench.server import database, server
from movierec.bench.web import cost, data, feedback, load, pages, report, servers
from movierec.config import ROOT, Settings
from movierec.db import Connection, connect
from movierec.local import streams
from movierec.local.postgres import embedded_server

DATABASE = "bench_web"
CLIENTS, ROUNDS, ROUND_SECONDS = 32, 3, 10.0
PER_SECOND = 100.0
VIEWERS_ASKED = 20_000  # more than the application keeps answers for


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmarks that the options name, print tables and note them if asked to; 1 where requests failed."""
    options = _parser().parse_args(arguments)
    return max(BENCHMARKS[name](options) for name in options.only)


def run_load(options: argparse.Namespace) -> int:
    """Fill a warehouse, measure, print the table, and note it if --write asks for that; 1 where requests failed."""
    with (
        tempfile.TemporaryDirectory(prefix="movierec-web-") as folder,
        server(Path(folder)) as settings,
        database(settings, DATABASE) as conninfo,
    ):
        progress(f"filling a warehouse with {options.users:,} viewers and {options.movies:,} movies")
        with connect(conninfo) as conn:
            data.write_facts(conn, options.users, options.movies)
            data.show_version(conn, data.write_version(conn, options.movies, options.list_length))
        lines, errors = measure(settings, options)
    print(*lines, sep="\n")  # noqa: T201 - the table is what this program is for
    if options.write:
        write_section(PAGE, report.HEADING, lines)
    return 1 if errors else 0


def arguments_of_cost(options: argparse.Namespace) -> list[str]:
    """Return with what the costs of calls and pages are measured."""
    return [*_sizes(options, options.users), "--viewers", str(options.viewers), "--port", str(options.port)]


def arguments_of_feedback(options: argparse.Namespace) -> list[str]:
    """Return with what the run of `movierec_feedback` is measured: for so many viewers, beside a tenth of them."""
    return _sizes(options, options.users // 10, options.users)


BENCHMARKS: dict[str, Callable[[argparse.Namespace], int]] = {
    "load": run_load,
    "cost": lambda options: cost.main(arguments_of_cost(options)),
    "feedback": lambda options: feedback.main(arguments_of_feedback(options)),
}


def _sizes(options: argparse.Namespace, *users: int) -> list[str]:
    sizes = ["--users", *map(str, users), "--movies", str(options.movies)]
    return [*sizes, "--write"] if options.write else sizes


def measure(settings: Settings, options: argparse.Namespace) -> tuple[list[str], int]:
    """Return the report's lines, and how many requests failed."""
    with (
        servers.web_application(settings, DATABASE, options.port) as web,
        servers.bare_route(settings, DATABASE, options.port + 1) as bare,
    ):
        headers = f"Authorization: Bearer {servers.api_key(settings)}\r\n"
        paths = _paths(options.users)
        rounds: dict[str, list[load.Result]] = {"bare route": [], "recommendations": []}
        for _ in range(ROUNDS):
            for name, port, asked in (("bare route", bare.port, ["/"]), ("recommendations", web.port, paths)):
                result = in_own_process(load.saturate, port, headers, asked, CLIENTS, ROUND_SECONDS)
                rounds[name].append(result)
                progress(f"{name}: p50 {result.percentile(50):.1f} ms, p99 {result.percentile(99):.1f} ms")
        times = pages.measure(settings, web.port, options.users, options.movies, options.viewers)
        steady = _steady(settings, web, headers, paths, options)
    errors = [error for results in (*rounds.values(), [steady]) for result in results for error in result.errors]
    return report.lines(options, rounds, steady, times), len(errors)


def _steady(
    settings: Settings, web: servers.Process, headers: str, paths: Sequence[str], options: argparse.Namespace
) -> load.Result:
    """Send requests at a steady rate while two more versions go live and the application restarts in between."""
    with connect(embedded_server.conninfo(settings, DATABASE)) as conn:
        versions = [data.write_version(conn, options.movies, options.list_length) for _ in range(2)]
        progress(f"versions {versions} are written")
        disturbing = threading.Thread(target=_disturb, args=(conn, versions, web, options.seconds / 4))
        disturbing.start()
        result = in_own_process(load.steady, web.port, headers, paths, PER_SECOND, options.seconds)
        disturbing.join()
    progress(f"steady: {len(result.errors)} errors {result.errors[:3]}, {result.retries} tried twice")
    return result


def _disturb(conn: Connection, versions: Sequence[int], web: servers.Process, pause_seconds: float) -> None:
    time.sleep(pause_seconds)
    data.show_version(conn, versions[0])
    time.sleep(pause_seconds)
    web.restart()
    time.sleep(pause_seconds)
    data.show_version(conn, versions[1])


def _paths(users: int) -> list[str]:
    draw = random.Random(1)  # noqa: S311 (which viewers are asked for)
    return [f"/api/v1/users/{draw.randint(1, users)}/recommendations?limit=20" for _ in range(VIEWERS_ASKED)]


def _names(text: str) -> list[str]:
    names = text.split(",")
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)} is none of them; allowed are {', '.join(BENCHMARKS)}")
    return names


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="movierec.bench.web", description="Measure the web application.")
    every = ",".join(BENCHMARKS)
    parser.add_argument("--only", type=_names, metavar="A,B", default=list(BENCHMARKS), help=f"some of {every}")
    parser.add_argument("--users", type=int, default=200_000, help="viewers; 200,000 by default")
    parser.add_argument("--movies", type=int, default=60_000, help="movies; 60,000 by default")
    parser.add_argument("--list-length", type=int, default=50, help="movies in a viewer's list; 50 by default")
    parser.add_argument("--viewers", type=int, default=100, help="viewers who ask for every page; 100 by default")
    parser.add_argument("--seconds", type=float, default=300, help="of the steady load; 300 by default")
    parser.add_argument("--port", type=int, default=8097, help="of the application; the bare route has the next one")
    parser.add_argument("--write", action="store_true", help=f"note the figures in {PAGE.relative_to(ROOT)}")
    return parser


if __name__ == "__main__":
    streams.outlive_readers()
    sys.exit(main())
