"""`movierec check`: the expectations of a gate, run by hand."""

import argparse

from movierec.commands.warehouse import open_warehouse
from movierec.config import Settings


def run(settings: Settings, options: argparse.Namespace) -> tuple[str, bool]:
    """Run the suites and return what to print, and whether everything critical holds.

    Raises:
        ConfigError: there is no such suite or batch.
    """
    from movierec.quality.findings import report_lines  # noqa: PLC0415 (pandas and all)
    from movierec.quality.gate import check_by_hand  # noqa: PLC0415
    from movierec.quality.project import GATES  # noqa: PLC0415

    gates = [options.gate] if options.gate else GATES
    with open_warehouse(settings) as conn:
        findings = check_by_hand(conn, gates, options.suite, options.batch)
    verdicts = [finding.verdict for finding in findings]
    failed, warned = verdicts.count("FAILED"), verdicts.count("warning")
    total = f"{len(findings):,} expectations: {failed:,} failed, {warned:,} warnings"
    return "\n".join((*report_lines(findings), "", total)), not failed
