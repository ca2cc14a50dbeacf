"""The figures on ingestion as a table, for a terminal and for the documentation."""

from collections.abc import Sequence

from movierec.bench.ingestion.night import STAGES, Figures
from movierec.text_table import markdown

HEADING = "## Ingestion"
GOALS = (
    "Goals: 20M rows in under 10 minutes, Python under 1 GiB, 20M in at most 22 times the seconds of 1M; "
    "100,000 more rows in under 60 s; raw load at 70 % of a bare COPY or more."
)


def table(nights: Sequence[tuple[str, Figures, float | None]]) -> list[str]:
    """Return the lines of a table: a row for each night, its name, figures and, where measured, the ratio to COPY."""
    heads = ("night", *STAGES, "total s", "rows/s", "Python MiB", "of COPY", "touched")
    return markdown(heads, [_row(*night) for night in nights])


def _row(name: str, figures: Figures, copy_ratio: float | None) -> list[str]:
    seconds = [f"{figures.seconds[stage]:.1f}" if stage in figures.seconds else "–" for stage in STAGES]
    return [
        name,
        *seconds,
        f"{figures.total_seconds:.1f}",
        f"{figures.rows / figures.total_seconds:,.0f}",
        f"{figures.peak_bytes >> 20}",
        "–" if copy_ratio is None else f"{copy_ratio:.0%}",
        f"{figures.changed_rows:,}",
    ]
