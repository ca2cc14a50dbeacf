"""Pictures of the pages for the documentation."""

import pytest

from movierec.errors import MovierecError
from movierec.local import page_pictures, screenshots, state
from movierec.local.page_pictures import PICTURES, Picture


@pytest.mark.parametrize(
    "picture", [PICTURES[0], Picture("web-phone", "", 360, 780, "dark")], ids=lambda each: each.name
)
def test_a_page_is_drawn_in_its_size(chromium, site, tmp_path, picture):
    path = page_pictures._draw(chromium, site.url, picture, tmp_path)
    header = path.read_bytes()[16:24]
    assert (int.from_bytes(header[:4]), int.from_bytes(header[4:])) == (picture.width, picture.height)


def test_without_a_running_group_one_sentence_says_how_to_start_it(settings, tmp_path):
    state.prepare(settings.home)
    with pytest.raises(MovierecError, match="nothing is running that could be drawn; start it with make run"):
        page_pictures.draw_pages(settings, tmp_path)


def test_before_the_first_publication_there_is_nothing_to_draw(settings, tmp_path, monkeypatch):
    monkeypatch.setattr(screenshots.group, "find_supervisor", lambda _: object())
    monkeypatch.setattr(page_pictures.web, "health", lambda _: "no version")
    with pytest.raises(MovierecError, match="says 'no version', so there are no pages to draw"):
        page_pictures.draw_pages(settings, tmp_path)
