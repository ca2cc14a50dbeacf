"""The screenshots in `docs/`: the graph of each DAG's latest run, and the pages of the web application.

The browser is the system's Chromium, driven by playwright, which comes with the development requirements.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from movierec.config import Settings
from movierec.dag_ids import NIGHT
from movierec.errors import MovierecError
from movierec.local.airflow import group
from movierec.local.airflow.api import AirflowClient
from movierec.local.environment import airflow_url

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

# The first is Chromium without windows, which takes half as much of the processors.
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
WIDTH, HEIGHT, MARGIN = 1600, 1200, 48  # CSS pixels; the height is cut down to the graph's
SCALE = 1.25  # pixels of the picture to a CSS pixel
MAX_WAIT_SECONDS = 180
# A visitor would have to choose the graph view.
CHOOSE_GRAPH = "localStorage.setItem('default_dag_view', JSON.stringify('graph'))"
# The details of the run and the tools that float over the graph would only take its room.
HIDE_PANELS = """
    #details-panel, [data-panel-resize-handle-id], .react-flow__minimap, .react-flow__controls,
    .react-flow__panel:not(.react-flow__attribution) { display: none !important }
"""
UNFOLD = "Expand all task groups"
NODES_WITH_STATE = """
    (tasks) => [...document.querySelectorAll('.react-flow__node')]
        .filter((node) => /success|skipped|failed|removed/.test(node.innerText)).length >= tasks
"""


def draw_graphs(settings: Settings, folder: Path) -> list[Path]:
    """Write `<dag>-graph.png` for each DAG of the night, and return the paths.

    Raises:
        MovierecError: nothing is running, a DAG has no successful run yet, or there is no browser.
    """
    settings = settings_to_draw(settings)
    airflow = AirflowClient(settings)
    runs = {dag_id: _latest_run(airflow, dag_id) for dag_id in NIGHT}
    paths = []
    with _browser(airflow_url(settings), airflow.token()) as context:
        for dag_id, run_id in runs.items():
            tasks = {task["task_id"] for task in airflow.task_instances(dag_id, run_id)}
            page = context.new_page()
            page.goto(f"{airflow_url(settings)}/dags/{dag_id}/runs/{quote(run_id, safe='')}")
            paths.append(folder / f"{dag_id.removeprefix('movierec_')}-graph.png")
            _screenshot_graph(page, len(tasks), paths[-1])
            page.close()
    return paths


def settings_to_draw(settings: Settings) -> Settings:
    """Return the settings of what is running.

    Raises:
        MovierecError: nothing is.
    """
    if not group.find_supervisor(settings.home):
        raise MovierecError("nothing is running that could be drawn; start it with make run, then try again")
    return group.running_settings(settings)


def find_browser() -> str:
    """Return the path of the system's Chromium or Chrome.

    Raises:
        MovierecError: none is on PATH.
    """
    for name in BROWSERS:
        if path := shutil.which(name):
            return path
    raise MovierecError(
        f"drawing needs a browser, and none of {', '.join(BROWSERS)} is on PATH; install Chromium (Debian: chromium)"
    )


def _latest_run(airflow: AirflowClient, dag_id: str) -> str:
    runs = airflow.runs(dag_id, ("success",))
    if not runs:
        raise MovierecError(f"{dag_id} has no successful run yet to be drawn; make run, then try again")
    return str(runs[0]["dag_run_id"])


@contextmanager
def _browser(url: str, token: str) -> Iterator["BrowserContext"]:
    """Open a browser that is logged in to Airflow."""
    with open_browser() as browser:
        context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}, device_scale_factor=SCALE)
        context.set_default_timeout(MAX_WAIT_SECONDS * 1000)
        context.add_cookies([{"name": "_token", "value": token, "url": url}])
        context.add_init_script(CHOOSE_GRAPH)
        yield context


@contextmanager
def open_browser() -> Iterator["Browser"]:
    """Start the system's browser, and end it afterwards.

    Raises:
        MovierecError: there is no browser, or no playwright to drive it.
    """
    executable = find_browser()
    try:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415 (a development requirement)
    except ImportError as error:
        raise MovierecError("drawing needs the package playwright, which `make dev` installs") from error
    options = ["--no-proxy-server", *(["--no-sandbox"] if os.geteuid() == 0 else [])]  # no sandbox runs as root
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=options)
        yield browser
        browser.close()


def _screenshot_graph(page: "Page", tasks: int, path: Path) -> None:
    """Wait until all tasks are drawn with their states, zoom to fit them, and cut off what is empty below and above."""
    page.get_by_label(UNFOLD).first.click()
    page.wait_for_function(NODES_WITH_STATE, arg=tasks)
    page.add_style_tag(content=HIDE_PANELS)
    _fit(page)
    top, bottom = _vertical_extent(page)
    left = page.evaluate("document.querySelector('.react-flow').getBoundingClientRect().x")
    page.screenshot(
        path=path,
        clip={"x": left, "y": top - MARGIN, "width": WIDTH - left, "height": bottom - top + 2 * MARGIN},
    )


def _fit(page: "Page") -> None:
    """Zoom so that the whole graph is seen, and wait until it stands still."""
    page.locator(".react-flow__controls-fitview").dispatch_event("click")
    previous = None
    while (current := _vertical_extent(page)) != previous:
        previous = current
        page.wait_for_timeout(1000)


def _vertical_extent(page: "Page") -> tuple[float, float]:
    """Return the upper and the lower edge of the graph in CSS pixels of the page."""
    boxes = [box for node in page.locator(".react-flow__node").all() if (box := node.bounding_box())]
    return min(box["y"] for box in boxes), max(box["y"] + box["height"] for box in boxes)
