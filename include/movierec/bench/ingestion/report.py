"""The figures as a table, for a terminal and for the documentation."""

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from movierec.bench.ingestion.night import STAGES, Figures

HEADING = "## Ingestion"
GOALS = (
    "Goals: 20M rows in under 10 minutes, Python under 1 GiB, 20M in at most 22 times the seconds of 1M; "
    "100,000 more rows in under 60 s; raw load at 70 % of a bare COPY or more."
)


def table(nights: Sequence[tuple[str, Figures, float | None]]) -> list[str]:
    """Return the lines of a table: a row for each night, its name, figures and, where measured, the ratio to COPY."""
    head = ("night", *STAGES, "total s", "rows/s", "Python MiB", "of COPY", "touched")
    lines = [cells(head), cells(["---", *["---:"] * (len(head) - 1)])]
    return lines + [cells(_row(*night)) for night in nights]


def _row(name: str, figures: Figures, ratio: float | None) -> list[str]:
    seconds = [f"{figures.seconds[stage]:.1f}" if stage in figures.seconds else "–" for stage in STAGES]
    return [
        name,
        *seconds,
        f"{figures.total:.1f}",
        f"{figures.rows / figures.total:,.0f}",
        f"{figures.peak >> 20}",
        "–" if ratio is None else f"{ratio:.0%}",
        f"{figures.touched:,}",
    ]


def cells(values: Sequence[str]) -> str:
    """Return a line of a table."""
    return f"| {' | '.join(values)} |"


def machine(server_version: str) -> str:
    """Say what the figures were measured on and when."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    return (
        f"Measured on {datetime.now(UTC):%Y-%m-%d}: {cores} cores, {memory:.0f} GiB, {platform.system()} "
        f"{platform.machine()}, Python {platform.python_version()}, PostgreSQL {server_version}."
    )


def write(path: Path, lines: Sequence[str]) -> None:
    """Put the lines in place of the section on ingestion; the other sections of the page stay."""
    write_section(path, HEADING, lines)


def write_section(path: Path, heading: str, lines: Sequence[str]) -> None:
    """Put the lines below a heading of the second level in place of what is there; the other sections stay."""
    text = path.read_text(encoding="utf-8") if path.exists() else "# Benchmarks\n"
    before, found, rest = text.partition(f"{heading}\n")
    after = rest[rest.index("\n## ") + 1 :] if found and "\n## " in rest else ""
    section = "\n".join([heading, "", *lines, ""])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{before.rstrip()}\n\n{section}{chr(10) + after if after else ''}", encoding="utf-8")


def section(path: Path, heading: str) -> list[str]:
    """Return the lines below a heading of the second level, none where there is no such section."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    return text.partition(f"{heading}\n")[2].partition("\n## ")[0].splitlines()
