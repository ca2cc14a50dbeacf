"""Run a gate: its suites by Great Expectations on the warehouse, results to ops.quality_result and the Data Docs."""

import json
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg.types.json import Jsonb

from movierec.batch import require_latest
from movierec.config import ROOT
from movierec.db import Connection, copy_rows, run_sql, sqlalchemy_url
from movierec.errors import ConfigError, QualityError

log = logging.getLogger(__name__)

PROJECT = ROOT / "great_expectations"
GATES = ("staging", "core")
EXAMPLES = 5


@dataclass(frozen=True)
class Finding:
    """One expectation judged."""

    suite: str
    sentence: str
    severity: str
    passed: bool
    observed: dict[str, Any]

    def __str__(self) -> str:
        """Say what was expected and what was seen."""
        seen = self.observed.get("examples") or [self.observed.get("observed_value", "nothing")]
        return f"{self.suite}: {self.sentence}; seen: {'; '.join(map(_words, seen))}"


def _words(value: object) -> str:
    if isinstance(value, dict):
        return " ".join(f"{key}={part}" for key, part in value.items())
    return str(value)


def check(conn: Connection, gate: str, batch_id: int, folder: Path) -> dict[str, int]:
    """Judge the latest batch at a gate and return the number of expectations, warnings and failures.

    Args:
        conn: the warehouse; Great Expectations connects to the same database by itself.
        gate: `staging` (before core changes) or `core` (before anything is learned from it).
        batch_id: the batch that is about to pass.
        folder: where results and Data Docs are kept.

    Raises:
        ConfigError: there is no such gate.
        QualityError: a critical expectation failed; names each with what was seen.
        RuntimeError: an expectation could not be judged, which another try may mend.
    """
    started = time.monotonic()
    if gate not in GATES:
        raise ConfigError(f"gate '{gate}' is unknown; allowed: {', '.join(GATES)}")
    require_latest(conn, batch_id)
    findings = list(_judge(gate, batch_id, sqlalchemy_url(conn), folder))
    _keep(conn, gate, batch_id, findings)
    warnings = [finding for finding in findings if not finding.passed and finding.severity != "critical"]
    failures = [finding for finding in findings if not finding.passed and finding.severity == "critical"]
    for warning in warnings:
        log.warning("check %s: %s", gate, warning)
    log.info("check %s: %d expectations, %.1f s", gate, len(findings), time.monotonic() - started)
    if failures:
        raise QualityError(f"gate {gate} stops batch {batch_id}. " + " | ".join(map(str, failures)))
    return {"expectations": len(findings), "warnings": len(warnings), "failures": 0}


def _judge(gate: str, batch_id: int, url: str, folder: Path) -> Iterator[Finding]:
    with _context(url, folder) as context:
        outcome = context.checkpoints.get(gate).run(run_id=_run_id(gate, batch_id))
        for result in outcome.run_results.values():
            for judged in result.results:
                _require_judged(result.suite_name, judged)
                yield _finding(result.suite_name, judged)


def _require_judged(suite: str, judged: Any) -> None:
    """Raise what kept an expectation from being judged, such as a lost connection: that is no finding."""
    info = judged.exception_info or {}
    for raised in [info, *(value for value in info.values() if isinstance(value, dict))]:
        if raised.get("raised_exception"):
            raise RuntimeError(f"{suite} could not be judged: {str(raised.get('exception_message')).strip()}")


@contextmanager
def _context(url: str, folder: Path) -> Iterator[Any]:
    """Open the file context; the URL reaches it through the environment, so that no file ever holds it."""
    os.environ |= {
        "GX_ANALYTICS_ENABLED": "false",
        "MOVIEREC_WAREHOUSE_URL": url,
        "MOVIEREC_QUALITY": str(folder),
    }
    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    import great_expectations  # noqa: PLC0415 - takes seconds, and only a check needs it

    try:
        yield great_expectations.get_context(mode="file", context_root_dir=str(PROJECT))
    finally:
        del os.environ["MOVIEREC_WAREHOUSE_URL"]


def _run_id(gate: str, batch_id: int) -> Any:
    from great_expectations.core.run_identifier import RunIdentifier  # noqa: PLC0415

    return RunIdentifier(run_name=f"batch-{batch_id:06d}-{gate}")


def _finding(suite: str, judged: Any) -> Finding:
    config = judged.expectation_config
    return Finding(
        suite=suite,
        sentence=config.description or config.type,
        severity=str(getattr(config.severity, "value", config.severity)),
        passed=bool(judged.success),
        observed=_observed(judged.result),
    )


def _observed(result: dict[str, Any]) -> dict[str, Any]:
    """Keep what a person needs of a result: the value or the count, and a few examples."""
    kept = {key: result[key] for key in ("observed_value", "unexpected_count") if result.get(key) is not None}
    rows = (result.get("details") or {}).get("unexpected_rows") or result.get("partial_unexpected_list") or []
    return {**kept, **({"examples": list(rows)[:EXAMPLES]} if rows else {})}


def _keep(conn: Connection, gate: str, batch_id: int, findings: list[Finding]) -> None:
    run_sql(conn, "ops/clear_quality_result", {"batch_id": batch_id, "gate": gate})
    columns = ("batch_id", "gate", "suite", "expectation", "severity", "passed", "observed")
    rows = (
        (batch_id, gate, it.suite, it.sentence, it.severity, it.passed, Jsonb(it.observed, dumps=_dumps))
        for it in findings
    )
    copy_rows(conn, "ops.quality_result", columns, rows)
    conn.commit()


def _dumps(value: Any) -> str:
    return json.dumps(value, default=str)
