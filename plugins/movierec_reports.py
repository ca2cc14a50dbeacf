"""What a night found, behind buttons of its tasks: the quality report with every warning, the leaderboard, the lists.

The reports are mounted at /movierec/reports in Airflow's own web server: tables read from the warehouse, without
scripts, for who may read the DAG. The lists are the pages of the web application.
"""

import logging
from collections.abc import Sequence
from functools import cache
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from airflow.plugins_manager import AirflowPlugin
from airflow.sdk import BaseOperator, BaseOperatorLink

from movierec.dag_ids import INGEST, TRAIN
from movierec.evaluation.protocols import CUTOFF
from movierec_connections import base_url, open_connection
from movierec_dag import LARGEST_ID
from movierec_pictures import HEADERS, OnFirstRequest

if TYPE_CHECKING:
    from fastapi import FastAPI

PREFIX = "/movierec/reports"
STYLE = "body{font:15px sans-serif;margin:2em}td,th{text-align:left;padding:.3em 1em .3em 0;vertical-align:top}"

log = logging.getLogger(__name__)


def report_url(kind: str, ti: Any, task_id: str) -> str:
    """Return the path of a report whose id a task of the run has returned; nothing where it has not."""
    number = ti.xcom_pull(task_ids=task_id)
    return f"{urlsplit(base_url()).path}{PREFIX}/{kind}/{number}/" if number else ""


class QualityLink(BaseOperatorLink):
    """The button of a gate."""

    name = "Quality report"

    def get_link(self, operator: BaseOperator, *, ti_key: Any) -> str:
        """Return the report of the run's batch."""
        return report_url("quality", ti_key, "open_batch")


class LeaderboardLink(BaseOperatorLink):
    """The button of a comparison."""

    name = "Leaderboard"

    def get_link(self, operator: BaseOperator, *, ti_key: Any) -> str:
        """Return the leaderboard of the run's training."""
        return report_url("leaderboard", ti_key, "open_training")


class ListsLink(BaseOperatorLink):
    """The button of what makes lists live."""

    name = "Lists"

    def get_link(self, operator: BaseOperator, *, ti_key: Any) -> str:
        """Return the web application, on the host of Airflow's web server."""
        from movierec.config import Settings

        settings = Settings.from_env()
        return f"http://{urlsplit(base_url()).hostname or settings.web_host}:{settings.web_port}/"


def with_button(task: Any, link: BaseOperatorLink) -> Any:
    """Return a task of a DAG after it has got a button."""
    task.operator.operator_extra_links = (link,)
    return task


REPORTS = {
    # kind: title, query, key, further parameters, the DAG that one must be allowed to read
    "quality": ("Quality of batch", "report/quality", "batch_id", {}, INGEST),
    "leaderboard": ("Rankers of training", "report/leaderboard", "training_id", {"k": CUTOFF}, TRAIN),
}


def read_report(kind: str, number: int) -> str | None:
    """Return a report as a page; None where there is nothing to show."""
    from movierec.db import fetch
    from movierec.quality.sentences import batch_sentences

    title, query, key, parameters, _ = REPORTS[kind]
    if not 1 <= number <= LARGEST_ID:
        return None
    with open_connection() as conn:
        rows = fetch(conn, query, {key: number, **parameters})
        sentences = batch_sentences(conn, number) if kind == "quality" else []
    return page(f"{title} {number}", rows, sentences) if rows or sentences else None


def page(title: str, rows: list[dict[str, Any]], sentences: Sequence[str] = ()) -> str:
    """Return a page with what is to be known in sentences and one table; whatever stands in it is text."""
    items = f"<ul>{''.join(f'<li>{escape(sentence)}</li>' for sentence in sentences)}</ul>" if sentences else ""
    head = "".join(f"<th>{escape(name)}</th>" for name in next(iter(rows), ()))
    body = "".join(f"<tr>{''.join(f'<td>{_text(value)}</td>' for value in row.values())}</tr>" for row in rows)
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title><style>{STYLE}</style>'
        f"<h1>{escape(title)}</h1>{items}<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></html>"
    )


def _text(value: object) -> str:
    if value is None:
        return ""
    return escape(f"{value:.4f}" if isinstance(value, float) else str(value))


@cache
def web() -> "FastAPI":
    """Make the app; only the web server gets here, so that no task imports FastAPI for it."""
    from airflow.api_fastapi.core_api.security import requires_access_dag
    from fastapi import Depends, FastAPI, HTTPException
    from fastapi.responses import HTMLResponse

    app = FastAPI(title="movierec: reports", docs_url=None, redoc_url=None, openapi_url=None)

    def serve(kind: str, dag_id: str) -> None:
        guard = Depends(requires_access_dag(method="GET", param_dag_id=dag_id))

        @app.get(f"/{kind}/{{number:int}}/", dependencies=[guard])
        def send(number: int) -> HTMLResponse:
            text = read_report(kind, number)
            if text is None:
                raise HTTPException(404, f"there is no report of that number: {kind}")
            return HTMLResponse(text, headers=HEADERS)

    for kind, (*_, dag_id) in REPORTS.items():
        serve(kind, dag_id)
    return app


class Reports(AirflowPlugin):
    """What Airflow finds in this file."""

    name = "movierec_reports"
    fastapi_apps = [{"app": OnFirstRequest(web), "url_prefix": PREFIX, "name": "movierec_reports"}]  # noqa: RUF012
    operator_extra_links = [QualityLink(), LeaderboardLink(), ListsLink()]  # noqa: RUF012
