"""Judge a night at a gate: measure, run the suites, keep the results in ops.quality_result and the Data Docs."""

import json
import logging
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from psycopg.types.json import Jsonb

from movierec.db import Connection, copy_rows, run_sql
from movierec.errors import ConfigError, QualityError
from movierec.ingestion.core import refuse_batch
from movierec.quality.findings import Finding, find
from movierec.quality.night import GATES, find_night, measure, measured_for_now, shown
from movierec.quality.project import gate_of, run_gate, run_suites, suites_of

log = logging.getLogger(__name__)


def check(conn: Connection, gate: str, batch_id: int, folder: Path) -> dict[str, int]:
    """Judge a night at a gate and return the number of expectations, warnings and failures.

    Args:
        conn: the warehouse; Great Expectations connects to the same database by itself.
        gate: `raw` (before staging), `staging` (before core changes) or `core` (before anything is learned from it).
        batch_id: the night that is about to pass, the newest or an earlier one.
        folder: where results and Data Docs are kept.

    Raises:
        ConfigError: there is no such gate or batch.
        QualityError: a critical expectation failed; names each with what was seen.
        RuntimeError: an expectation could not be judged, which another try may mend.
    """
    started = time.monotonic()
    _require_gate(gate)
    with shown(conn, gate, find_night(conn, batch_id)) as url:
        measure(conn, gate, batch_id)
        judged = run_gate(url, folder, gate, f"batch-{batch_id:06d}-{gate}")
        findings = [find(conn, suite, result) for suite, result in judged]
        _keep(conn, gate, batch_id, findings)
    log.info("check %s: %d expectations, %.1f s", gate, len(findings), time.monotonic() - started)
    try:
        return _pass(gate, batch_id, findings)
    except QualityError:
        if gate == "core":
            refuse_batch(conn, batch_id)
        raise


def check_by_hand(
    conn: Connection,
    gates: Iterable[str] = GATES,
    suites: Iterable[str] = (),
    batch_id: int | None = None,
) -> list[Finding]:
    """Judge a night, the newest if none is named, at some gates or by some suites; nothing of it is kept.

    Raises:
        ConfigError: there is no such gate, suite or batch.
        RuntimeError: an expectation could not be judged.
    """
    gates, wanted = list(gates), list(suites)
    for gate in gates:
        _require_gate(gate)
    chosen = {gate: suites_of(gate) for gate in gates}
    if wanted:
        asked = {suite: gate_of(suite) for suite in wanted}
        chosen = {gate: [suite for suite in wanted if asked[suite] == gate] for gate in GATES}
    night = find_night(conn, batch_id)
    return [finding for gate, names in chosen.items() if names for finding in _look(conn, gate, night, names)]


def _look(conn: Connection, gate: str, batch_id: int, suites: list[str]) -> list[Finding]:
    with (
        tempfile.TemporaryDirectory() as folder,
        shown(conn, gate, batch_id) as url,
        measured_for_now(conn, gate, batch_id),
    ):
        return [find(conn, suite, result) for suite, result in run_suites(url, Path(folder), suites)]


def _require_gate(gate: str) -> None:
    if gate not in GATES:
        raise ConfigError(f"gate '{gate}' is unknown; allowed: {', '.join(GATES)}")


def _pass(gate: str, batch_id: int, findings: list[Finding]) -> dict[str, int]:
    warnings = [finding for finding in findings if finding.verdict == "warning"]
    failures = [finding for finding in findings if finding.verdict == "FAILED"]
    for warning in warnings:
        log.warning("check %s: %s", gate, warning)
    if failures:
        raise QualityError(f"gate {gate} stops batch {batch_id}. " + " | ".join(map(str, failures)))
    return {"expectations": len(findings), "warnings": len(warnings), "failures": 0}


def _keep(conn: Connection, gate: str, batch_id: int, findings: list[Finding]) -> None:
    run_sql(conn, "ops/clear_quality_result", {"batch_id": batch_id, "gate": gate})
    columns = ("batch_id", "gate", "suite", "expectation", "severity", "passed", "observed", "bounds")
    rows = (
        (batch_id, gate, it.suite, it.sentence, it.severity, it.passed, _json(it.observed), _json(it.bounds))
        for it in findings
    )
    copy_rows(conn, "ops.quality_result", columns, rows)
    conn.commit()


def _json(value: dict[str, Any]) -> Jsonb:
    return Jsonb(value, dumps=_dumps)


def _dumps(value: Any) -> str:
    # NaN and the infinities are not JSON
    text = json.dumps(value, default=str)
    return json.dumps(json.loads(text, parse_constant=str))
