import subprocess
import sys
import threading
from argparse import Namespace
from contextlib import nullcontext
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from movierec.bench.page import read_section, write_section
from movierec.bench.web import __main__ as bench_web
from movierec.bench.web import cost, data, feedback, load, pages, processors, report, servers
from movierec.bench.web.load import Result
from movierec.db import run_sql
from tests.installation import free_port

PAGE_NAMES = [f"`{page}`" for page in pages.PAGES]


def test_a_made_up_version_is_as_large_as_asked_for_and_readers_see_it(conn):
    data.write_facts(conn, users=30, movies=120)
    assert conn.execute("select version_id from serving.live").fetchall() == []
    data.show_version(conn, data.write_version(conn, movies=120, list_length=50))
    counts = "select (select count(*) from serving.recommendation), (select count(*) from serving.similar_movie)"
    assert conn.execute(counts).fetchone() == (30 * 50, 120 * 20)
    first = conn.execute("select title, reason from serving.recommend(7, 1)").fetchone()
    assert first[1] == f"Because you liked {first[0]}"
    assert conn.execute("select count(*) from serving.search('the last', 5)").fetchone()[0] > 0


def test_a_second_version_can_be_written_beside_the_first(conn):
    data.write_facts(conn, users=5, movies=60)
    assert [data.write_version(conn, movies=60, list_length=10) for _ in range(2)] == [1, 2]
    run_sql(conn, "bench/show_version", {"version_id": 2})
    assert conn.execute("select version_id from serving.freshness").fetchone() == (2,)


def test_clients_measure_a_server_and_count_what_fails(tmp_path):
    (tmp_path / "index.html").write_text("x" * 3000)
    port = free_port()
    command = [sys.executable, "-m", "http.server", str(port), "--protocol", "HTTP/1.1", "--directory", str(tmp_path)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        servers._await_answer(process, f"http://127.0.0.1:{port}/")
        fast = load.saturate(port, "", ["/"], clients=2, seconds=0.5)
        steady = load.steady(port, "", ["/", "/nowhere"], per_second=20, seconds=0.5, clients=2)
    finally:
        process.terminate()
        process.wait(10)
    assert len(fast.seconds) > 5
    assert fast.errors == []
    assert len(steady.seconds) == 10
    assert steady.errors == ["status 404"] * 5
    assert steady.retries == 5


def test_percentiles_and_ratios_are_those_of_the_median_round():
    rounds = {
        "bare route": [Result([0.001] * 99 + [0.002]) for _ in range(3)],
        "recommendations": [Result([seconds] * 100) for seconds in (0.001, 0.002, 0.9)],
    }
    lines = report.lines(
        Namespace(users=10, movies=20, list_length=5),
        rounds,
        Result([0.004] * 100, ["status 503"], 2),
        {"/": [1.0, 2.0, 3.0]},
    )
    assert "| recommendations | 11 | 2.0 ms | 2.0 ms | 2.00 | 1.00 |" in lines
    assert "| `/` | 2.0 ms | 3.0 ms | 3.0 ms |" in lines
    assert any("1 errors, 2 requests tried twice" in line for line in lines)


@pytest.fixture
def page(server, tmp_path, monkeypatch):
    """Return a page for the benchmarks, which use the server of the tests, and leave its other sections alone."""
    path = tmp_path / "benchmarks.md"
    write_section(path, "## Nights", ["seconds of a night"])
    for benchmark in (cost, feedback):
        monkeypatch.setattr(benchmark, "server", lambda _: nullcontext(server))
        monkeypatch.setattr(benchmark, "PAGE", path)
        monkeypatch.setattr(benchmark, "ROOT", tmp_path)
    # peaks of memory are told by nobody here, and each process would import the libraries anew
    monkeypatch.setattr(feedback, "in_own_process", lambda work, *arguments: work(*arguments))
    yield path
    assert read_section(path, "## Nights") == ["", "seconds of a night"]


def test_the_run_of_feedback_is_measured_task_by_task_and_noted(page):
    sizes = ["--users", "40", "--movies", "60", "--events", "30", "--earlier", "50"]
    assert feedback.main([*sizes, "--write"]) == 0
    head, *rows = [line for line in read_section(page, feedback.HEADING) if line.startswith("| ")]
    assert head == "| task | 40 viewers |"
    tasks = ("open_delta", "write_delta", "audit_delta", "go_live")
    expected = [f"{task}, {turn}" for turn in ("first", "next") for task in tasks]
    assert [row.split(" | ")[0] for row in rows] == [f"| {name}" for name in (*expected, "**all**")]


def test_every_benchmark_of_the_application_is_run_with_the_sizes_that_were_asked_for(capsys):
    assert bench_web._parser().parse_args([]).only == ["load", "cost", "feedback"]
    options = bench_web._parser().parse_args(["--only", "feedback,cost", "--users", "50", "--viewers", "3", "--write"])
    assert options.only == ["feedback", "cost"]
    calls = cost._parser().parse_args(bench_web.arguments_of_cost(options))
    assert (calls.users, calls.movies, calls.viewers, calls.port, calls.write) == (50, 60_000, 3, 8097, True)
    runs = feedback._parser().parse_args(bench_web.arguments_of_feedback(options))
    assert (runs.users, runs.movies, runs.write) == ([5, 50], 60_000, True)
    with pytest.raises(SystemExit):
        bench_web.main(["--only", "load,guess"])
    assert "guess is none of them; allowed are load, cost, feedback" in capsys.readouterr().err


def test_a_connection_that_a_pool_closes_takes_nothing_from_what_others_use():
    closed, kept, opened, number_of_the_closed_again = (1, 0.0), (2, 0.0), (3, 9.0), (1, 9.5)
    before = {closed: 5.0, kept: 3.0}
    assert processors.between(before, {kept: 4.0, opened: 0.5, number_of_the_closed_again: 0.25}) == 1.75


@pytest.mark.slow
def test_calls_and_pages_are_measured_by_what_they_take_of_the_processors_and_noted(page, monkeypatch):
    sizes = ("--users", "200", "--movies", "120", "--versions", "3", "--calls", "8", "--viewers", "2")
    listed, filled = "select version_id, count(*) from serving.recommendation group by version_id order by 1", []

    def fill(conn, *arguments):
        cost_fill(conn, *arguments)
        filled.append(conn.execute(listed).fetchall())
        filled.append(conn.execute("select version_id from serving.live").fetchone())

    cost_fill = cost.fill
    monkeypatch.setattr(cost, "fill", fill)
    assert cost.main([*sizes, "--port", str(free_port()), "--write"]) == 0
    assert filled == [[(number, 20 * 50) for number in (1, 2, 3)], (2,)]
    lines = read_section(page, cost.HEADING)
    assert "3 versions of 1,000 list entries" in lines[1]
    rows = [line.split(" | ") for line in lines if line.startswith("| `")]
    assert [row[0] for row in rows] == [f"| {name}" for name in (*(call.name for call in cost.CALLS), *PAGE_NAMES)]
    assert all(float(row[2].removesuffix(" ms")) > 0 for row in rows)
    assert rows[0][-1] == "2 ms |"


class Busy(BaseHTTPRequestHandler):
    """Answers every other request that it has had too many."""

    asked = 0

    def do_GET(self) -> None:
        Busy.asked += 1
        refused = Busy.asked % 2
        self.send_response(429 if refused else 200)
        self.send_header(*(("Retry-After", "0") if refused else ("Server-Timing", "app;dur=12.5")))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_pages_that_are_refused_for_their_number_are_asked_for_again():
    with ThreadingHTTPServer(("127.0.0.1", 0), Busy) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        milliseconds = [pages._server_milliseconds(server.server_port, "/about", "x") for _ in range(3)]
        server.shutdown()
    assert milliseconds == [12.5] * 3
    assert Busy.asked == 6
