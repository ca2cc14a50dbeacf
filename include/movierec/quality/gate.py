"""Check a batch at a gate: measure, run the suites, save the results in ops.quality_result and the Data Docs."""

import json
import logging
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from psycopg.types.json import Jsonb

from movierec.db import Connection, copy_rows, run_sql
from movierec.errors import ConfigError, QualityError
from movierec.ingestion.batch import reopen_batch
from movierec.ingestion.core import refuse_batch
from movierec.quality.findings import Finding, finding_of
from movierec.quality.measurement import batch_to_check, exposed_batch, measure, temporary_measurement
from movierec.quality.project import GATES, gate_of, run_gate, run_suites, suites_of
from movierec.quality.sentences import left_sources, rejections
from movierec.scratch import scratch_folder

log = logging.getLogger(__name__)


def check(conn: Connection, gate: str, batch_id: int, folder: Path) -> dict[str, int]:
    """Check a batch at a gate, and return the number of expectations, warnings and failures.

    Args:
        conn: the warehouse; Great Expectations connects to the same database by itself.
        gate: `raw` (before staging), `staging` (before core changes) or `core` (before anything is learned from it).
        batch_id: the batch to check, the newest or an earlier one.
        folder: where results and Data Docs go.

    Raises:
        ConfigError: there is no such gate or batch.
        QualityError: a critical expectation failed; names each with what was seen.
        RuntimeError: an expectation could not be evaluated; another attempt may succeed.
    """
    started = time.monotonic()
    _require_gate(gate)
    with exposed_batch(conn, gate, batch_to_check(conn, batch_id)) as url:
        measure(conn, gate, batch_id)
        results = run_gate(url, folder, gate, f"batch-{batch_id:06d}-{gate}")
        findings = [finding_of(conn, suite, result) for suite, result in results]
        _save(conn, gate, batch_id, findings)
    log.info("check %s: %d expectations, %.1f s", gate, len(findings), time.monotonic() - started)
    try:
        counts = _require_no_failure(gate, batch_id, findings, _causes(conn, gate, batch_id))
    except QualityError:
        refuse_batch(conn, batch_id)
        raise
    if gate != "core":  # core is not built yet: a batch that was refused is on its way again
        reopen_batch(conn, batch_id, ("refused",))
    return counts


def check_by_hand(
    conn: Connection,
    gates: Iterable[str] = GATES,
    suites: Iterable[str] = (),
    batch_id: int | None = None,
) -> list[Finding]:
    """Check a batch, the newest if none is named, at some gates or by some suites, without saving anything.

    Raises:
        ConfigError: there is no such gate, suite or batch.
        RuntimeError: an expectation could not be evaluated.
    """
    gates, suites = list(gates), list(suites)
    for gate in gates:
        _require_gate(gate)
    suites_by_gate = {gate: suites_of(gate) for gate in gates}
    if suites:
        suites_by_gate = {gate: [suite for suite in suites if gate_of(suite) == gate] for gate in GATES}
    batch_id = batch_to_check(conn, batch_id)
    return [
        finding
        for gate, names in suites_by_gate.items()
        if names
        for finding in _check_suites(conn, gate, batch_id, names)
    ]


def _check_suites(conn: Connection, gate: str, batch_id: int, suites: list[str]) -> list[Finding]:
    with (
        scratch_folder() as folder,
        exposed_batch(conn, gate, batch_id) as url,
        temporary_measurement(conn, gate, batch_id),
    ):
        return [finding_of(conn, suite, result) for suite, result in run_suites(url, folder, suites)]


def _require_gate(gate: str) -> None:
    if gate not in GATES:
        raise ConfigError(f"gate '{gate}' is unknown; allowed: {', '.join(GATES)}")


def _causes(conn: Connection, gate: str, batch_id: int) -> list[str]:
    """Return what may explain that a gate stops a batch."""
    if gate != "staging":
        return left_sources(conn, batch_id)
    rules = rejections(conn, batch_id)
    return [f"most rows are rejected so: {rules}"] if rules else []


def _require_no_failure(gate: str, batch_id: int, findings: list[Finding], causes: list[str]) -> dict[str, int]:
    warnings = [finding for finding in findings if finding.verdict == "warning"]
    failures = [finding for finding in findings if finding.verdict == "FAILED"]
    for warning in warnings:
        log.warning("check %s: %s", gate, warning)
    if failures:
        raise QualityError(f"gate {gate} stops batch {batch_id}. " + " | ".join([*map(str, failures), *causes]))
    return {"expectations": len(findings), "warnings": len(warnings), "failures": 0}


def _save(conn: Connection, gate: str, batch_id: int, findings: list[Finding]) -> None:
    run_sql(conn, "ops/clear_quality_result", {"batch_id": batch_id, "gate": gate})
    columns = ("batch_id", "gate", "suite", "expectation", "severity", "passed", "observed", "bounds")
    rows = (
        (
            batch_id,
            gate,
            each.suite,
            each.sentence,
            each.severity,
            each.passed,
            _json(each.observed),
            _json(each.bounds),
        )
        for each in findings
    )
    copy_rows(conn, "ops.quality_result", columns, rows)
    conn.commit()


def _json(value: dict[str, Any]) -> Jsonb:
    return Jsonb(value, dumps=_dumps)


def _dumps(value: Any) -> str:
    # NaN and the infinities are not JSON
    text = json.dumps(value, default=str)
    return json.dumps(json.loads(text, parse_constant=str))
