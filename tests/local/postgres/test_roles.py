"""Roles and their passwords, and a state folder of a version before roles."""

from contextlib import ExitStack
from dataclasses import replace

import psycopg
import pytest

from movierec import warehouse
from movierec.db import connect
from movierec.errors import MovierecError
from movierec.local import container_setup, demo_app
from movierec.local.postgres import embedded_server, roles
from tests import movielens
from tests.installation import QUICK

OWNERS = """
    select distinct relowner::regrole::text from pg_class
    where relnamespace::regnamespace::text !~ '^(pg_|information_schema)'
    union select distinct proowner::regrole::text from pg_proc
    where pronamespace::regnamespace::text !~ '^(pg_|information_schema)'
    union select nspowner::regrole::text from pg_namespace where nspname in ('core', 'serving')
    union select datdba::regrole::text from pg_database where datname = current_database()
    union select typowner::regrole::text from pg_type where typname = 'mood'
"""


def as_administrator(settings, database):
    return embedded_server.conninfo(settings, database, roles.ADMINISTRATOR)


def ask_for_passwords(settings):
    hba = embedded_server.data_directory(settings) / "pg_hba.conf"
    hba.write_text(hba.read_text().replace("trust", "scram-sha-256"))
    embedded_server.stop(settings)
    embedded_server.start(settings, QUICK)


@pytest.fixture
def old_installation(server, tmp_path):
    """Make databases as versions before roles did: everything is the administrator's."""
    with psycopg.connect(embedded_server.conninfo(server, embedded_server.MAINTENANCE), autocommit=True) as connection:
        for name in roles.DATABASES:
            connection.execute(f"create database {name}")
    warehouse.migrate(as_administrator(server, "warehouse"))
    demo_app.seed(as_administrator(server, "app"), movielens.generate(tmp_path / "data"))
    with connect(as_administrator(server, "warehouse")) as conn:
        conn.execute("insert into ops.batch (run_id, dataset, as_of) values ('kept', 'folder', now())")
        conn.execute("create type ml.mood as enum ('good')")
    return server


def test_a_state_folder_of_before_is_handed_over_whole_and_keeps_its_rows(old_installation):
    for _ in range(2):
        embedded_server.ensure_databases(old_installation)
    for name in ("warehouse", "app"):
        with connect(embedded_server.conninfo(old_installation, name)) as conn:
            assert conn.execute(OWNERS).fetchall() == [(roles.OWNER,)]
    with connect(embedded_server.conninfo(old_installation, "warehouse")) as conn:
        assert conn.execute("select run_id from ops.batch").fetchall() == [("kept",)]
        conn.execute("update ops.structure set checksum = 'of an older checkout'")
    assert warehouse.migrate(embedded_server.conninfo(old_installation, "warehouse")) is True


def test_the_advisory_locks_of_a_database_of_before_are_the_owners_alone(server):
    embedded_server.ensure_databases(server)
    with psycopg.connect(as_administrator(server, "warehouse"), autocommit=True) as conn:
        conn.execute("grant execute on function pg_advisory_lock(bigint) to public")  # as it is by default
        conn.execute("revoke execute on function pg_advisory_lock(bigint) from movierec_etl")
    embedded_server.ensure_databases(server)
    reader = embedded_server.conninfo(server, "warehouse", roles.READER_ROLE)
    with psycopg.connect(reader) as conn, pytest.raises(psycopg.errors.InsufficientPrivilege):
        conn.execute("select pg_advisory_lock(1)")
    with connect(embedded_server.conninfo(server, "warehouse")) as conn:
        conn.execute("select pg_advisory_lock(1)")


@pytest.mark.parametrize("role", [roles.WEB_ROLE, roles.READER_ROLE])
def test_guests_leave_connections_and_disk_for_the_pipeline(settings, role):
    embedded_server.start(settings, {**QUICK, "max_connections": "60"})
    embedded_server.ensure_databases(settings)
    guest = embedded_server.conninfo(settings, "warehouse", role)
    with ExitStack() as opened:
        with pytest.raises(psycopg.OperationalError, match="too many connections for role"):
            for _ in range(60):
                session = opened.enter_context(psycopg.connect(guest))
        assert session.execute("show temp_file_limit").fetchone() == ("2GB",)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            session.execute("set temp_file_limit to -1")
        with connect(embedded_server.conninfo(settings, "warehouse")) as conn:
            assert conn.execute("select 1").fetchone() == (1,)


def test_what_an_administrator_allows_a_guest_stays(server):
    embedded_server.ensure_databases(server)
    allowed = "select rolconnlimit from pg_roles where rolname = 'movierec_reader'"
    with psycopg.connect(embedded_server.conninfo(server, embedded_server.MAINTENANCE), autocommit=True) as conn:
        conn.execute("alter role movierec_reader connection limit 100")
        conn.execute("alter role movierec_reader set temp_file_limit to '5GB'")
    embedded_server.ensure_databases(server)
    with psycopg.connect(embedded_server.conninfo(server, "warehouse", roles.READER_ROLE)) as conn:
        assert conn.execute(allowed).fetchone() == (100,)
        assert conn.execute("show temp_file_limit").fetchone() == ("5GB",)


def test_who_uses_it_meanwhile_is_asked_to_stop(old_installation, monkeypatch):
    monkeypatch.setattr(roles, "LOCK_TIMEOUT", "50ms")
    with connect(as_administrator(old_installation, "warehouse")) as reader:
        reader.execute("select * from serving.version")
        with pytest.raises(MovierecError, match=r"warehouse was made by an earlier version .* \(make down\)"):
            embedded_server.ensure_databases(old_installation)
    embedded_server.ensure_databases(old_installation)


def test_a_password_lets_in_and_the_server_never_sees_it(server):
    phrase = "it's a: secret"
    embedded_server.stop(server)
    embedded_server.start(server, {**QUICK, "log_statement": "all"})
    embedded_server.ensure_databases(replace(server, reader_password=phrase))
    with psycopg.connect(embedded_server.conninfo(server, embedded_server.MAINTENANCE)) as connection:
        (stored,) = connection.execute(
            "select rolpassword from pg_authid where rolname = %s", [roles.READER_ROLE]
        ).fetchone()
    assert stored.startswith("SCRAM-SHA-256$")
    log = embedded_server.log_file(server).read_text()
    assert "alter role" in log
    assert phrase not in log
    ask_for_passwords(server)
    conninfo = embedded_server.conninfo(server, "warehouse", roles.READER_ROLE)
    with psycopg.connect(conninfo, password=phrase) as connection:
        assert connection.execute("select current_user").fetchone() == (roles.READER_ROLE,)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(conninfo, password=phrase.upper())


def test_the_file_of_the_web_applications_password_opens_the_warehouse(server):
    embedded_server.ensure_databases(server)
    maintenance = embedded_server.conninfo(server, embedded_server.MAINTENANCE)
    container_setup.write_web_password(maintenance, server)
    invented = server.state_folder.web_password.read_text()
    container_setup.write_web_password(maintenance, server)
    assert server.state_folder.web_password.read_text() == invented
    container_setup.write_web_password(maintenance, replace(server, **{"web_password": "a:b\\c"}))
    ask_for_passwords(server)
    passfile = server.state_folder.web_password
    conninfo = embedded_server.conninfo(server, "warehouse", roles.WEB_ROLE)
    with psycopg.connect(conninfo, passfile=str(passfile)) as connection:
        assert connection.execute("select current_user").fetchone() == (roles.WEB_ROLE,)


def test_passwords_show_nowhere(settings):
    fields = ("etl_password", "web_password", "reader_password")
    assert "hush" not in repr(replace(settings, **dict.fromkeys(fields, "hush")))
