from datetime import UTC, datetime, timedelta

from movierec.monitoring.notices import MAX_LETTERS, Notice, lateness, record, record_sending

NIGHT = datetime(2026, 3, 1, 2, tzinfo=UTC)


def notice(**changes):
    fields = {
        **{"kind": "failure", "dag_id": "movierec_ingest", "run_id": "one", "task_id": "check_raw", "night": NIGHT},
        **{"message": "gate raw stops batch 7.", "link": "http://airflow/here"},
    }
    return Notice(**fields | changes)


def test_a_notice_says_on_one_line_where_when_what_and_where_to_look():
    said = "movierec_ingest.check_raw failed (night of 2026-03-01 02:00 UTC): gate raw stops batch 7."
    assert notice().text == f"{said} See http://airflow/here"
    assert notice(message="gate raw\nstops  batch 7.", link=None).text == said


def test_a_message_without_a_full_stop_gets_one_before_the_link():
    assert notice(message="a reason is needed").text.endswith(": a reason is needed. See http://airflow/here")


def test_a_mapped_task_is_named_with_its_number_and_a_run_without_a_task():
    assert notice(task_id="extract", map_index=2).subject.startswith("movierec_ingest.extract[2] failed")
    assert notice(task_id=None, night=None).subject == "movierec_ingest failed"


def test_a_long_message_is_cut():
    assert len(notice(message="x" * 5_000).text) < MAX_LETTERS + 150


def test_a_notice_is_kept_with_the_night_of_its_batch(conn):
    as_of = NIGHT - timedelta(days=3)
    conn.execute("insert into ops.batch (run_id, dataset, as_of) values ('one', 'folder', %s)", [as_of])
    notice_id = record(conn, notice())
    other_id = record(conn, notice(run_id="two"))
    query = "select kind, dag_id, task_id, run_id, night, batch_id, sent_to from ops.notice where notice_id = %s"
    assert conn.execute(query, [notice_id]).fetchone() == (
        *("failure", "movierec_ingest", "check_raw", "one", as_of, 1, None),
    )
    assert conn.execute(query, [other_id]).fetchone()[4:6] == (NIGHT, None)


def test_where_a_notice_went_is_kept_and_why_it_did_not(conn):
    sent, unsent = record(conn, notice()), record(conn, notice())
    record_sending(conn, sent, "on_call", None)
    record_sending(conn, unsent, "on_call", "ConnectionRefusedError: nobody there")
    query = "select sent_to, sent_at is not null, sending_error from ops.notice order by notice_id"
    assert conn.execute(query).fetchall() == [
        ("on_call", True, None),
        ("on_call", False, "ConnectionRefusedError: nobody there"),
    ]


def publish(conn, as_of):
    """Point to a version of a night, as far as this is about it."""
    conn.execute(
        "with batch as (insert into ops.batch (run_id, dataset, as_of) values ('one', 'folder', %s)"
        " returning batch_id),"
        " training as (insert into ml.training (run_id, batch_id, seed) select 'one', batch_id, 1 from batch"
        " returning training_id) insert into serving.version (run_id, training_id, ranker, list_length, status)"
        " select 'one', training_id, 'ease', 50, 'published' from training",
        [as_of],
    )
    conn.execute("insert into serving.live (version_id) select max(version_id) from serving.version")


def test_lists_are_late_until_those_of_the_night_or_of_a_later_one_are_live(conn):
    assert lateness(conn, NIGHT) == "no lists are live at all."
    publish(conn, NIGHT)
    assert lateness(conn, NIGHT) is None
    assert lateness(conn, NIGHT - timedelta(days=1)) is None
    late = "live is still version 1, of the night of 2026-03-01 02:00 UTC."
    assert lateness(conn, NIGHT + timedelta(days=1)) == late
