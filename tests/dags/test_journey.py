"""A viewer's journey in a browser, with the DAG `movierec_feedback` in between: what is said changes the page.

At once what was answered to is gone; within the hour the whole list has moved. The champion is fitted and published
here, the DAG is Airflow's.
"""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from playwright.sync_api import Browser, Page

from movierec.config import Settings
from movierec.db import Connection, connect
from tests.dags.test_nights import states
from tests.publishing.conftest import crown, write_and_go_live
from tests.web.conftest import Site, open_browser, running, write_keys


@pytest.fixture
def published(night: SimpleNamespace, settings: Settings, tmp_path: Path) -> Iterator[Site]:
    """Serve a version that a champion has made, from the warehouse that the DAGs use."""
    with connect(night.warehouse) as conn:
        crown(conn, night.app, settings)
        write_and_go_live(conn, settings)
        conn.commit()
    with running(night.warehouse, write_keys(tmp_path / "web.json")) as site:
        yield site


def movies(page: Page) -> list[str]:
    return page.locator(".shelf").first.locator(".card").evaluate_all("cards => cards.map(card => card.dataset.movie)")


def return_to(browser: Browser, site: Site, cookies: Path) -> Page:
    """Open the list of whoever has these cookies."""
    page = browser.new_page(storage_state=cookies)
    page.goto(f"{site.url}/for-you")
    return page


def click_opinion(page: Page, kind: str, movie: str) -> None:
    """Say something about a movie by one click, on its card or its page."""
    page.locator(f'button[value="{kind} {movie}"]').first.click()
    page.locator("#toast button").wait_for()


def places(conn: Connection, viewer: int) -> dict[int, int]:
    """Return where each movie stands in a viewer's list and what follows it."""
    conn.rollback()
    return dict(conn.execute("select movie_id, place from serving.arrangement(%s)", [viewer]).fetchall())


def neighbours(conn: Connection, viewer: int, movie: str, sql: str) -> list[int]:
    """Return which of the viewer's movies are like a movie."""
    offered = list(places(conn, viewer))
    return [each for (each,) in conn.execute(sql, [int(movie), offered]).fetchall()]


SIMILAR = "select movie_id from serving.similar(%s, 6) where movie_id = any(%s)"
SPOKEN_FOR = (
    "select weighed.movie_id from serving.live join serving.item_weight using (version_id)"
    " cross join unnest(movie_ids[1:5]) as weighed (movie_id)"
    " where item_weight.movie_id = %s and weighed.movie_id = any(%s)"
)


def test_from_newcomer_to_a_list_of_their_own(published: Site, night: SimpleNamespace, tmp_path: Path) -> None:
    def run_feedback() -> None:
        hour = night.run("movierec_feedback")
        assert hour.state == "success", states(hour)
        assert states(hour)["go_live"] == "success"

    cookies = tmp_path / "cookies.json"
    with open_browser() as browser:
        page = browser.new_page(viewport={"width": 1440, "height": 800})
        page.set_default_timeout(20_000)
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
        page.context.storage_state(path=cookies)

    run_feedback()

    with connect(night.warehouse) as conn:
        (viewer,) = conn.execute("select distinct user_id from serving.viewer_event").fetchone()
        listed = "select count(*) from serving.delta_recommendation where user_id = %s"
        assert conn.execute(listed, [viewer]).fetchone()[0] > 0
        with open_browser() as browser:
            page = return_to(browser, published, cookies)
            within_the_hour = movies(page)
            assert page.locator(f'[data-movie="{first[0]}"]').count() == 0
            assert within_the_hour
            assert within_the_hour != at_once
            before = places(conn, viewer)
            again, liked = within_the_hour[0], str(max(before, key=before.__getitem__))
            down, up = neighbours(conn, viewer, again, SIMILAR), neighbours(conn, viewer, liked, SPOKEN_FOR)
            click_opinion(page, "dislike", again)
            page.goto(f"{published.url}/movies/{liked}")
            click_opinion(page, "like", liked)

        run_feedback()

        after = places(conn, viewer)
        assert {int(liked), int(again)} & set(after) == set()
        assert sum(after.get(each, len(before)) - before[each] for each in set(down) - {int(liked)} - set(up)) > 0
        assert sum(after.get(each, len(before)) - before[each] for each in set(up) - {int(again)} - set(down)) < 0
        with open_browser() as browser:
            page = return_to(browser, published, cookies)
            assert page.locator(f'[data-movie="{liked}"], [data-movie="{again}"]').count() == 0
            assert movies(page) != within_the_hour
