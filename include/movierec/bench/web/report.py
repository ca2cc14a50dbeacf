"""The section of `docs/benchmarks.md` on the web application."""

from argparse import Namespace
from collections.abc import Mapping, Sequence
from statistics import median_high

from movierec.bench.machine import describe, with_version
from movierec.bench.web.load import Result
from movierec.bench.web.pages import percentile

HEADING = "## The web application"
SECONDS_COUNTED = 9.0  # of a round of ten, after the warm-up


def lines(
    options: Namespace,
    rounds: Mapping[str, Sequence[Result]],
    steady: Result,
    pages: Mapping[str, Sequence[float]],
) -> list[str]:
    """Return the section's lines; of several rounds the median counts."""
    software = [with_version(name) for name in ("fastapi", "uvicorn", "psycopg")]
    return [
        f"`make bench-web`: {options.users:,} viewers with {options.list_length} movies each, "
        f"{options.movies:,} movies, one process of the application. "
        "Clients, application and PostgreSQL share the cores. The bare route is FastAPI's for `select 1`, on the same "
        f"kind of server and pool. {describe(software)}",
        "",
        "| 32 clients, one request after the other | requests a second | p50 | p99 | p50 to bare | p99 to bare |",
        "|---|---|---|---|---|---|",
        *(_row(name, results, rounds["bare route"]) for name, results in rounds.items()),
        "",
        f"{len(steady.seconds):,} requests at 100 a second, while two versions went live and the "
        f"application was restarted once: {len(steady.errors)} errors, {steady.retries} requests tried twice; "
        f"p50 {steady.percentile(50):.1f} ms, p99 {steady.percentile(99):.1f} ms.",
        "",
        "| page | server time, median | 95 of 100 | longest |",
        "|---|---|---|---|",
        *(
            f"| `{page}` | {percentile(each, 50):.1f} ms | {percentile(each, 95):.1f} ms | {max(each):.1f} ms |"
            for page, each in pages.items()
        ),
    ]


def _row(name: str, results: Sequence[Result], bare: Sequence[Result]) -> str:
    rate = median_high([len(result.seconds) for result in results]) / SECONDS_COUNTED
    p50, p99 = (median_high([result.percentile(percent) for result in results]) for percent in (50, 99))
    to_bare = [
        ours / median_high([each.percentile(percent) for each in bare]) for ours, percent in ((p50, 50), (p99, 99))
    ]
    return f"| {name} | {rate:,.0f} | {p50:.1f} ms | {p99:.1f} ms | {to_bare[0]:.2f} | {to_bare[1]:.2f} |"
