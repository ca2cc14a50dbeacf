"""What a gate found: evaluated expectations, with what was seen and what is allowed."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from movierec.db import Connection, fetch

EXAMPLES = 5
_RANGES = ("min_value", "max_value", "value_set", "column_set", "regex", "mostly")

_DIGITS = 6  # of a number in a message; counts are written whole
_INDENT = " " * 8


@dataclass(frozen=True)
class Finding:
    """One evaluated expectation.

    Attributes:
        suite: the suite that it belongs to.
        sentence: what is expected.
        severity: `critical` stops the batch, `warning` is reported.
        passed: whether the expectation is met.
        observed: the value or the number of exceptions, a few examples, what was measured.
        bounds: what is allowed: a range or a set, or one row per subject where earlier batches set the bounds.
    """

    suite: str
    sentence: str
    severity: str
    passed: bool
    observed: dict[str, Any]
    bounds: dict[str, Any] = field(default_factory=dict)

    @property
    def verdict(self) -> str:
        """`ok`, `warning` or `FAILED`."""
        if self.passed:
            return "ok"
        return "FAILED" if self.severity == "critical" else "warning"

    def __str__(self) -> str:
        """Say what was expected and what was seen."""
        seen = self.observed.get("examples") or [self.observed.get("observed_value", "nothing")]
        return f"{self.suite}: {self.sentence}; seen: {'; '.join(map(_text, seen))}"


def report_lines(findings: Iterable[Finding]) -> Iterator[str]:
    """Yield the report of each expectation: verdict, sentence, what was seen, what is allowed."""
    for finding in findings:
        yield f"{finding.verdict:<8}{finding}"
        measured = finding.bounds.get("measured")
        for row in measured or ():
            yield _INDENT + _measurement(row)
        if finding.bounds and measured is None:
            yield f"{_INDENT}allowed: {_text(finding.bounds)}"


def _measurement(row: dict[str, Any]) -> str:
    value, usual, lower, upper = (
        "-" if row[key] is None else _text(row[key]) for key in ("value", "usual", "lower", "upper")
    )
    return f"{row['subject']} {row['metric']}: {value}, usual {usual}, allowed from {lower} to {upper}"


def finding_of(conn: Connection, suite: str, result: Any) -> Finding:
    """Return the finding of a Great Expectations result; the bounds of measured numbers come from the warehouse."""
    config = result.expectation_config
    measured = _measured(conn, config.meta or {})
    observed = _observation(result.result)
    if measured is None:
        allowed = {key: config.kwargs[key] for key in _RANGES if config.kwargs.get(key) is not None}
        bounds = {**allowed, **(config.meta or {}).get("bounds", {})}
    else:
        observed["measured"] = {f"{row['subject']} {row['metric']}": row["value"] for row in measured}
        bounds = {"measured": measured}
    return Finding(
        suite=suite,
        sentence=config.description or config.type,
        severity=str(getattr(config.severity, "value", config.severity)),
        passed=bool(result.success),
        observed=observed,
        bounds=bounds,
    )


def _measured(conn: Connection, meta: dict[str, Any]) -> list[dict[str, Any]] | None:
    if "measured" not in meta:
        return None
    return fetch(conn, "ops/metric_bound", meta["measured"])


def _observation(result: dict[str, Any]) -> dict[str, Any]:
    """Keep what a person needs of a result: the value or the count, and a few examples."""
    kept = {key: result[key] for key in ("observed_value", "unexpected_count") if result.get(key) is not None}
    rows: Sequence[Any] = (
        (result.get("details") or {}).get("unexpected_rows") or result.get("partial_unexpected_list") or []
    )
    # Sorted: in which order the database found them says nothing.
    return {**kept, **({"examples": sorted(list(rows)[:EXAMPLES], key=_text)} if rows else {})}


def _text(value: object) -> str:
    if isinstance(value, dict):
        return " ".join(f"{key}={_text(part)}" for key, part in value.items())
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() else f"{value:.{_DIGITS}g}"
    return "empty" if value is None else str(value)
