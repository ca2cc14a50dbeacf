"""One server, one small published warehouse and one browser for all tests of this folder."""

import itertools
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg
import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from psycopg import sql

from movierec.config import Settings
from movierec.db import connect
from movierec.errors import MovierecError
from movierec.local import state
from movierec.local.postgres import embedded_server
from movierec.local.postgres.roles import WEB_ROLE
from movierec.local.screenshots import find_browser
from movierec.web.app import create_app
from movierec.web.protocol import BoundedProtocol
from tests.installation import free_port
from tests.night_states import NightState, NightStates
from tests.publishing.conftest import served

from . import small_warehouse

WRITER, READER, SLOW = "w" * 40, "r" * 40, "s" * 40
CLIENTS = itertools.count()
SCRIPT_ERRORS = ("error", "warning")
# Of Chromium: what playwright turns off, whose list the option replaces, and the popup of the address bar, which is a
# page of its own beside each of ours, though nobody sees it: a fifth of what a browser takes of the processors.
FEATURES_OFF = (
    *("AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades"),
    *(
        "HttpsFirstBalancedModeAutoEnable",
        "LensOverlay",
        "MediaRouter",
        "PaintHolding",
        "ThirdPartyStoragePartitioning",
    ),
    *("AvoidCorsURLLoaderRestartOnRedirect", "OptimizationHints", "NetworkTimeServiceQuerying", "AimEnabled"),
    *("PreconnectToSearch", "WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup"),
)


@dataclass(frozen=True)
class Site:
    """A running application: where it is, and the warehouse behind it as its owner sees it."""

    url: str
    conninfo: str
    key_file: Path

    def client(self, key: str | None = WRITER) -> httpx.Client:
        """Return a client of the API; None: without a key."""
        headers = {"authorization": f"Bearer {key}"} if key else {}
        return httpx.Client(base_url=self.url, headers=headers, timeout=20)

    def get(self, path: str, key: str | None = None, **headers: str) -> httpx.Response:
        """Send one request."""
        with self.client(key) as client:
            return client.get(path, headers=headers)

    def browser(self) -> httpx.Client:
        """Return a client that reads pages and keeps cookies, without a script.

        Each has an address of its own: pages have a limit by address, which a quick machine's tests would reach.
        """
        number = next(CLIENTS)
        transport = httpx.HTTPTransport(local_address=f"127.1.{number // 250}.{number % 250 + 1}")
        headers = {"accept": "text/html"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=20, follow_redirects=True, transport=transport)


def write_keys(path: Path) -> Path:
    """Write API keys: one that may do everything, one that may read, one that may send ten requests a minute."""
    generous = {"per_minute": 1_000_000}
    content = {
        "session_secret": "x" * 40,
        "api_keys": [
            {"name": "writer", "key": WRITER, "scopes": ["read", "write"], **generous},
            {"name": "reader", "key": READER, "scopes": ["read"], **generous},
            {"name": "slow", "key": SLOW, "scopes": ["read"], "per_minute": 12},
        ],
    }
    state.write_private(path, content)
    return path


@contextmanager
def database(server: Settings, name: str) -> Iterator[str]:
    """Copy the empty warehouse, and drop the copy afterwards."""
    with psycopg.connect(embedded_server.conninfo(server, "postgres"), autocommit=True) as conn:
        conn.execute(sql.SQL("create database {} template warehouse owner movierec_etl").format(sql.Identifier(name)))
    try:
        yield embedded_server.conninfo(server, name)
    finally:
        with psycopg.connect(embedded_server.conninfo(server, "postgres"), autocommit=True) as conn:
            conn.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@contextmanager
def running(
    conninfo: str, key_file: Path, protocol: type[BoundedProtocol] = BoundedProtocol, idle_seconds: int = 30
) -> Iterator[Site]:
    """Serve the application from a thread, as its own least-privileged role."""
    port = free_port()
    app = create_app(conninfo.replace("user=movierec_etl", f"user={WEB_ROLE}"), key_file)
    config = uvicorn.Config(
        app,
        port=port,
        http=protocol,
        loop="uvloop",
        timeout_keep_alive=idle_seconds,
        log_level="warning",
        timeout_graceful_shutdown=1,
    )
    serving = uvicorn.Server(config)
    thread = threading.Thread(target=serving.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not serving.started:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    try:
        yield Site(f"http://127.0.0.1:{port}", conninfo, key_file)
    finally:
        serving.should_exit = True
        thread.join(10)


@pytest.fixture(scope="session")
def site(server: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Serve the small warehouse."""
    with database(server, "web_site") as conninfo:
        with connect(conninfo) as conn:
            small_warehouse.fill(conn)
        with running(conninfo, write_keys(tmp_path_factory.mktemp("web") / "web.json")) as site:
            assert site.get("/health").json()["status"] == "ok"
            yield site


@pytest.fixture
def api(site: Site) -> Iterator[httpx.Client]:
    """Return a client whose key may read and write."""
    with site.client() as client:
        yield client


@pytest.fixture
def surfer(site: Site) -> Iterator[httpx.Client]:
    """Return somebody who reads pages without a script."""
    with site.browser() as client:
        yield client


@pytest.fixture
def served_night(night_states: NightStates) -> NightState:
    """Return a generated night whose champion has been fitted and whose lists are live."""
    return served(night_states)


@pytest.fixture
def served_site(served_night: NightState, copy_of: Callable[[str], str], tmp_path: Path) -> Iterator[Site]:
    """Serve the lists of that night."""
    with running(copy_of(served_night.warehouse), write_keys(tmp_path / "web.json")) as site:
        yield site


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Start the system's Chromium; as long as it runs, nobody else in this process can run an event loop."""
    try:
        executable = find_browser()
    except MovierecError as error:
        pytest.skip(str(error))
    options = ["--no-proxy-server", f"--disable-features={','.join(FEATURES_OFF)}"]
    options += ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=options)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Share one browser among the tests of a file."""
    with open_browser() as browser:
        yield browser


@pytest.fixture
def visit(chromium: Browser, site: Site) -> Iterator[Callable[..., Page]]:
    """Open pages in a window of their own; what the console says, or a dialog that opens, fails the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_page(
        path: str = "/", width: int = 1440, scheme: str = "light", at: Site = site, **options: object
    ) -> Page:
        context = chromium.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme, **options)
        contexts.append(context)
        context.set_default_timeout(10_000)
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type in SCRIPT_ERRORS else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(dialog.message))
        page.goto(f"{at.url}{path}")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def watch_as(page: Page, viewer: int) -> None:
    """Enter a viewer's number on the welcome."""
    page.goto(f"{page.url.split('/', 3)[0]}//{page.url.split('/')[2]}/welcome")
    page.get_by_label("Your number").fill(str(viewer))
    page.get_by_role("button", name="Show my list").click()
    page.wait_for_url("**/for-you")
