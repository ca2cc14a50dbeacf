"""What each role must not do, tried; and that none of them is an administrator."""

import psycopg
import pytest

from movierec.db import connect
from movierec.local.postgres import embedded_server, roles

GUESTS = (roles.WEB_ROLE, roles.READER_ROLE)
REFUSED = (psycopg.errors.InsufficientPrivilege, psycopg.errors.InvalidSchemaName)


@pytest.fixture(scope="module")
def guarded(server, night_states):
    """Return the name of a warehouse that is handed over, with one movie and one placement."""

    def fill(conn, app, settings):
        conn.execute("insert into core.movies (movie_id, title) values (1, 'Heat')")
        conn.execute("insert into serving.placement (movie_id, action) values (1, 'hide')")

    name = night_states.get("guarded", fill).warehouse
    roles.hand_over(embedded_server.conninfo(server, embedded_server.MAINTENANCE), name, roles.GUESTS["warehouse"])
    return name


@pytest.fixture
def as_role(server, guarded):
    """Return what opens the warehouse as a role, whatever is done there is taken back."""
    opened = []

    def as_role(role):
        opened.append(connect(embedded_server.conninfo(server, guarded, role)))
        return opened[-1]

    yield as_role
    for connection in opened:
        connection.close()


DEEDS = [
    # other schemas
    *(f"select * from {table}" for table in ("core.ratings", "core.users", "core.events", "past.ratings")),
    *(f"select * from {table}" for table in ("raw.ratings", "staging.ratings", "quarantine.row", "ml.training")),
    *(f"select * from {table}" for table in ("ops.batch", "ops.slice", "ops.pointer_move", "ops.row_rule")),
    "select * from ml.leaderboard",
    *(
        f"select * from ops.{table}"
        for table in ("notice", "night_stage", "list_lineage", "structure", "forgotten_user")
    ),
    # the tables behind the views, and what is about people
    "select * from serving.recommendation",
    "select * from serving.version",
    "select * from serving.viewer_event",
    "select * from serving.incoming_event",
    "select * from serving.placement",
    # writes
    "update serving.live set version_id = 1",
    "delete from serving.placement",
    "insert into serving.placement (movie_id, action) values (1, 'hide')",
    "insert into ops.pointer_move (direction, to_version_id, to_ranker, moved_by, reason)"
    " values ('first', 1, 'ease', 'me', 'none')",
    "truncate serving.viewer_event",
    "lock table serving.live in access exclusive mode",
    # function bodies, and functions that are not for the role
    "create or replace function serving.etag(viewer bigint default null) returns text language sql as 'select 1::text'",
    "alter function serving.etag(bigint) security invoker",
    "alter function serving.etag(bigint) reset search_path",
    "select * from serving.opinion(array[1])",
    "call ops.prune_slices(1, 2)",
    "select ops.note_pointer_move()",
    # names that would come before ours
    "create table serving.mine (id integer)",
    "create table public.mine (id integer)",
    "create schema mine",
    "create temporary table viewer_event (user_id bigint)",
    "create temporary view live as select 1",
    "create function pg_temp.now() returns text language sql as 'select 1::text'",
    # what the pipeline waits for
    "select pg_advisory_lock(7305001)",
    "select pg_advisory_xact_lock(7305002, 1)",
    "select pg_advisory_lock_shared(7305003)",
    "select pg_try_advisory_lock(7305004)",
    # the server: files, programs, large objects, roles, settings
    "select pg_read_file('postgresql.conf')",
    "select pg_read_binary_file('PG_VERSION')",
    "select pg_ls_dir('.')",
    "select * from pg_stat_file('PG_VERSION')",
    "copy (select 1) to program 'true'",
    "copy (select 1) to '/tmp/mine'",
    "select lo_import('/etc/passwd')",
    "select lo_create(0)",
    "select lo_creat(-1)",
    "select lo_from_bytea(0, 'mine')",
    "select * from pg_authid",
    "create role mine",
    "alter role movierec_etl password 'mine'",
    "set role movierec_etl",
    "set role postgres",
    "set session authorization postgres",
    "set session_replication_role = replica",
    "alter table core.movies disable trigger all",
]


@pytest.mark.parametrize("role", GUESTS)
@pytest.mark.parametrize("deed", DEEDS)
def test_a_guest_must_not(as_role, role, deed):
    with pytest.raises(REFUSED):
        as_role(role).execute(deed)


@pytest.mark.parametrize(
    "deed",
    [
        *(f"select * from serving.{call}" for call in ("recommend(1, 5)", "search('heat')", "similar(1, 5, 1)")),
        *(f"select * from serving.{call}" for call in ("feedback_of(1)", "liked(1)", "movie(1)", "shelves(1, 5)")),
        "select serving.etag(1)",
        "select serving.shelves_etag(1)",
        "select serving.give_feedback('a', 1, 1, 'like')",
        "select serving.undo_feedback('a', 1)",
        "select * from serving.feedback_event",
    ],
)
def test_a_dashboard_calls_no_functions_and_sees_no_feedback(as_role, deed):
    with pytest.raises(REFUSED):
        as_role(roles.READER_ROLE).execute(deed)


@pytest.mark.parametrize(
    "view",
    [
        *("serving.live_recommendation", "serving.live_similar_movie", "serving.live_fallback", "serving.freshness"),
        *("ops.pointer_history", "ops.version_lineage", "ops.night", "ops.night_bound", "ops.night_drift", "ops.size"),
    ],
)
def test_a_dashboard_reads_what_is_made_for_it(as_role, view):
    as_role(roles.READER_ROLE).execute(f"select * from {view}")


def test_the_owner_is_no_administrator(conn, server):
    assert conn.execute("select current_user").fetchone() == (roles.OWNER,)
    for deed in (
        "select pg_read_file('postgresql.conf')",
        "copy (select 1) to program 'true'",
        "create role mine",
        "alter role movierec_web superuser",
        "set role postgres",
        "select * from pg_authid",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            conn.execute(deed)
        conn.rollback()
    held = conn.execute(
        "select rolname from pg_roles where rolname like 'movierec%%' and"
        " (rolsuper or rolcreatedb or rolcreaterole or rolreplication or rolbypassrls)"
    ).fetchall()
    assert held == []


def test_the_owner_owns_everything(conn):
    others = conn.execute(
        "select relname from pg_class where relnamespace::regnamespace::text !~ '^(pg_|information_schema)'"
        " and relowner <> 'movierec_etl'::regrole"
        " union all select proname from pg_proc where pronamespace::regnamespace::text !~ '^(pg_|information_schema)'"
        " and proowner <> 'movierec_etl'::regrole"
        " union all select nspname from pg_namespace where nspname !~ '^(pg_|information_schema|public)'"
        " and nspowner <> 'movierec_etl'::regrole"
    ).fetchall()
    assert others == []


def test_no_function_of_ours_is_for_everybody(conn):
    public = conn.execute(
        "select pronamespace::regnamespace || '.' || proname from pg_proc"
        " where pronamespace::regnamespace::text in"
        " ('raw', 'staging', 'quarantine', 'core', 'past', 'ops', 'ml', 'serving')"
        " and has_function_privilege('public', oid, 'execute')"
    ).fetchall()
    assert public == []
    conn.execute("create function serving.later() returns integer language sql as 'select 1'")
    assert conn.execute("select has_function_privilege('public', 'serving.later()', 'execute')").fetchone() == (False,)


@pytest.mark.parametrize("role", GUESTS)
def test_guests_enter_the_warehouse_alone(server, role):
    embedded_server.ensure_databases(server)
    with connect(embedded_server.conninfo(server, "warehouse", role)) as connection:
        assert connection.execute("select has_database_privilege(current_database(), 'temporary')").fetchone() == (
            False,
        )
    for database in ("airflow", "app"):
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            connect(embedded_server.conninfo(server, database, role))
