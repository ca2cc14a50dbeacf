import pytest

from movierec.db import connect
from movierec.errors import SourceError
from movierec.sources.contract import FEEDBACK_EVENT, USER_PROFILE
from movierec.sources.tables import DatabaseTables


def execute(conninfo, *statements):
    with connect(conninfo) as conn:
        for statement in statements:
            conn.execute(statement)


def test_numbers_come_in_the_order_of_the_key_not_of_their_text(app):
    execute(
        app,
        "insert into feedback_event (event_id, user_id, movie_id, kind) values (11, 1, 1, 'view'), (2, 1, 1, 'view')",
    )
    assert [fields[0] for fields, _ in DatabaseTables(app).read(FEEDBACK_EVENT)] == ["2", "11"]


def test_rows_come_as_text(app):
    execute(app, "insert into user_profile values ('11', '53', 'F', 'other', '94043'), ('2', null, 'M', null, 'T8H1N')")
    assert list(DatabaseTables(app).read(USER_PROFILE)) == [
        (["11", "53", "F", "other", "94043"], None),
        (["2", None, "M", None, "T8H1N"], None),
    ]


def test_times_come_with_their_zone(app):
    execute(
        app,
        "insert into feedback_event (user_id, movie_id, kind, value, created_at)"
        " values (1, 2, 'rating', 4.5, '2026-01-01 12:00+02')",
    )
    assert next(DatabaseTables(app).read(FEEDBACK_EVENT))[0] == [
        "1",
        "1",
        "2",
        "rating",
        "4.5",
        "2026-01-01 10:00:00+00",
    ]


def test_a_new_column_is_kept_beside_the_contracts(app):
    execute(
        app, "alter table user_profile add plan text", "insert into user_profile (user_id, plan) values (1, 'gold')"
    )
    assert next(DatabaseTables(app).read(USER_PROFILE))[1] == {"plan": "gold"}


def test_a_renamed_column_stops_with_table_column_seen_and_required(app):
    execute(app, "alter table user_profile rename gender to sex")
    with pytest.raises(SourceError, match="table user_profile: column gender is missing; seen: user_id, age, sex"):
        list(DatabaseTables(app).read(USER_PROFILE))


def test_a_missing_table_is_named(app):
    execute(app, "drop table feedback_event")
    with pytest.raises(SourceError, match=r"database app_.*, table feedback_event: the table does not exist"):
        list(DatabaseTables(app).read(FEEDBACK_EVENT))
