"""An installation whose server runs, as commands find it; every test has the databases for itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from psycopg import sql

from movierec.config import Settings
from movierec.db import connect, run_sql
from movierec.local.postgres import embedded_server
from movierec.warehouse import migrate
from tests import movielens
from tests.installation import QUICK, installed
from tests.night import ingest

BAD = "11\t2\t9\t881250952"  # a rating off its scale
DATABASES = ("warehouse", "app")


def administer(settings: Settings, statement: str, *names: str) -> None:
    with embedded_server.as_administrator(settings) as conn:
        conn.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def copy(settings: Settings, before: str, after: str) -> None:
    """Copy the databases whose names begin with `before`."""
    for name in DATABASES:
        names = (f"{after}{name}", f"{before}{name}")
        administer(settings, "create database {} template {} strategy file_copy owner movierec_etl", *names)


def drop(settings: Settings) -> None:
    for name in DATABASES:
        administer(settings, "drop database {} with (force)", name)


@pytest.fixture(scope="session")
def running(quick_folder: Path) -> Iterator[Settings]:
    """Start a server with databases to copy: empty ones, and such with one rating in the quarantine."""
    for settings in installed(quick_folder / "state folder"):
        embedded_server.start(settings, QUICK)
        embedded_server.ensure_databases(settings)
        app = embedded_server.conninfo(settings, "app")
        migrate(embedded_server.conninfo(settings, "warehouse"))
        with connect(app) as conn:
            run_sql(conn, "app/tables")
        copy(settings, "", "empty_")
        with connect(embedded_server.conninfo(settings, "warehouse")) as conn:
            folder = movielens.write(settings.home / "cache" / "data", inter=[*movielens.FILES["inter"], BAD])
            ingest(conn, app, folder, "first")
        copy(settings, "", "rejected_")
        drop(settings)
        yield settings
        embedded_server.stop(settings)


@pytest.fixture
def installation(
    running: Settings, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Settings]:
    """Let commands find the installation by its environment variable, and its databases as the test wants them."""
    monkeypatch.setenv("MOVIEREC_HOME", str(running.home))
    copy(running, "rejected_" if "rejected" in request.fixturenames else "empty_", "")
    yield running
    drop(running)


@pytest.fixture
def rejected(installation):
    """Return what runs another night with one rating off its scale, which the first night has put into quarantine."""

    def night(run_id):
        folder = installation.home / "cache" / "data"
        with connect(embedded_server.conninfo(installation, "warehouse")) as conn:
            ingest(conn, embedded_server.conninfo(installation, "app"), folder, run_id)
            return conn.execute("select rating from core.ratings where (user_id, movie_id) = (11, 2)").fetchall()

    with connect(embedded_server.conninfo(installation, "warehouse")) as conn:
        assert conn.execute("select from core.ratings where (user_id, movie_id) = (11, 2)").fetchall() == []
    return night
