import pytest

from movierec.errors import MovierecError
from movierec.local import screenshots, state


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """A PATH that holds the named programs only."""

    def install_programs(*names):
        for name in names:
            (tmp_path / name).write_text("#!/bin/sh\n")
            (tmp_path / name).chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))
        return tmp_path

    return install_programs


def test_chromium_is_taken_before_chrome(programs):
    folder = programs("google-chrome", "chromium-browser")
    assert screenshots.find_browser() == str(folder / "chromium-browser")


def test_chrome_is_taken_where_there_is_no_chromium(programs):
    folder = programs("google-chrome")
    assert screenshots.find_browser() == str(folder / "google-chrome")


def test_without_a_browser_one_sentence_names_the_package(programs):
    programs()
    with pytest.raises(
        MovierecError, match=r"none of .*, chromium, .* is on PATH; install Chromium \(Debian: chromium\)"
    ):
        screenshots.find_browser()


def test_without_a_running_group_one_sentence_says_how_to_start_it(settings, tmp_path):
    state.prepare(settings.home)
    with pytest.raises(MovierecError, match="nothing is running that could be drawn; start it with make run"):
        screenshots.draw_graphs(settings, tmp_path)


def test_a_dag_without_a_successful_run_is_named(settings, tmp_path, monkeypatch):
    monkeypatch.setattr(screenshots.group, "find_supervisor", lambda _: object())
    monkeypatch.setattr(screenshots.AirflowClient, "runs", lambda *_: [])
    with pytest.raises(MovierecError, match="movierec_ingest has no successful run yet to be drawn"):
        screenshots.draw_graphs(settings, tmp_path)
