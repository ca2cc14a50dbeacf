"""Notices: on a failure, a question that waits and a missed deadline, one line to the log, a row, and one connection.

Each notice is a line in the log of where it happened and a row of `ops.notice`. Where MOVIEREC_NOTIFY names an Airflow
connection it is sent through the notifier that Airflow's providers have for connections of that type. The field
`notice` of the connection's extra holds further arguments of the notifier (templates, of `notice.text`,
`notice.subject`, `notice.link`), or as `notifier` the path of any other notifier.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseNotifier

from movierec.dag_ids import INGEST
from movierec_connections import base_url, open_connection, settings

if TYPE_CHECKING:
    from movierec.monitoring.notices import Notice

log = logging.getLogger(__name__)

# Connection type: the notifier, the argument that takes the connection, and what it is told unless the extra says more.
NOTIFIERS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "smtp": (
        "airflow.providers.smtp.notifications.smtp.SmtpNotifier",
        "smtp_conn_id",
        {"subject": "{{ notice.subject }}", "html_content": "<p>{{ notice.text | e }}</p>"},
    ),
    "slackwebhook": (
        "airflow.providers.slack.notifications.slack_webhook.SlackWebhookNotifier",
        "slack_webhook_conn_id",
        {"text": "{{ notice.text }}"},
    ),
    "slack": (
        "airflow.providers.slack.notifications.slack.SlackNotifier",
        "slack_conn_id",
        {"text": "{{ notice.text }}"},
    ),
    "apprise": (
        "airflow.providers.apprise.notifications.apprise.AppriseNotifier",
        "apprise_conn_id",
        {"title": "{{ notice.subject }}", "body": "{{ notice.text }}"},
    ),
    "http": (  # whatever takes JSON by a web hook
        "airflow.providers.http.notifications.http.HttpNotifier",
        "http_conn_id",
        # The hook takes what it does not know in a connection's extra for headers; None takes one away again.
        {"json": {"text": "{{ notice.text }}"}, "headers": {"notice": None}},
    ),
}


SHORTEST_SECRET = 7  # letters; what is no longer stands in logs for other things, too

# Why a run ended, by Airflow's words for it.
RUN_ENDED = {
    "timed_out": "the run took longer than its DAG allows.",
    "all_tasks_deadlocked": "none of the tasks that were left could start (all_tasks_deadlocked).",
}


class Notify(BaseNotifier):
    """Makes a notice of the task that it is called for, by what Airflow hands to a callback."""

    def __init__(self, kind: str, **kwargs: Any) -> None:
        """Store which kind of notice it makes, one of `movierec.monitoring.notices.KINDS`."""
        super().__init__(**kwargs)
        self.kind = kind

    def notify(self, context: Any) -> None:
        """Announce what happened; of a run that failed because a task did, that task has told."""
        reason = context.get("reason")
        if reason != "task_failure":
            announce(notice_of(self.kind, context, reason))


def notice_of(kind: str, context: Any, reason: str | None = None, message: str | None = None) -> "Notice":
    """Return the notice of a task, or where there is a reason that of its whole run; the message says what happened."""
    from movierec.monitoring.notices import Notice

    ti, run = context.get("ti"), context.get("dag_run")
    of_task = ti is not None and reason is None
    return Notice(
        kind=kind,
        dag_id=ti.dag_id if ti is not None else context["dag"].dag_id,
        run_id=ti.run_id if ti is not None else context["run_id"],
        task_id=ti.task_id if of_task else None,
        map_index=map_index_of(ti) if of_task else -1,
        night=(run.logical_date or run.run_after) if run is not None else None,
        message=message or _message(kind, context, reason),
        link=_link(kind, context, of_task),
    )


def map_index_of(ti: Any) -> int:
    """Return which of several mapped tasks this is; -1 for a task that is not mapped."""
    return -1 if ti.map_index is None else int(ti.map_index)


def describe_failure(error: object, reason: str | None) -> str:
    """Say why a task or a run failed: by a sentence of ours, else by the kind of error alone.

    What other programs put into their errors may be a value of somebody's row.
    """
    from airflow.sdk.exceptions import AirflowFailException, AirflowSensorTimeout, AirflowTaskTimeout

    from movierec.errors import MovierecError

    if reason:
        return RUN_ENDED.get(reason, f"the run ended: {reason}.")
    if isinstance(error, (AirflowFailException, MovierecError)):
        return str(error)
    for kind, sentence in (
        (AirflowSensorTimeout, "what it waited for did not come in time."),
        (AirflowTaskTimeout, "it took longer than its task allows."),
    ):
        if isinstance(error, kind):
            return sentence
    if isinstance(error, AttributeError) and error.name == "on_kill":
        # Airflow calls it on SIGTERM, and a mapped task has it only once its process has unmapped it.
        return "its process was ended from outside while it started, as where its heartbeat did not arrive in time."
    if isinstance(error, BaseException):
        return f"{type(error).__module__}.{type(error).__qualname__}, in every attempt; its log says more."
    return "its process ended without a word, as if it had been killed or memory had run out."


def announce_missed_deadline(context: dict[str, Any]) -> None:
    """Announce that the lists of a night are not live yet; Airflow calls this once the deadline has passed.

    Args:
        context: the run as the API returns it, and the deadline.
    """
    from movierec.monitoring.notices import Notice

    run, deadline = context["dag_run"], context["deadline"]["deadline_time"]
    night = datetime.fromisoformat(str(run["logical_date"] or run["run_after"]))
    base = base_url()
    announce(
        Notice(
            kind="deadline",
            dag_id=run["dag_id"],
            run_id=run["dag_run_id"],
            night=night,
            message=f"the lists of this night are not live at {deadline}; {_lateness(night)}",
            link=f"{base}/dags/{INGEST}/runs" if base else None,
        )
    )


def announce(notice: "Notice") -> None:
    """Write a notice to the log and to `ops.notice`, and send it where a connection is set.

    None of these keeps the next from being tried, and none fails the task that the notice is about.
    """
    log.log(logging.WARNING if notice.kind in ("question", "drift") else logging.ERROR, "NOTICE %s", notice.text)
    notice_id = _record(notice)
    conn_id = settings().notify
    if not conn_id:
        return
    from airflow.sdk._shared.secrets_masker import redact

    error = None
    try:
        send(notice, conn_id)
    except Exception as problem:  # whatever a notifier raises
        error = str(redact(f"{type(problem).__name__}: {problem}"))
        log.error("the notice could not be sent through the connection '%s': %s", conn_id, error)
    _record_sending(notice_id, conn_id, error)


def send(notice: "Notice", conn_id: str) -> None:
    """Send a notice through the notifier of a connection.

    Raises:
        ConfigError: no notifier is known for connections of that type, or its provider is not installed.
        RuntimeError: a service of Apprise did not take it. Other notifiers raise errors of their own.
    """
    from airflow.sdk import Connection

    from movierec.errors import ConfigError

    connection = Connection.get(conn_id)
    extra = dict(connection.extra_dejson.get("notice") or {})
    _mask_addresses(extra.get("endpoint"), connection.extra_dejson.get("config"))
    known = NOTIFIERS.get(connection.conn_type)
    path = extra.pop("notifier", known[0] if known else None)
    if path is None:
        raise ConfigError(
            f"the connection '{conn_id}' is of type {connection.conn_type}; allowed are {', '.join(NOTIFIERS)}, "
            "or any with the path of a notifier in notice.notifier of its extra"
        )
    arguments = {known[1]: conn_id, **known[2]} if known and path == known[0] else {}
    if "headers" in arguments:
        extra["headers"] = {**extra.get("headers", {}), **arguments["headers"]}
    fields = {"subject": notice.subject, "text": notice.text, "link": notice.link or "", "kind": notice.kind}
    notifier = _notifier(path, connection.conn_type)
    if path == NOTIFIERS["apprise"][0]:
        notifier = _that_fails(notifier)
    notifier(**arguments | extra)({"notice": fields})


def _mask_addresses(*values: Any) -> None:
    """Let neither logs nor errors show the addresses of web hooks: who knows one may post there."""
    from airflow.sdk.log import mask_secret

    for value in values:
        if isinstance(value, str) and len(value) > SHORTEST_SECRET:
            mask_secret(value)
        elif isinstance(value, (dict, list)):
            _mask_addresses(*(value.values() if isinstance(value, dict) else value))


def _that_fails(notifier: Any) -> Any:
    """Return Airflow's notifier for Apprise as one that fails where a service does; Airflow passes over that."""
    from apprise import Apprise, LogCapture

    class Failing(notifier):  # type: ignore[misc]
        def notify(self, context: Any) -> None:
            services = Apprise()
            with LogCapture(level=logging.WARNING, fmt="%(message)s") as said:  # type: ignore[no-untyped-call]
                self.hook.set_config_from_conn(self.hook.get_connection(self.hook.apprise_conn_id), services)
                taken = ("body", "title", "notify_type", "body_format", "tag", "attach", "interpret_escapes")
                if not services.notify(**{name: getattr(self, name) for name in taken}):
                    reason = " ".join(said.getvalue().split())
                    raise RuntimeError(reason or "the connection's config names no service for this tag")

    return Failing


def _notifier(path: str, conn_type: str) -> Any:
    from importlib import import_module

    from movierec.errors import ConfigError

    module, _, name = path.rpartition(".")
    try:
        return getattr(import_module(module), name)
    except (ImportError, ValueError, AttributeError) as error:
        raise ConfigError(
            f"the notifier {path} of connections of type {conn_type} cannot be imported ({error}); "
            "its provider has to be installed beside Airflow"
        ) from error


def _record(notice: "Notice") -> int | None:
    from movierec.monitoring.notices import record

    with _logged_failure("the notice could not be written to ops.notice"), open_connection() as conn:
        return record(conn, notice)
    return None


def _record_sending(notice_id: int | None, conn_id: str, error: str | None) -> None:
    from movierec.monitoring.notices import record_sending

    if notice_id is None:
        return
    failure = "whether the notice was sent could not be written to ops.notice"
    with _logged_failure(failure), open_connection() as conn:
        record_sending(conn, notice_id, conn_id, error)


def _lateness(night: datetime) -> str:
    from movierec.monitoring import notices

    with _logged_failure("the warehouse does not say which lists are live"), open_connection() as conn:
        return notices.lateness(conn, night) or "they have come since."
    return "the warehouse does not say which are."


@contextmanager
def _logged_failure(sentence: str) -> Iterator[None]:
    """Go on after an error, and leave it in the log: the warehouse may be what the notice is about."""
    try:
        yield
    except Exception:
        log.exception(sentence)


def _message(kind: str, context: Any, reason: str | None) -> str:
    if kind == "question":
        return f"{context['task'].subject} {context['task'].body or ''}"
    return describe_failure(context.get("exception"), reason)


def _link(kind: str, context: Any, of_task: bool) -> str | None:
    if kind == "question":
        return str(context["task"].generate_link_to_ui_from_context(context=context))
    return str(context["ti"].log_url) if of_task else None
