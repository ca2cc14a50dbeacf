"""What the functions of `serving` and the pages cost, at volume: `make bench-web ARGS="--only cost"`.

`python -m movierec.bench.web.cost --help` names further options. Ten versions with a million list entries each.
Processors' time is what counts where others use the machine; the times that PostgreSQL says (`explain (analyze)`) and
that the application says (`Server-Timing`) stand beside it.
"""

import argparse
import json
import random
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from movierec.bench.machine import describe, with_version
from movierec.bench.page import PAGE, write_section
from movierec.bench.progress import progress
from movierec.bench.server import database, server
from movierec.bench.web import data, pages, processors, servers
from movierec.bench.web.pages import percentile
from movierec.config import ROOT, Settings
from movierec.db import Connection, connect
from movierec.local.postgres import embedded_server
from movierec.local.postgres.roles import WEB_ROLE

DATABASE = "bench_cost"
HEADING = "## What calls and pages cost"
FIRST_CALLS = 20  # of a connection, which plan what later ones find planned
WHOLE_VERSIONS = 2  # that have everything; the others lie beside them with their lists
TEXTS = ("th", "the", "bac", "baco", "bacordel", "the lsat mar", "kelmarn", "little quil", "zelwenra retrns", "a story")


@dataclass(frozen=True)
class Call:
    """A question to the database, and what it may cost in milliseconds where a figure is promised."""

    name: str
    sql: str
    bar: float | None = None


CALLS = (
    Call("`recommend`", "select * from serving.recommend(%(viewer)s, 20)", 2),
    Call(
        "`recommend`, genres",
        "select * from serving.recommend(%(viewer)s, 20, array['Comedy', 'Drama'], array['War'])",
        5,
    ),
    Call(
        "`recommend`, years", "select * from serving.recommend(%(viewer)s, 20, year_from => 1960, year_to => 2005)", 5
    ),
    Call("`recommend`, cap", "select * from serving.recommend(%(viewer)s, 20, genre_cap => 8)", 5),
    Call("`recommend`, left out", "select * from serving.recommend(%(viewer)s, 20, leave_out => %(movies)s)", 5),
    Call(
        "`recommend`, all of these",
        "select * from serving.recommend(%(viewer)s, 20, array['Comedy', 'Drama'], array['War'], 1960, 2005,"
        " %(movies)s, 8)",
        5,
    ),
    Call("`recommend`, second page", "select * from serving.recommend(%(viewer)s, 20, after => 20)", 2),
    Call("`recommend`, no list", "select * from serving.recommend(%(viewer)s + 1, 20)", 2),
    Call("`shelves`", "select * from serving.shelves(%(viewer)s, 18)"),
    Call("`similar`", "select * from serving.similar(%(movie)s, 18, %(viewer)s)"),
    Call("`newcomer`, three movies", "select * from serving.newcomer(array[%(movie)s, 17, 99]::bigint[], 20)"),
    Call("`movie`", "select * from serving.movie(%(movie)s)"),
    Call("`search`, suggestions", "select * from serving.search(%(text)s, 8)", 50),
    Call("`feedback_of`", "select * from serving.feedback_of(%(viewer)s, 200)"),
    Call("`etag`", "select serving.etag(%(viewer)s)"),
)


@dataclass(frozen=True)
class Cost:
    """Milliseconds: of the processors for one call, and of each call as it was told."""

    processors: float
    told: Sequence[float]


def main(arguments: Sequence[str] | None = None) -> int:
    """Fill a warehouse, measure, print the tables, and note them if --write asks for that."""
    options = _parser().parse_args(arguments)
    with (
        tempfile.TemporaryDirectory(prefix="movierec-cost-") as folder,
        server(Path(folder)) as settings,
        database(settings, DATABASE) as conninfo,
    ):
        with connect(conninfo) as conn:
            fill(conn, options.users, options.movies, options.versions, options.one_in)
        calls = measure_calls(embedded_server.conninfo(settings, DATABASE, WEB_ROLE), options)
        shown = measure_pages(settings, options)
    lines = report(options, calls, shown)
    print(*lines, sep="\n")  # noqa: T201 - the table is what this program is for
    if options.write:
        write_section(PAGE, HEADING, lines)
    return 0


def fill(conn: Connection, users: int, movies: int, versions: int, one_in: int) -> None:
    """Write facts and versions, the last two of them with all that a version has, and show the last."""
    progress(f"filling a warehouse with {users:,} viewers and {movies:,} movies")
    data.write_facts(conn, users, movies)
    whole = [data.write_version(conn, movies, data.VIEWERS_LIST, one_in=one_in) for _ in range(WHOLE_VERSIONS)]
    for _ in range(versions - WHOLE_VERSIONS):
        data.copy_lists(conn, whole[0], data.VIEWERS_LIST)
    data.show_version(conn, whole[-1])
    conn.autocommit = True
    conn.execute("vacuum analyze")
    conn.autocommit = False


def measure_calls(conninfo: str, options: argparse.Namespace) -> dict[str, Cost]:
    """Return what each call costs, over one connection, as the web application's role."""
    costs = {}
    with connect(conninfo) as conn:
        conn.autocommit = True
        for call in CALLS:
            draw = random.Random(1)  # noqa: S311 (who asks for what)
            for number in range(FIRST_CALLS):
                conn.execute(call.sql, _parameters(draw, options, number))
            used = processors.of_backend(conn.info.backend_pid)
            for number in range(options.calls):
                conn.execute(call.sql, _parameters(draw, options, number))
            used = processors.of_backend(conn.info.backend_pid) - used
            told = [_told(conn, call, _parameters(draw, options, number)) for number in range(options.calls // 4)]
            costs[call.name] = Cost(1000 * used / options.calls, told)
            progress(f"{call.name}: {costs[call.name].processors:.2f} ms, least {min(told):.2f} ms")
    return costs


def measure_pages(settings: Settings, options: argparse.Namespace) -> dict[str, Cost]:
    """Return what each page costs, of the application and of the database together."""
    costs = {}
    with servers.web_application(settings, DATABASE, options.port) as web:
        pages.measure(settings, web.port, options.users, options.movies, FIRST_CALLS)

        def used() -> processors.Used:
            return processors.of_tree(web.process.pid) | processors.of_database(DATABASE)

        for page in pages.PAGES:
            before = used()
            told = pages.measure(settings, web.port, options.users, options.movies, options.viewers, [page])[page]
            costs[page] = Cost(1000 * processors.between(before, used()) / options.viewers, told)
            progress(f"{page}: {costs[page].processors:.1f} ms, least {min(told):.1f} ms")
    return costs


def report(options: argparse.Namespace, calls: Mapping[str, Cost], shown: Mapping[str, Cost]) -> list[str]:
    """Return the section's lines."""
    software = [with_version(name) for name in ("fastapi", "psycopg")]
    entries = options.users // options.one_in * data.VIEWERS_LIST
    bars = {call.name: call.bar for call in CALLS}
    return [
        '`make bench-web ARGS="--only cost"`: '
        f"{options.users:,} viewers with {data.RATINGS_PER_VIEWER} ratings each, "
        f"{options.movies:,} movies, {options.versions} versions of {entries:,} list entries. Processors is the time "
        "that a call takes of a processor, all the same who else uses it: of the connection, for pages of the "
        "application and its connections. Least and median are what `explain (analyze)` and `Server-Timing` say, in "
        f"which waiting for a processor is counted. {describe(software)}",
        "",
        f"| call, {options.calls} times | processors | least | median | bar |",
        "|---|---:|---:|---:|---:|",
        *(_row(name, cost, bars[name]) for name, cost in calls.items()),
        "",
        f"| page, for {options.viewers} viewers | processors | least | median | bar |",
        "|---|---:|---:|---:|---:|",
        *(_row(f"`{page}`", cost, 50 if page.startswith("/suggest") else 200) for page, cost in shown.items()),
    ]


def _row(name: str, cost: Cost, bar: float | None) -> str:
    told = (f"{number:.2f}" for number in (cost.processors, min(cost.told), percentile(cost.told, 50)))
    return f"| {name} | {' | '.join(f'{number} ms' for number in told)} | {f'{bar:g} ms' if bar else ''} |"


def _parameters(draw: random.Random, options: argparse.Namespace, number: int) -> dict[str, object]:
    """Return who asks for what; viewers are among those who have a list."""
    return {
        "viewer": options.one_in * draw.randint(1, options.users // options.one_in),
        "movie": draw.randint(1, options.movies),
        "movies": [draw.randint(1, options.movies) for _ in range(50)],
        "text": TEXTS[number % len(TEXTS)],
    }


def _told(conn: Connection, call: Call, parameters: Mapping[str, object]) -> float:
    """Return what PostgreSQL says that one call took, in milliseconds."""
    (plan,) = conn.execute(f"explain (analyze, timing off, format json) {call.sql}", parameters).fetchone() or ("",)
    described = plan if isinstance(plan, list) else json.loads(plan)
    return float(described[0]["Execution Time"])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="movierec.bench.web.cost", description="Measure calls and pages.")
    parser.add_argument("--users", type=int, default=200_000, help="viewers; 200,000 by default")
    parser.add_argument("--movies", type=int, default=60_000, help="movies; 60,000 by default")
    parser.add_argument("--versions", type=int, default=10, help="versions; 10 by default")
    parser.add_argument("--one-in", type=int, default=10, help="so many viewers has a list; 10 by default")
    parser.add_argument("--calls", type=int, default=400, help="of each function; 400 by default")
    parser.add_argument("--viewers", type=int, default=100, help="viewers who ask for every page; 100 by default")
    parser.add_argument("--port", type=int, default=8097, help="of the application")
    parser.add_argument("--write", action="store_true", help=f"note the figures in {PAGE.relative_to(ROOT)}")
    return parser


if __name__ == "__main__":
    sys.exit(main())
