"""Values at the edge of their type, and JSON that means harm: a harmless result or one sentence, never another error.

Every function that the web application may call is asked as its role, over a version that is live.
"""

import json

import psycopg
import pytest

from movierec.db import connect
from movierec.local.postgres.roles import ADMINISTRATOR, OWNER
from tests.faults.test_injection import FUNCTIONS, PAYLOADS
from tests.web import small_warehouse

VIEWER, MOVIE = 1, 1
HOSTILE = {
    "bigint": ["0", "-1", "9223372036854775807", "-9223372036854775808", "null"],
    "integer": ["0", "-1", "2147483647", "-2147483648", "null"],
    "numeric": ["0", "-1", "'1e131071'", "'-1e-16383'", "'NaN'", "'Infinity'", "null"],
    "text": [
        *("''", "' '", "null", "'%%'", "'_'", r"e'\\'", r"e'\x01\x7f'", "repeat('star ', 200000)", "repeat('́', 5000)"),
        *(r"u&'\FFFF\202E\+01F600'", "'(((((((((a+)+)+)+)+)+)+)+)+)$'", "repeat('ﷺ', 100000)"),
    ],
    "text[]": ["'{}'", "'{null}'", "'{{a,b},{c,d}}'", "array_fill('Drama'::text, array[100000])", "null"],
    "bigint[]": ["'{}'", "'{null}'", "'{{1,2},{3,4}}'", "array_fill(1::bigint, array[100000])", "'[-5:-4]={1,2}'"],
}
USUAL = {"bigint": "1", "integer": "5", "numeric": "4", "text": "'like'", "jsonb": "'[]'"}
BEYOND = {
    "bigint": ["9223372036854775808", "-9223372036854775809", "1e400", "NaN", "", "1; select 1", "0x", "{1}"],
    "integer": ["2147483648", "1.5", "Infinity"],
    "numeric": ["1e131072", "four"],
    "text[]": ["{", "{{a},{b,c}}", "a"],
    "bigint[]": ["{a}", "{1", "{9223372036854775808}"],
    "jsonb": ["", "{", "[1,]", '["\\u0000"]', '["\\ud800"]', "nul", '{"a":1', "NaN", "\x01"],
}
TIMES = ("infinity", "-infinity", "now", "today", "epoch", "allballs", "0000-00-00", "294277-01-01", "99999-01-01", "0")
NUMBERS = ("1e400", "-1e400", "1e-400", "1e999999999", "9" * 5_000, "-0", "1.5", "4,5", "Infinity", "NaN", "\t1", "+1")
REFUSED_LISTS = ["null", "1", '"x"', "{}", "true", json.dumps([{}] * 1_001)]
STATE = "select (select count(*) from pg_class), (select count(*) from pg_proc), (select count(*) from pg_roles)"


@pytest.fixture
def administrator(warehouse):
    """Publish a small version, and connect as who may take on any role."""
    with connect(warehouse) as conn:
        small_warehouse.fill(conn)
        conn.commit()
    with psycopg.connect(warehouse.replace(f"user={OWNER}", f"user={ADMINISTRATOR}")) as conn:
        conn.execute("set statement_timeout = '20s'")
        conn.commit()
        yield conn


def calls(conn):
    """Return each function that the web application may call, with the types of its parameters."""
    return [(name, kinds) for _, name, kinds in conn.execute(FUNCTIONS).fetchall()]


def call(conn, name, values, kinds, role="movierec_web"):
    """Call a function as a role, undo what it did, and return its rows."""
    given = ", ".join(f"cast({value} as {kind})" for value, kind in zip(values, kinds, strict=True))
    with conn.transaction(force_rollback=True):
        conn.execute(f"set local role {role}")
        return conn.execute(f"select * from serving.{name}({given})").fetchall()


def usual_value(kind):
    return USUAL.get(kind, "null")


def test_a_value_at_the_edge_of_its_type_is_answered(administrator):
    asked = 0
    for name, kinds in calls(administrator):
        for position, kind in enumerate(kinds):
            for value in HOSTILE.get(kind, ()):
                values = [value if position == other else usual_value(each) for other, each in enumerate(kinds)]
                rows = call(administrator, name, values, kinds)
                assert len(rows) <= 1_000, (name, values)
                asked += 1
    assert asked > 100


def test_all_parameters_at_the_edge_at_once_are_answered(administrator):
    for name, kinds in calls(administrator):
        for pick in (0, 2, 3, -1):
            values = [
                HOSTILE[kind][pick % len(HOSTILE[kind])] if kind in HOSTILE else usual_value(kind) for kind in kinds
            ]
            call(administrator, name, values, kinds)


def test_a_value_that_is_none_of_its_type_is_refused_before_anything_is_done(administrator):
    for name, kinds in calls(administrator):
        for position, kind in enumerate(kinds):
            for value in BEYOND.get(kind, ()):
                quoted = "'" + value.replace("'", "''") + "'"
                values = [quoted if position == other else usual_value(each) for other, each in enumerate(kinds)]
                with pytest.raises(psycopg.DataError):
                    call(administrator, name, values, kinds)


def test_a_nul_never_reaches_the_server(administrator):
    with pytest.raises(psycopg.DataError, match="NUL"):
        administrator.execute("select * from serving.search(%s)", ["star\0wars"])


def test_who_only_reads_may_call_none_of_them(administrator):
    for name, kinds in calls(administrator):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            call(administrator, name, [usual_value(kind) for kind in kinds], kinds, "movierec_reader")


def feedback(conn, events):
    """Send JSON text as the web application does; return the outcomes."""
    conn.commit()
    with conn.transaction():
        conn.execute("set local role movierec_web")
        return [row[1:] for row in conn.execute("select * from serving.give_feedback(%s::jsonb)", [events]).fetchall()]


@pytest.mark.parametrize("events", REFUSED_LISTS, ids=range(len(REFUSED_LISTS)))
def test_what_is_no_list_of_events_is_refused_with_a_sentence(administrator, events):
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="feedback is a list of at most 1000 events"):
        feedback(administrator, events)


def event(**changes):
    return {"event_id": "one", "user_id": VIEWER, "movie_id": MOVIE, "kind": "rating", "value": 4, **changes}


NESTED = json.loads("[" * 500 + "]" * 500)
STRANGE = [None, True, [], {}, [1], {"user_id": 1}, "", "1'; drop table serving.version; --", *PAYLOADS, NESTED]
STRANGE.append("x" * 500_000)


def test_an_event_with_a_strange_value_is_rejected_with_its_reason_and_stops_no_other(administrator):
    before = administrator.execute(STATE).fetchone()
    for key in ("user_id", "movie_id", "kind", "value", "created_at", "event_id"):
        strange = [*STRANGE, *(NUMBERS if key != "created_at" else TIMES)]
        # one after the other: of equal ids only the first would be looked at
        events = [event(**{"event_id": f"{key} {number}", key: value}) for number, value in enumerate(strange)]
        outcomes = feedback(administrator, json.dumps([*events, event(event_id=f"{key}, the good one")]))
        assert len(outcomes) == len(events) + 1
        assert outcomes[-1] == ("accepted", None)
        for (outcome, message), value in zip(outcomes, strange, strict=False):
            assert (outcome == "rejected") == bool(message), (key, value)
    assert administrator.execute(STATE).fetchone() == before
    kept = "select distinct user_id, movie_id from serving.viewer_event"
    assert administrator.execute(kept).fetchall() == [(VIEWER, MOVIE)]
    assert administrator.execute("select version_id from serving.live").fetchone() is not None


@pytest.mark.parametrize(
    "element", ["null", "1", '"x"', "[]", "[[[]]]", "[{}]", "{}", '{"user_id": {"a": [1]}}', '{"event_id": null}']
)
def test_what_is_no_event_is_rejected_and_stops_no_other(administrator, element):
    outcomes = feedback(administrator, f"[{element}, {json.dumps(event())}]")
    assert [outcome for outcome, _ in outcomes] == ["rejected", "accepted"]
    assert outcomes[0][1]


def test_json_nested_without_end_is_refused_by_the_server(administrator):
    with pytest.raises(psycopg.errors.StatementTooComplex):
        feedback(administrator, "[" * 1_000_000 + "]" * 1_000_000)
    assert feedback(administrator, json.dumps([event()])) == [("accepted", None)]
