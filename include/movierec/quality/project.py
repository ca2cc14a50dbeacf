"""The Great Expectations project of this repository: suites and gates in files, results under the state folder."""

import logging
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from movierec.config import ROOT
from movierec.errors import ConfigError

PROJECT = ROOT / "great_expectations"
GATES = ("raw", "staging", "core")


def suites_of(gate: str) -> list[str]:
    """Return the names of a gate's suites."""
    return sorted(path.stem for path in (PROJECT / "expectations").glob(f"{gate}_*.json"))


def gate_of(suite: str) -> str:
    """Return the gate that a suite belongs to.

    Raises:
        ConfigError: there is no such suite.
    """
    known = sorted(path.stem for path in (PROJECT / "expectations").glob("*.json"))
    if suite not in known:
        raise ConfigError(f"suite '{suite}' is unknown; allowed: {', '.join(known)}")
    return suite.partition("_")[0]


def run_gate(url: str, folder: Path, gate: str, run_name: str) -> Iterator[tuple[str, Any]]:
    """Run a gate, write its Data Docs, and yield each result with the name of its suite.

    Raises:
        RuntimeError: an expectation could not be evaluated; another attempt may succeed.
    """
    with open_project(folder, url) as context:
        from great_expectations.core.run_identifier import RunIdentifier  # noqa: PLC0415 - takes seconds

        run = context.checkpoints.get(gate).run(run_id=RunIdentifier(run_name=run_name))
        # Once, not as an action of the checkpoint, which would write the index again for every suite.
        write_docs(context, suites_of(gate), run.run_results)
        yield from _results_of_suites(run.run_results.values())


def write_docs(context: Any, suites: Iterable[str], results: Iterable[Any] = ()) -> None:
    """Write the pages of some suites and results, and the index of all pages."""
    from great_expectations.data_context.types.resource_identifiers import (  # noqa: PLC0415 - takes seconds
        ExpectationSuiteIdentifier,
    )

    pages = [*(ExpectationSuiteIdentifier(name=suite) for suite in suites), *results]
    context.build_data_docs(resource_identifiers=pages)


def run_suites(url: str, folder: Path, suites: Iterable[str]) -> Iterator[tuple[str, Any]]:
    """Run suites without writing Data Docs, and yield each result with the name of its suite.

    Raises:
        RuntimeError: an expectation could not be evaluated.
    """
    with open_project(folder, url) as context:
        for suite in suites:
            yield from _results_of_suites([context.validation_definitions.get(suite).run(result_format="COMPLETE")])


def _results_of_suites(results: Iterable[Any]) -> Iterator[tuple[str, Any]]:
    for suite_result in results:
        for result in suite_result.results:
            _require_evaluated(suite_result.suite_name, result)
            yield suite_result.suite_name, result


def _require_evaluated(suite: str, result: Any) -> None:
    """Raise what kept an expectation from being evaluated, such as a lost connection, which is not a finding."""
    info = result.exception_info or {}
    for raised in [info, *(value for value in info.values() if isinstance(value, dict))]:
        if raised.get("raised_exception"):
            raise RuntimeError(f"{suite} could not be evaluated: {str(raised.get('exception_message')).strip()}")


@contextmanager
def open_project(folder: Path, url: str = "postgresql+psycopg2://") -> Iterator[Any]:
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
