"""Pictures of the web application's pages for `docs/`, as a viewer of the latest night sees them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from movierec.config import Settings
from movierec.errors import MovierecError
from movierec.local import web
from movierec.local.screenshots import open_browser, settings_to_draw

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

MAX_WAIT_SECONDS = 30


@dataclass(frozen=True)
class Picture:
    """A page in a window: its file, its path, the window's width and height in CSS pixels, and its colours."""

    name: str
    path: str
    width: int = 1440
    height: int = 900
    colours: Literal["light", "dark"] = "light"


PICTURES = (
    Picture("web-welcome", "/welcome"),
    Picture("web-new", "/new"),
    Picture("web-for-you", "/for-you", height=1200),
    Picture("web-movie", "", height=1000, colours="dark"),
    Picture("web-search", "/search?q=godfahter", colours="dark"),
    Picture("web-said", "/said"),
    Picture("web-about", "/about"),
    Picture("web-phone", "/for-you", 360, 780),
    Picture("web-phone-dark", "/for-you", 360, 780, "dark"),
)


def draw_pages(settings: Settings, folder: Path) -> list[Path]:
    """Write `<name>.png` for each of `PICTURES`, and return the paths.

    Raises:
        MovierecError: nothing is running, nothing has been published yet, or there is no browser.
    """
    settings = settings_to_draw(settings)
    if (condition := web.health(settings)) != "ok":
        raise MovierecError(
            f"the web application says '{condition}', so there are no pages to draw; make run, then try again"
        )
    with open_browser() as browser:
        return [_draw(browser, web.web_url(settings), picture, folder) for picture in PICTURES]


def _draw(browser: "Browser", url: str, picture: Picture, folder: Path) -> Path:
    """Draw one page, as the first viewer who is offered on the welcome."""
    path = folder / f"{picture.name}.png"
    with _window(browser, picture) as page:
        page.goto(f"{url}/welcome")
        if picture.path != "/welcome":
            page.locator(".viewers button").first.click()
            page.wait_for_url("**/for-you")
            address = picture.path or page.locator(".shelf .card > a").first.get_attribute("href")
            page.goto(f"{url}{address}")
        page.screenshot(path=path)
    return path


@contextmanager
def _window(browser: "Browser", picture: Picture) -> Iterator["Page"]:
    size = {"width": picture.width, "height": picture.height}
    context = browser.new_context(viewport=size, color_scheme=picture.colours, device_scale_factor=1)  # type: ignore[arg-type]
    context.set_default_timeout(MAX_WAIT_SECONDS * 1000)
    yield context.new_page()
    context.close()
