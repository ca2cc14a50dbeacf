"""The whole chain under a real Airflow: servers, scheduler, the command line, as a person would run it."""

import json
import shutil
import struct
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import psycopg
import pytest

from movierec.local.postgres import embedded_server
from movierec.local.screenshots import BROWSERS
from movierec.rankers.names import RANKERS
from tests import movielens
from tests.installation import CommandLine


@pytest.fixture
def movierec(tmp_path: Path):
    """Return the command line on a state folder of its own; whatever it started is ended afterwards."""
    run = CommandLine(tmp_path)
    yield run
    run("down")


@pytest.mark.scheduler
def test_a_night_is_served_a_bad_one_is_not_and_down_leaves_nothing(movierec, tmp_path):
    folder = movielens.generate(tmp_path / "data")
    served = movierec("run", MOVIEREC_DATASET=str(folder))
    assert served.returncode == 0, served.stdout + served.stderr
    assert "Version 1 is live" in served.stdout
    assert "fit_ranker" in served.stdout
    assert movierec("sql", "select count(*) from ml.evaluation").stdout == f"{len(RANKERS)}\n"
    lists = "select count(*), count(distinct user_id) from serving.live_recommendation"
    assert movierec("sql", lists).stdout == "3000|60\n"
    check_the_api_knows_the_password(movierec)
    check_the_graphs_are_drawn(movierec, tmp_path)

    assert movierec("down").returncode == 0
    due = leave_the_machine_off_over_night(movierec.settings)
    ratings = folder / "tiny.inter"
    lines = ratings.read_text().splitlines()
    ratings.write_text("\n".join(lines[: len(lines) // 2]) + "\n")
    stopped = movierec("run", MOVIEREC_DATASET=str(folder))
    assert stopped.returncode == 1
    assert f"joined the night that is under way: movierec_ingest {due}\n" in stopped.stdout
    assert "triggered" not in stopped.stdout
    assert "movierec_ingest.check_raw" in stopped.stderr
    assert "every table has at least 75 % of its usual rows" in stopped.stderr
    assert "ratings" in stopped.stderr.partition("usual rows")[2]
    assert "Traceback" not in stopped.stderr
    assert movierec("sql", "select version_id from serving.live").stdout == "1\n"

    password = json.loads((movierec.home / "airflow" / "passwords.json").read_text())["admin"]
    assert not [
        path for path in (movierec.home / "logs").rglob("*.log") if password in path.read_text(errors="replace")
    ]
    assert movierec("down").returncode == 0
    assert [process for process in psutil.process_iter() if str(movierec.home) in " ".join(command_of(process))] == []


def leave_the_machine_off_over_night(settings):
    """Date the night that ran back to before the last one, and return the run that Airflow then owes."""
    now = datetime.now(UTC)
    tick = now.replace(hour=2, minute=0, second=0, microsecond=0)
    tick = tick if tick <= now else tick - timedelta(days=1)
    embedded_server.start(settings)
    before = {"at": tick - timedelta(days=1)}
    with psycopg.connect(embedded_server.conninfo(settings, "airflow")) as conn:
        conn.execute(
            "update dag_run set run_type = 'scheduled', logical_date = %(at)s, run_after = %(at)s,"
            " data_interval_start = %(at)s, data_interval_end = %(at)s where dag_id = 'movierec_ingest'",
            before,
        )
    with psycopg.connect(embedded_server.conninfo(settings, "warehouse")) as conn:
        conn.execute("update ops.batch set as_of = %(at)s", before)
    return f"scheduled__{tick:%Y-%m-%dT%H:%M:%S}+00:00"


def check_the_api_knows_the_password(movierec):
    password = json.loads((movierec.home / "airflow" / "passwords.json").read_text())["admin"]
    body = json.dumps({"username": "admin", "password": password}).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"http://127.0.0.1:{movierec.settings.port}/auth/token", body, headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert json.load(answer)["access_token"]


def check_the_graphs_are_drawn(movierec, folder):
    """Draw the screenshots where there is a browser; a picture that shows nothing would be far smaller."""
    if not any(map(shutil.which, BROWSERS)):
        return
    drawn = movierec("pictures", "--folder", str(folder))
    assert drawn.returncode == 0, drawn.stdout + drawn.stderr
    for name in ("ingest", "train", "publish"):
        picture = (folder / f"{name}-graph.png").read_bytes()
        width, height = struct.unpack(">II", picture[16:24])
        assert 1600 < width <= 2000
        assert 150 < height < 1500
        assert 20_000 < len(picture) < 300_000


def command_of(process):
    try:
        return process.cmdline()
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return []
