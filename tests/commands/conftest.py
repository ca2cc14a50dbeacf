import pytest

from movierec.db import connect, run_sql
from movierec.local import postgres
from movierec.warehouse import migrate
from tests import movielens
from tests.installation import QUICK, installed
from tests.night import ingest


@pytest.fixture
def installation(tmp_path, monkeypatch):
    """Make an installation that commands find by its environment variable."""
    for settings in installed(tmp_path / "state folder"):
        monkeypatch.setenv("MOVIEREC_HOME", str(settings.home))
        yield settings


@pytest.fixture
def rejected(installation, tmp_path):
    """Bring up this installation's own database with one rating off its scale in the quarantine."""
    postgres.start(installation, QUICK)
    postgres.ensure_databases(installation)
    app = postgres.conninfo(installation, "app")
    migrate(postgres.conninfo(installation, "warehouse"))
    with connect(app) as conn:
        run_sql(conn, "app/tables")
    folder = movielens.write(tmp_path / "data", inter=[*movielens.FILES["inter"], "11\t2\t9\t881250952"])

    def night(run_id):
        with connect(postgres.conninfo(installation, "warehouse")) as conn:
            ingest(conn, app, folder, run_id)
            return conn.execute("select rating from core.ratings where (user_id, movie_id) = (11, 2)").fetchall()

    assert night("first") == []
    yield night
    postgres.stop(installation)
