"""How long the run of `movierec_feedback` takes for so many events: `make bench-web ARGS="--only feedback"`.

`python -m movierec.bench.web.feedback --help` names further options. Viewers, ratings and a champion are made up for
each number of viewers; the events are the same. What grows with the viewers and not with the events would be seen
beside each other.
"""

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from movierec.bench.machine import describe, in_own_process
from movierec.bench.page import PAGE, write_section
from movierec.bench.progress import progress
from movierec.bench.server import database, server
from movierec.bench.web import data
from movierec.config import ROOT, Settings
from movierec.db import connect, run_sql
from movierec.local.postgres import embedded_server

DATABASE = "bench_feedback"
HEADING = "## Feedback within the hour"
AT_ONCE = 1_000  # events that serving.give_feedback takes in one call
KINDS = ("like", "dislike", "view", "dismiss")
Steps = dict[str, tuple[float, float]]  # seconds and seconds of this process's processors, by step


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the run for each number of viewers, print the table, and note it if --write asks for that."""
    options = _parser().parse_args(arguments)
    measured: dict[int, Steps] = {}
    for users in options.users:
        with (
            tempfile.TemporaryDirectory(prefix="movierec-feedback-") as folder,
            server(Path(folder)) as settings,
            database(settings, DATABASE),
        ):
            placed = replace(settings, artifacts=str(Path(folder) / "artifacts"))
            version_id = in_own_process(prepare, placed, users, options.movies, options.ranker, options.earlier)
            measured[users] = in_own_process(measure, placed, version_id, users, options.movies, options.events)
            progress(f"{users:,} viewers: {sum(seconds for seconds, _ in measured[users].values()):.1f} s")
    lines = _report(options, measured)
    print(*lines, sep="\n")  # noqa: T201 - the table is what this program is for
    if options.write:
        write_section(PAGE, HEADING, lines)
    return 0


def prepare(settings: Settings, users: int, movies: int, ranker: str, earlier: int = 0) -> int:
    """Write facts, a fitted champion and a live version without lists, and return the version.

    Args:
        settings: of the installation.
        users: how many viewers there are.
        movies: how many movies there are.
        ranker: the champion.
        earlier: events that were given long ago, and that the night of the version has learned from.
    """
    with connect(embedded_server.conninfo(settings, DATABASE)) as conn:
        data.write_facts(conn, users, movies)
        run_sql(conn, "bench/open_batch")
        run_sql(conn, "bench/earlier_feedback", {"events": earlier, "users": users, "movies": movies})
        version_id = data.write_version(conn, movies, 0, ranker)
        data.write_fit(conn, settings, version_id, ranker)
        data.show_version(conn, version_id)
    return version_id


def measure(settings: Settings, version_id: int, users: int, movies: int, events: int) -> Steps:
    """Give feedback and run what the tasks of `movierec_feedback` run, a first time and once more."""
    from movierec.kernels.parallel import all_cores  # noqa: PLC0415
    from movierec.publishing import deltas  # noqa: PLC0415

    steps: Steps = {}
    with connect(embedded_server.conninfo(settings, DATABASE)) as conn, all_cores():
        for turn in ("first", "next"):
            _give(conn.execute, turn, users, movies, events)
            conn.commit()
            with _clock(steps, f"open_delta, {turn}"):
                delta_id = deltas.open_delta(conn, turn, version_id)
            if delta_id is None:
                raise LookupError(f"version {version_id} has no catalogue")
            with _clock(steps, f"write_delta, {turn}"):
                deltas.write_delta(conn, delta_id, settings)
            with _clock(steps, f"audit_delta, {turn}"):
                deltas.audit_delta(conn, delta_id)
            with _clock(steps, f"go_live, {turn}"):
                deltas.delta_go_live(conn, delta_id)
    return steps


def _give(execute: Callable[..., object], turn: str, users: int, movies: int, events: int) -> None:
    draw = random.Random(turn)  # noqa: S311 (who says what)
    feedback = [
        {
            "event_id": f"{turn} {number}",
            "user_id": draw.randint(1, users),
            "movie_id": draw.randint(1, movies),
            "kind": draw.choice(KINDS),
        }
        for number in range(events)
    ]
    for start in range(0, events, AT_ONCE):
        execute("select serving.give_feedback(%s::jsonb)", [json.dumps(feedback[start : start + AT_ONCE])])


@contextmanager
def _clock(steps: Steps, name: str) -> Iterator[None]:
    started, worked = time.monotonic(), time.process_time()
    yield
    steps[name] = time.monotonic() - started, time.process_time() - worked


def _report(options: argparse.Namespace, measured: dict[int, Steps]) -> list[str]:
    names = list(next(iter(measured.values())))
    columns = "".join(f" {users:,} viewers |" for users in measured)
    return [
        '`make bench-web ARGS="--only feedback"`: '
        f"{options.events:,} events, {options.movies:,} movies, champion "
        f"`{options.ranker}`, {data.RATINGS_PER_VIEWER} ratings a viewer, {options.earlier:,} events that nights have "
        "learned from; the first run of a version and the next. "
        "Seconds, in brackets those of the task's own processors (PostgreSQL's are not among them). " + describe([]),
        "",
        f"| task |{columns}",
        f"|---|{'---:|' * len(measured)}",
        *(
            f"| {name} |" + "".join(f" {steps[name][0]:.2f} ({steps[name][1]:.2f}) |" for steps in measured.values())
            for name in names
        ),
        "| **all** |" + "".join(f" {sum(seconds for seconds, _ in each.values()):.2f} |" for each in measured.values()),
    ]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="movierec.bench.web.feedback", description="Measure the run of feedback.")
    parser.add_argument("--users", type=int, nargs="+", default=[20_000, 200_000], help="numbers of viewers")
    parser.add_argument("--movies", type=int, default=60_000, help="movies; 60,000 by default")
    parser.add_argument("--events", type=int, default=1_000, help="events of each run; 1,000 by default")
    parser.add_argument("--earlier", type=int, default=500_000, help="events that nights have learned from; 500,000")
    parser.add_argument("--ranker", default="item_knn", help="the champion; item_knn by default")
    parser.add_argument("--write", action="store_true", help=f"note the figures in {PAGE.relative_to(ROOT)}")
    return parser


if __name__ == "__main__":
    sys.exit(main())
