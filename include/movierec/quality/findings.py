"""What a gate found: expectations judged, with what was seen and what was allowed."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from movierec.db import Connection, fetch

EXAMPLES = 5
_RANGES = ("min_value", "max_value", "value_set", "column_set", "regex", "mostly")

# What is left of a number where it is named: counts whole, the rest with six digits.
_DIGITS = 6
_INDENT = " " * 8


@dataclass(frozen=True)
class Finding:
    """One expectation judged.

    Attributes:
        suite: where it stands.
        sentence: what is expected.
        severity: `critical` stops the night, `warning` is reported.
        passed: whether it is so.
        observed: the value or the number of exceptions, a few examples, what was measured.
        bounds: what is allowed: a range or a set; for what is measured against earlier nights one row a subject.
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
        return f"{self.suite}: {self.sentence}; seen: {'; '.join(map(_words, seen))}"


def lines(findings: Iterable[Finding]) -> Iterator[str]:
    """Yield what a person reads of each expectation: verdict, sentence, what was seen, what is allowed."""
    for finding in findings:
        yield f"{finding.verdict:<8}{finding}"
        measured = finding.bounds.get("measured")
        for row in measured or ():
            yield _INDENT + _measurement(row)
        if finding.bounds and measured is None:
            yield f"{_INDENT}allowed: {_words(finding.bounds)}"


def _measurement(row: dict[str, Any]) -> str:
    value, usual, lower, upper = (
        "-" if row[key] is None else _words(row[key]) for key in ("value", "usual", "lower", "upper")
    )
    return f"{row['subject']} {row['metric']}: {value}, usual {usual}, allowed from {lower} to {upper}"


def find(conn: Connection, suite: str, judged: Any) -> Finding:
    """Make a finding of what Great Expectations says; bounds of measured numbers come from the warehouse."""
    config = judged.expectation_config
    measured = _measured(conn, config.meta or {})
    observed = _observed(judged.result)
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
        passed=bool(judged.success),
        observed=observed,
        bounds=bounds,
    )


def _measured(conn: Connection, meta: dict[str, Any]) -> list[dict[str, Any]] | None:
    if "measured" not in meta:
        return None
    return fetch(conn, "ops/metric_bound", meta["measured"])


def _observed(result: dict[str, Any]) -> dict[str, Any]:
    """Keep what a person needs of a result: the value or the count, and a few examples."""
    kept = {key: result[key] for key in ("observed_value", "unexpected_count") if result.get(key) is not None}
    rows: Sequence[Any] = (
        (result.get("details") or {}).get("unexpected_rows") or result.get("partial_unexpected_list") or []
    )
    return {**kept, **({"examples": list(rows)[:EXAMPLES]} if rows else {})}


def _words(value: object) -> str:
    if isinstance(value, dict):
        return " ".join(f"{key}={_words(part)}" for key, part in value.items())
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() else f"{value:.{_DIGITS}g}"
    return "empty" if value is None else str(value)
