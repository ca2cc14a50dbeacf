"""The pictures of trainings behind Airflow's web server."""

import importlib
import sys
from dataclasses import replace

import pytest

from movierec.config import ROOT, Settings

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def pictures(airflow, tmp_path, monkeypatch):
    """Return the plugin; training 7 has one picture, and there are files around it that nobody may read."""
    monkeypatch.setenv("MOVIEREC_ARTIFACTS", str(tmp_path))
    plots = tmp_path / "trainings" / "000007" / "plots"
    plots.mkdir(parents=True)
    (plots / "leaderboard.png").write_bytes(PNG)
    (plots / "index.html").write_text("<h1>Training 7</h1>", encoding="utf-8")
    (plots / "secret.txt").write_text("secret", encoding="utf-8")
    (tmp_path / "trainings" / "000007" / "secret.png").write_text("secret", encoding="utf-8")
    monkeypatch.setattr(sys, "path", [str(ROOT / "plugins"), *sys.path])
    return importlib.import_module("movierec_pictures")


@pytest.fixture
def client(pictures):
    """Return a client of the app as Airflow mounts it, and the headers of someone who has logged in."""
    from airflow.api_fastapi.app import init_auth_manager
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
    from fastapi import FastAPI
    from fastapi.testclient import TestClient

    manager = init_auth_manager()
    app = FastAPI()
    app.state.auth_manager = manager
    (mounted,) = pictures.Pictures.fastapi_apps
    app.mount(mounted["url_prefix"], mounted["app"])
    token = manager.generate_jwt(SimpleAuthManagerUser(username="viewer", role="viewer"))
    return TestClient(app, raise_server_exceptions=False), {"Authorization": f"Bearer {token}"}


def test_who_has_not_logged_in_sees_nothing(client):
    browser, _ = client
    for path in ("7", "7/", "7/leaderboard.png", "8/"):
        assert browser.get(f"/movierec/trainings/{path}", follow_redirects=False).status_code == 401


def test_who_may_read_the_dag_sees_the_page_and_its_pictures(client):
    browser, login = client
    page = browser.get("/movierec/trainings/7", headers=login)
    assert page.text == "<h1>Training 7</h1>"
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    picture = browser.get("/movierec/trainings/7/leaderboard.png", headers=login)
    assert (picture.content, picture.headers["Content-Type"]) == (PNG, "image/png")
    assert browser.post("/movierec/trainings/7/", headers=login).status_code == 405


@pytest.mark.parametrize(
    "path",
    [
        "7/secret.txt",
        "7/..%2Fsecret.png",
        "7/../secret.png",
        "7/%2e%2e/secret.png",
        "8/",
        "7/absent.png",
        "x/",
        f"{'9' * 5000}/",
        f"7/{'a' * 300}.png",
        "²/",
    ],
)
def test_nothing_else_is_served(client, path):
    browser, login = client
    answer = browser.get(f"/movierec/trainings/{path}", headers=login)
    assert answer.status_code == 404
    assert "secret" not in answer.text or answer.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("name", ["../secret.png", "..", "", "secret.txt", "/etc/passwd", "a.png\n", "A.PNG"])
def test_a_name_of_another_kind_is_not_even_looked_for(pictures, tmp_path, name):
    assert pictures.read_plot(replace(Settings(), artifacts=str(tmp_path)), 7, name) is None


def test_the_tasks_button_opens_the_page_of_its_training(pictures):
    task = pictures.DrawPictures(task_id="draw_pictures", training_id=7)
    (link,) = task.operator_extra_links
    assert link.get_link(task, ti_key=None).endswith("/movierec/trainings/7/")
    assert link.get_link(pictures.DrawPictures(task_id="before", training_id=None), ti_key=None) == ""
