"""Notices of the DAGs for real: a failure, a question that waits, a missed deadline, and the ways they are sent."""

import json
import re
import sys
from datetime import UTC, datetime, timedelta

import pytest

from movierec.deadline import night_before
from tests import movielens
from tests.dags.test_nights import query, states
from tests.http_servers import serving
from tests.mailbox import Mailbox, make_certificate
from tests.web_hook import WebHook

NOTICES = "select kind, dag_id, task_id, message, link, sent_to, sending_error from ops.notice order by notice_id"
PLACES_OF_WORKFLOWS = (
    "prod-7.westeurope.logic.azure.com:443",
    "default0f.03.environment.api.powerplatform.com:443/powerautomate/automations/direct",
)
SENTENCE = "tiny.inter: column rating is missing; seen: user_id, item_id, score, timestamp"


@pytest.fixture
def box():
    with serving(Mailbox()) as server:
        yield server


@pytest.fixture
def hook():
    with serving(WebHook()) as server:
        yield server


# What docs/operations.md names: the connection to a server on loopback, and where in a post the text stands.
RECEIVERS = {
    "slackwebhook": (
        lambda server: {"schema": "http", "host": f"{server}/services", "password": "T0/B0/X0"},
        ("/services/T0/B0/X0", "text"),
    ),
    "slack": (
        lambda server: {
            "password": "xoxb-0",
            "extra": {"base_url": f"http://{server}/api/", "notice": {"channel": "#nights"}},
        },
        ("/api/chat.postMessage", "text"),
    ),
    "http": (
        lambda server: {
            "host": f"http://{server}",
            "extra": {"notice": {"endpoint": "/workflows/7", "headers": {"X-Key": "k7"}}},
        },
        ("/workflows/7", "text"),
    ),
    "apprise": (
        lambda server: {"extra": {"config": {"path": f"json://{server}/told", "tag": "all"}}},
        ("/told", "message"),
    ),
}


@pytest.fixture
def broken(tmp_path):
    """Return a dataset that breaks its contract."""
    folder = movielens.generate(tmp_path / "renamed")
    text = (folder / "tiny.inter").read_text().replace("rating:float", "score:float")
    (folder / "tiny.inter").write_text(text)
    return folder


def connect_to(monkeypatch, **connection):
    monkeypatch.setenv("AIRFLOW_CONN_ON_CALL", json.dumps(connection))
    monkeypatch.setenv("MOVIEREC_NOTIFY", "on_call")


def test_a_failure_is_told_in_one_line_of_the_log_and_a_row(night, broken, caplog):
    run = night.run("movierec_ingest", dataset=str(broken))
    assert run.state == "failed"
    rows = [row for row in query(night.warehouse, NOTICES) if row[2] == "extract"]
    ((kind, dag_id, _, message, link, sent_to, error),) = rows
    assert (kind, dag_id, sent_to, error) == ("failure", "movierec_ingest", None, None)
    assert message.startswith("movierec_ingest.extract[0] failed (night of ")
    assert SENTENCE in message
    assert message.endswith(f"See {link}")
    assert "/dags/movierec_ingest/runs/" in link
    assert "/tasks/extract/mapped/0" in link
    assert f"NOTICE {message}" in caplog.text
    ((batch_id, of_night),) = query(night.warehouse, "select distinct batch_id, night from ops.notice")
    assert (batch_id, of_night) == query(night.warehouse, "select batch_id, as_of from ops.batch")[0]


def test_a_failure_comes_by_e_mail_where_a_connection_says_so(night, box, monkeypatch):
    extra = {"disable_ssl": True, "disable_tls": True, "from_email": "movierec@here"}
    extra |= {"notice": {"to": "ana@here"}}
    connect_to(monkeypatch, conn_type="smtp", host="127.0.0.1", port=box.server_address[1], extra=extra)
    night.run("movierec_publish")
    mail = next(it for it in box.messages if "open_version" in it["Subject"])
    assert (mail["To"], mail["From"]) == ("ana@here", "movierec@here")
    assert mail["Subject"].startswith("movierec_publish.open_version failed")
    assert "no champion has been chosen yet; run movierec_train first" in mail.get_body().get_content()
    sent = query(night.warehouse, "select distinct sent_to, sent_at is not null, sending_error from ops.notice")
    assert sent == [("on_call", True, None)]


# What docs/operations.md says of the connection to servers that encrypt in either way, or not.
ENCRYPTIONS = {
    "from the start": {"disable_tls": True},
    "starttls": {"disable_ssl": True},
    "none": {"disable_tls": True, "disable_ssl": True},
}


@pytest.mark.parametrize("encryption", ENCRYPTIONS)
def test_e_mail_goes_to_servers_that_encrypt_from_the_start_by_starttls_or_not(
    airflow, monkeypatch, tmp_path, encryption
):
    from movierec.monitoring.notices import Notice
    from movierec_notices import send

    certificate = make_certificate(tmp_path / "server.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    extra = {"from_email": "movierec@here", "notice": {"to": "ana@here"}, **ENCRYPTIONS[encryption]}
    with serving(Mailbox(encryption, certificate)) as server:
        connect_to(monkeypatch, conn_type="smtp", host="127.0.0.1", port=server.server_address[1], extra=extra)
        send(Notice("failure", "movierec_ingest", "one", "the source is gone"), "on_call")
    (mail,) = server.messages
    assert "the source is gone" in mail.get_body().get_content()


@pytest.mark.parametrize("conn_type", RECEIVERS)
def test_every_kind_of_notice_reaches_every_kind_of_receiver(airflow, hook, monkeypatch, conn_type):
    from movierec.monitoring.notices import KINDS, Notice
    from movierec_notices import send

    connection, (path, field) = RECEIVERS[conn_type]
    connect_to(monkeypatch, conn_type=conn_type, **connection(hook.address))
    for kind in KINDS:
        send(Notice(kind, "movierec_train", "one", "what {{ happened }} & 'how'"), "on_call")
    assert [post.path for post in hook.posts] == [path] * len(KINDS)
    told = [Notice(kind, "movierec_train", "one", "what {{ happened }} & 'how'").text for kind in KINDS]
    assert [post.fields[field] for post in hook.posts] == told
    assert all("notice" not in post.headers for post in hook.posts)
    if conn_type == "http":
        assert {post.headers["X-Key"] for post in hook.posts} == {"k7"}


def test_a_workflow_of_teams_is_posted_a_card_which_is_all_that_it_shows(airflow, monkeypatch, tmp_path):
    from apprise import Apprise

    from movierec.monitoring.notices import Notice
    from movierec_notices import send

    with serving(WebHook(make_certificate(tmp_path / "server.pem"))) as server:
        workflow = f"workflows://{server.address}/643e/of-the-hook/?verify=no"
        connect_to(monkeypatch, conn_type="apprise", extra={"config": {"path": workflow, "tag": "all"}})
        send(Notice("failure", "movierec_ingest", "one", "the source is gone"), "on_call")
    ((path, _, fields),) = server.posts
    assert path.startswith("/workflows/643e/triggers/manual/paths/invoke?")
    (card,) = fields["attachments"]
    assert card["contentType"] == "application/vnd.microsoft.card.adaptive"
    told = [each.get("text", "").replace("\\_", "_") for each in card["content"]["body"]]
    assert "movierec_ingest failed: the source is gone" in told
    # as Teams shows the address, in the form of either year
    for place in PLACES_OF_WORKFLOWS:
        shown = f"https://{place}/workflows/643e/triggers/manual/paths/invoke?api-version=1&sp=%2Ft&sig=of-the-hook"
        assert type(Apprise.instantiate(shown)).__name__ == "NotifyWorkflows", shown


# What keeps a notice from being taken, of which only the row tells, and what it says.
REFUSALS = {
    "a service of Apprise": (
        lambda server: {"conn_type": "apprise", "extra": {"config": {"path": f"json://{server}/told", "tag": "all"}}},
        "RuntimeError: .*error=401",
    ),
    "Apprise without a service": (
        lambda _: {"conn_type": "apprise", "extra": {"config": {"path": "no such service", "tag": "all"}}},
        "RuntimeError: .*",
    ),
    "a web hook that nobody reaches": (
        lambda _: {
            "conn_type": "http",
            "host": "http://127.0.0.1:9",
            "extra": {"notice": {"endpoint": "/hooks/7?sig=of-the-hook"}},
        },
        "ConnectionError: .*Connection refused",
    ),
}


@pytest.mark.parametrize("refusal", REFUSALS)
def test_what_keeps_a_notice_from_being_taken_is_kept_without_the_address(
    night, hook, monkeypatch, caplog, capfd, refusal
):
    connection, expected = REFUSALS[refusal]
    hook.status = 401
    connect_to(monkeypatch, **connection(hook.address))
    night.run("movierec_publish")
    ((error,),) = query(night.warehouse, "select distinct sending_error from ops.notice")
    assert re.match(expected, error)
    assert "of-the-hook" not in error + caplog.text + "".join(capfd.readouterr())
    assert f"the notice could not be sent through the connection 'on_call': {error}" in caplog.text


def test_a_failed_task_and_a_missed_deadline_come_by_web_hook(airflow, night, hook, monkeypatch):
    connection, _ = RECEIVERS["slackwebhook"]
    connect_to(monkeypatch, conn_type="slackwebhook", **connection(hook.address))
    night.run("movierec_publish")
    miss_the_deadline(airflow)
    told = [post.fields["text"].partition(" (")[0] for post in hook.posts]
    assert "movierec_publish.open_version failed" in told
    assert told[-1] == "movierec_watch is late"
    sent = query(night.warehouse, "select distinct sent_to, sent_at is not null, sending_error from ops.notice")
    assert sent == [("on_call", True, None)]


def test_a_notice_that_cannot_be_sent_is_kept_with_the_reason(night, monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, "airflow.providers.slack.notifications.slack_webhook", None)  # as if not installed
    secret = "-".join(("of", "the", "hook"))
    connect_to(monkeypatch, conn_type="slackwebhook", password=secret)
    night.run("movierec_publish")
    ((error,),) = query(night.warehouse, "select distinct sending_error from ops.notice")
    assert "SlackWebhookNotifier of connections of type slackwebhook cannot be imported" in error
    assert "its provider has to be installed beside Airflow" in error
    assert secret not in error + caplog.text


def test_any_other_notifier_is_named_by_the_connection_and_told_the_text_as_it_is(airflow, monkeypatch, tmp_path):
    from movierec.monitoring.notices import Notice
    from movierec_notices import send

    (tmp_path / "own_notifier.py").write_text(
        "from pathlib import Path\n"
        "from airflow.sdk import BaseNotifier\n"
        "class ToFile(BaseNotifier):\n"
        "    template_fields = ('text',)\n"
        "    def __init__(self, text, path):\n"
        "        super().__init__()\n"
        "        self.text, self.path = text, path\n"
        "    def notify(self, context):\n"
        "        Path(self.path).write_text(self.text)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    arguments = {"text": "[{{ notice.kind }}] {{ notice.text }}", "path": str(tmp_path / "said")}
    extra = {"notice": {"notifier": "own_notifier.ToFile", **arguments}}
    connect_to(monkeypatch, conn_type="generic", extra=extra)
    send(Notice("drift", "movierec_publish", "one", "what {{ var.value.secret }} stands here"), "on_call")
    said = "[drift] movierec_publish is unusual: what {{ var.value.secret }} stands here"
    assert (tmp_path / "said").read_text() == said


def test_a_connection_of_an_unknown_type_is_refused_with_what_is_allowed(airflow, monkeypatch):
    from movierec.errors import ConfigError
    from movierec.monitoring.notices import Notice
    from movierec_notices import send

    connect_to(monkeypatch, conn_type="ftp", host="here")
    with pytest.raises(ConfigError, match="'on_call' is of type ftp; allowed are smtp, slackwebhook, slack, apprise"):
        send(Notice("drift", "movierec_publish", "one", "so"), "on_call")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ValueError("mail of ana@here"), "builtins.ValueError, in every attempt; its log says more."),
        (None, "its process ended without a word"),
        ("killed", "its process ended without a word"),
    ],
)
def test_what_other_programs_say_stays_in_the_log(airflow, error, expected):
    from movierec_notices import describe_failure

    assert describe_failure(error, None).startswith(expected)


def test_a_mapped_task_that_is_ended_while_it_starts_is_said_to_be(airflow):
    from movierec_notices import describe_failure

    mapped = airflow.dags["movierec_publish"].task_dict["write_lists"]
    with pytest.raises(AttributeError) as ended:
        mapped.on_kill()  # as Airflow does on SIGTERM, also before the task has been unmapped
    assert describe_failure(ended.value, None).startswith("its process was ended from outside while it started, as ")


def test_every_task_and_every_dag_tells_of_a_failure(airflow):
    for dag in airflow.dags.values():
        for told in (dag.on_failure_callback, *(task.on_failure_callback for task in dag.tasks)):
            assert "Notify" in [type(each).__name__ for each in told]


def test_a_run_that_failed_because_a_task_did_is_told_once_and_one_that_ended_otherwise_too(airflow, night):
    from movierec_notices import Notify

    dag = airflow.dags["movierec_train"]
    for reason in ("task_failure", "timed_out", "all_tasks_deadlocked"):
        Notify("failure")({"dag": dag, "run_id": "one", "reason": reason})
    messages = query(night.warehouse, "select message from ops.notice order by notice_id")
    assert messages == [
        ("movierec_train failed: the run took longer than its DAG allows.",),
        ("movierec_train failed: none of the tasks that were left could start (all_tasks_deadlocked).",),
    ]


@pytest.mark.parametrize("reason", ["timed_out", "all_tasks_deadlocked"])
def test_a_run_that_ended_before_its_last_task_leaves_the_row_of_its_night(airflow, conn, night, reason):
    dag = airflow.dags["movierec_ingest"]
    conn.execute("insert into ops.batch (run_id, dataset, as_of) values ('long', 'here', '2026-02-01')")
    conn.commit()
    for ended, rows in (("task_failure", []), (reason, [("open", None)])):
        for tell in dag.on_failure_callback:
            tell({"dag": dag, "run_id": "long", "reason": ended})
        assert query(night.warehouse, "select status, version_id from ops.night") == rows


def miss_the_deadline(airflow):
    """Let a run of movierec_watch miss its deadline, as the scheduler and its executor do."""
    from airflow.models.deadline import Deadline
    from airflow.models.serialized_dag import SerializedDagModel
    from airflow.sdk.execution_time.callback_supervisor import execute_callback
    from airflow.utils.session import create_session
    from airflow.utils.state import DagRunState
    from airflow.utils.types import DagRunTriggeredByType, DagRunType
    from sqlalchemy import select
    from structlog import get_logger

    start = night_before(datetime.now(UTC)) - timedelta(days=1)
    with create_session(scoped=False) as session:
        dag = SerializedDagModel.get_dag("movierec_watch", session=session)
        run = dag.create_dagrun(
            **{"run_id": f"scheduled__{start.isoformat()}", "logical_date": start, "run_after": start},
            **{"data_interval": (start, start), "run_type": DagRunType.SCHEDULED, "state": DagRunState.RUNNING},
            **{"triggered_by": DagRunTriggeredByType.TIMETABLE, "session": session},
        )
        session.flush()
        deadline = session.scalars(select(Deadline).where(Deadline.dagrun_id == run.id)).one()
        due = deadline.deadline_time
        deadline.handle_miss(session)
        data = dict(deadline.callback.data)
        session.delete(run)
    assert execute_callback(data["path"], data["kwargs"], "movierec_watch.py", None, get_logger()) == (True, None)
    return start, due


def test_lists_that_are_not_live_in_time_are_told_of(airflow, night):
    assert states(night.run("movierec_publish"))["open_version"] == "failed"  # and Airflow knows its DAGs
    start, due = miss_the_deadline(airflow)
    assert due == start + timedelta(hours=4)
    ((message, of_night),) = query(night.warehouse, "select message, night from ops.notice where kind = 'deadline'")
    assert message.startswith(f"movierec_watch is late (night of {start:%Y-%m-%d} 02:00 UTC): the lists of this night")
    assert "no lists are live at all. See http" in message
    assert of_night == start


def test_the_watch_ends_once_lists_of_its_night_are_live(airflow, night, monkeypatch):
    monkeypatch.setattr(airflow.dags["movierec_watch"], "deadline", None)  # DAG.test() does not know of deadlines
    from movierec.db import connect
    from tests.monitoring.test_notices import publish

    with connect(night.warehouse) as conn:
        publish(conn, datetime.now(UTC))
    run = night.run("movierec_watch")
    assert states(run) == {"await_lists": "success"}
