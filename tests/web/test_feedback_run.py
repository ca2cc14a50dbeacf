"""What a viewer says on a page counts: on the page at once, after the run of feedback in the whole list.

The run is the functions that the tasks of `movierec_feedback` call, on a champion that was fitted and published here.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from movierec.config import Settings
from movierec.db import Connection
from movierec.publishing import deltas
from tests.publishing.conftest import begun, crowned_night, live, served_night  # noqa: F401 - fixtures

from .conftest import Site, running, write_keys


@pytest.fixture
def published(
    live: Connection,  # noqa: F811 - the fixture
    warehouse: str,
    tmp_path: Path,
) -> Iterator[Site]:
    """Serve a version that a champion has made."""
    with running(warehouse, write_keys(tmp_path / "web.json")) as site:
        yield site


def run_feedback(conn: Connection, settings: Settings) -> int:
    delta_id = deltas.open_delta(conn, "hour")
    assert delta_id is not None
    viewers = deltas.write_delta(conn, delta_id, settings)
    deltas.audit_delta(conn, delta_id)
    assert deltas.delta_go_live(conn, delta_id)
    return viewers


def movies(page: Page) -> list[str]:
    return page.locator(".shelf").first.locator(".card").evaluate_all("cards => cards.map(card => card.dataset.movie)")


def test_from_newcomer_to_a_list_of_their_own(
    chromium: Browser, published: Site, conn: Connection, settings: Settings
) -> None:
    context = chromium.new_context(viewport={"width": 1440, "height": 800})
    context.set_default_timeout(20_000)
    page = context.new_page()
    page.goto(f"{published.url}/")
    page.get_by_role("link", name="Choose movies").click()
    for number in range(2):
        page.get_by_role("checkbox").nth(number).check()
    page.get_by_role("button", name="Show my list").click()
    page.wait_for_url("**/for-you")
    first = movies(page)
    disliked = page.locator(f'.card[data-movie="{first[0]}"]').first
    title = disliked.get_attribute("data-title")
    disliked.get_by_role("button", name=f"Dislike: {title}").click()
    page.locator("#toast", has_text=f"You don’t like {title}").wait_for()
    page.reload()
    at_once = movies(page)
    assert first[0] not in at_once
    assert page.locator(f'[data-movie="{first[0]}"]').count() == 0

    assert run_feedback(conn, settings) == 1

    page.reload()
    within_the_hour = movies(page)
    assert page.locator(f'[data-movie="{first[0]}"]').count() == 0
    assert within_the_hour
    assert within_the_hour != at_once
    (viewer,) = conn.execute("select distinct user_id from serving.viewer_event").fetchone()
    listed = conn.execute("select count(*) from serving.delta_recommendation where user_id = %s", [viewer]).fetchone()
    assert listed[0] > 0
    context.close()
