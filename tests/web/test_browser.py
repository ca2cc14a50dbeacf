"""The pages in a real browser: a viewer's journey, keyboard, narrow and dark, and whether everybody can use them."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from movierec.db import connect
from movierec.ingestion.incoming_events import read_incoming
from movierec.publishing import deltas
from movierec.sources.databases.tables import DatabaseTables
from tests.night import endpoint

from .conftest import watch_as

PAGES = (
    "/welcome",
    "/new",
    "/for-you",
    "/movies/12",
    "/search?q=star",
    "/search?q=qqqzzz",
    "/said",
    "/about",
    "/movies/48",
)
SHIFT = """
    () => new Promise((resolve) => new PerformanceObserver((list) => resolve(
        list.getEntries().reduce((sum, entry) => sum + (entry.hadRecentInput ? 0 : entry.value), 0)
    )).observe({type: 'layout-shift', buffered: true}) || setTimeout(() => resolve(0), 300))
"""


def card(page, movie):
    return page.locator(f'.card[data-movie="{movie}"]').first


def first_movie(page):
    return page.locator(".shelf .card").first.get_attribute("data-movie")


def test_a_viewers_journey(visit):
    page = visit("/")
    page.get_by_role("link", name="Choose movies").click()
    page.get_by_label("Star Wars (1977)", exact=True).check()
    page.get_by_label("The Empire Strikes Back (1980)").check()
    assert page.get_by_role("status").filter(has_text="2 of 5 chosen").count() == 1
    page.get_by_role("button", name="Show my list").click()
    page.wait_for_url("**/for-you")
    assert page.get_by_text("Because you chose Star Wars").count() > 0
    movie = first_movie(page)
    title = card(page, movie).get_attribute("data-title")
    card(page, movie).get_by_role("button", name=f"Dislike: {title}").click()
    page.locator("#toast", has_text=f"You don’t like {title}").wait_for()
    assert card(page, movie).locator("a").is_hidden()
    page.reload()
    assert page.locator(f'[data-movie="{movie}"]').count() == 0
    page.goto(page.url.replace("/for-you", "/said"))
    page.get_by_role("button", name=f"Undo: You don’t like {title}").click()
    page.get_by_text("Taken back").wait_for()


def ranks(page):
    """Return the rank of each movie in the list that the browser shows, the pick first."""
    first = page.locator(".pick").or_(page.locator(".shelf").first.locator(".card"))
    shown = first.evaluate_all("movies => movies.map(movie => Number(movie.dataset.movie))")
    return {movie: rank for rank, movie in enumerate(shown, 1)}


def neighbours(site, movie):
    """Return the movies whose scores a movie moves most, the nearest first."""
    with connect(site.conninfo) as conn:
        (found,) = conn.execute("select movie_ids from serving.item_weight where movie_id = %s", [movie]).fetchone()
    return found


def climbed(before, after, movies):
    """Return by how many ranks movies stand higher than before; what is not shown stands behind all others."""
    return sum(before.get(movie, len(before) + 1) - after.get(movie, len(after) + 1) for movie in movies)


def feedback_hour(site, night, app, run_id):
    """Do what the tasks of `movierec_feedback` do, one after the other."""
    with connect(site.conninfo) as conn:
        read_incoming(conn, "app", DatabaseTables(endpoint(app)))
        delta_id = deltas.open_delta(conn, run_id)
        assert deltas.write_delta(conn, delta_id, night.settings) == 1
        deltas.audit_delta(conn, delta_id)
        assert deltas.delta_go_live(conn, delta_id)


def test_what_a_newcomer_says_changes_the_list_within_the_hour(visit, served_site, served_night, app):
    page = visit("/new", at=served_site)
    for number in range(2):
        page.locator("input[name=chosen]").nth(number).check()
    page.get_by_role("button", name="Show my list").click()
    page.wait_for_url("**/for-you")
    chosen = ranks(page)

    disliked = min(chosen, key=chosen.get)
    near = [movie for movie in neighbours(served_site, disliked)[:8] if movie in chosen]
    page.locator(f'.pick button[value="dislike {disliked}"]').click()
    page.locator("#toast", has_text="You don’t like").wait_for()
    page.reload()
    at_once = ranks(page)
    assert disliked not in at_once
    assert page.get_by_text("your list renewed").count() == 0

    feedback_hour(served_site, served_night, app, "first hour")
    page.reload()
    first_hour = ranks(page)
    assert disliked not in first_hour
    assert climbed(at_once, first_hour, near) < 0
    assert page.get_by_text("your list renewed just now").count() > 0

    liked = max(first_hour, key=first_hour.get)
    near = neighbours(served_site, liked)[:5]
    card(page, liked).locator(f'button[value="like {liked}"]').click()
    page.locator("#toast", has_text="You like").wait_for()
    feedback_hour(served_site, served_night, app, "second hour")
    page.reload()
    second_hour = ranks(page)
    assert liked not in second_hour
    assert climbed(first_hour, second_hour, near) > 0


def test_one_click_is_reflected_at_once_and_undone_as_fast(visit):
    page = visit("/")
    watch_as(page, 21)
    movie = first_movie(page)
    for kind, words in (("like", "You like it"), ("view", "You have watched it"), ("dismiss", "Not interested")):
        card(page, movie).locator(f'button[value="{kind} {movie}"]').click()
        card(page, movie).get_by_text(words, exact=True).wait_for()
        page.locator("#toast button").wait_for()
        card(page, movie).get_by_role("button", name="Undo").click()
        page.locator("#toast", has_text="Taken back").wait_for()
        assert card(page, movie).locator("a").is_visible()
    page.reload()
    assert first_movie(page) == movie


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ("Promise.reject(new TypeError('Failed to fetch'))", "The movies cannot be reached. Try again."),
        (
            """Promise.resolve(new Response('{"detail": "the page is too old"}', {status: 403}))""",
            "The page is too old",
        ),
        ("Promise.resolve(new Response('<h1>Bad gateway</h1>', {status: 502}))", "That did not work; try again"),
        ("Promise.resolve(new Response('<h1>Pay for the network</h1>'))", "That did not work; try again"),
    ],
    ids=["no network", "refused", "proxy", "portal"],
)
def test_what_could_not_be_kept_is_shown_as_it_was_and_told(visit, answer, told):
    page = visit("/")
    watch_as(page, 22)
    movie = first_movie(page)
    page.evaluate(f"() => {{ window.fetch = () => {answer} }}")
    card(page, movie).locator(f'button[value="like {movie}"]').click()
    page.locator("#toast").get_by_text(told, exact=True).wait_for()
    assert card(page, movie).locator("a").is_visible()


@pytest.mark.parametrize("width", [360, 1440])
def test_a_double_click_says_something_once_and_takes_nothing_back(visit, width):
    page = visit("/", width=width)
    watch_as(page, 33 if width == 360 else 34)
    movie = page.locator(".pick").get_attribute("data-movie")
    page.locator(f'.pick button[value="dislike {movie}"]').click()
    page.locator("#toast", has_text="You don’t like").wait_for()
    assert page.locator(".pick .say").is_hidden()
    for undo in (page.locator("#toast button"), page.locator(".pick .said-of-pick button")):
        undo.scroll_into_view_if_needed()
        box = undo.bounding_box()
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.mouse.down(click_count=2)  # the second half, where Undo has come to stand under the mouse
        page.mouse.up(click_count=2)
    page.reload()
    assert page.locator(f'[data-movie="{movie}"]').count() == 0
    page.goto(page.url.replace("/for-you", "/said"))
    page.get_by_role("button", name="Undo: You don’t like").click()
    page.get_by_text("Taken back").wait_for()


def test_what_was_said_before_is_there_again_after_a_second_thought(visit):
    page = visit("/")
    watch_as(page, 32)
    page.goto(page.url.replace("/for-you", "/movies/12"))
    page.get_by_role("button", name="Like", exact=True).click()
    page.locator("#toast", has_text="You like Star Wars").wait_for()
    page.reload()
    before = page.locator("form.said-of-pick")
    page.get_by_role("button", name="Dislike", exact=True).click()
    page.locator("#toast", has_text="You don’t like Star Wars").wait_for()
    assert before.is_hidden()
    page.locator("div.said-of-pick").get_by_role("button", name="Undo").click()
    page.locator("#toast", has_text="Taken back").wait_for()
    assert before.is_visible()
    page.evaluate("() => { window.fetch = () => Promise.reject(new TypeError('Failed to fetch')) }")
    page.get_by_role("button", name="Dislike", exact=True).click()
    page.locator("#toast", has_text="cannot be reached").wait_for()
    assert before.is_visible()
    before.get_by_role("button", name="Undo").click()
    page.get_by_text("Taken back").wait_for()


def test_keyboard_only(visit):
    page = visit("/welcome")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the movies"
    page.get_by_label("Your number").focus()
    page.keyboard.type("23")
    page.keyboard.press("Enter")
    page.wait_for_url("**/for-you")
    page.locator(".shelf .card > a").first.focus()
    page.keyboard.press("ArrowRight")
    title = page.evaluate("document.activeElement.closest('.card').dataset.title")
    assert page.locator(".shelf .card").nth(1).get_attribute("data-title") == title
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.title") == "Dislike"
    page.keyboard.press("Enter")
    page.locator("#toast", has_text="You don’t like").wait_for()
    assert page.evaluate("document.activeElement.textContent") == "Undo"
    page.keyboard.press("Enter")
    page.locator("#toast", has_text="Taken back").wait_for()
    page.locator(".pick").get_by_role("button", name="Dislike").press("Enter")
    page.locator("#toast", has_text="You don’t like").wait_for()
    page.keyboard.press("Enter")
    page.locator("#toast", has_text="Taken back").wait_for()
    # not its cover, of which a screen reader is not told
    assert page.locator(".pick h1 a").evaluate("link => link === document.activeElement")


def test_one_stop_of_the_tab_key_leads_past_a_shelf(visit):
    page = visit("/")
    watch_as(page, 24)
    page.locator(".shelf .card > a").first.focus()
    for _ in range(5):  # its four buttons, and out
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('.shelf-row') !== document.querySelector('.shelf-row')")


ARROWS = """
    () => [...document.querySelectorAll(".shelf")].map(shelf => {
        const row = shelf.querySelector(".shelf-row");
        return [row.scrollWidth > row.clientWidth, !shelf.querySelector(".shelf-arrows").hidden];
    })
"""


def test_shelves_have_arrows_where_they_do_not_fit_also_after_a_zoom(visit):
    page = visit("/", width=3840)
    watch_as(page, 36)
    seen = []
    for width in (3840, 900, 3840):
        page.set_viewport_size({"width": width, "height": 800})
        page.wait_for_function(
            f"() => innerWidth === {width} && ({ARROWS})().every(([needed, there]) => needed === there)"
        )
        seen.append(page.evaluate(ARROWS))
    assert seen[0] != seen[1]
    assert seen[0] == seen[2]


def test_suggestions_are_chosen_by_the_keyboard(visit):
    page = visit("/welcome")
    page.get_by_role("combobox").fill("cassablanca")
    page.get_by_role("option", name="Casablanca 1942").wait_for()
    page.keyboard.press("ArrowDown")
    assert page.get_by_role("option", selected=True).text_content() == "Casablanca1942"
    page.keyboard.press("Enter")
    page.wait_for_url("**/movies/5")


def test_suggestions_close_and_bite_nobody(visit):
    page = visit("/welcome")
    page.get_by_role("combobox").fill("<script>document")
    page.get_by_role("option").first.wait_for()
    assert "<script>document.title='owned'</script>" in page.get_by_role("listbox").inner_text()
    page.keyboard.press("Escape")
    assert page.get_by_role("listbox").is_hidden()
    assert page.title() != "owned"


def test_no_more_than_five_can_be_chosen(visit):
    page = visit("/new")
    for number in range(5):
        page.locator("input[name=chosen]").nth(number).check()
    assert page.locator("input[name=chosen]").nth(6).is_disabled()
    page.locator("input[name=chosen]").nth(0).uncheck()
    assert page.locator("input[name=chosen]").nth(6).is_enabled()


def test_movies_are_chosen_and_the_choice_is_sent_by_the_keyboard(visit):
    page = visit("/new")
    page.get_by_role("button", name="Look").focus()
    for key in ("Tab", "Space", "Tab", "Space", "Enter"):
        page.keyboard.press(key)
    page.wait_for_url("**/for-you")
    assert page.get_by_text("Because you chose").count() > 0


@pytest.mark.parametrize("has_script", [True, False], ids=["script", "no script"])
def test_looking_for_movies_keeps_the_choice_and_puts_no_token_into_the_address(visit, has_script):
    page = visit("/new", java_script_enabled=has_script)
    page.get_by_label("Star Wars (1977)", exact=True).check()
    page.get_by_label("Look for other movies").fill("godfather")
    page.keyboard.press("Enter")
    page.wait_for_url("**/new?*find=godfather*")
    assert "token" not in page.url
    page.get_by_label("The Godfather (1972)").check()
    page.get_by_role("button", name="Show my list").click()
    page.wait_for_url("**/for-you")
    assert page.get_by_text("Because you chose").count() > 0


IS_COVERED = """
    () => {
        const {left, top, width, height} = document.activeElement.getBoundingClientRect();
        return document.elementFromPoint(left + width / 2, top + height / 2) !== document.activeElement;
    }
"""


@pytest.mark.parametrize("width", [360, 1280])
def test_what_the_keyboard_stands_on_is_never_under_the_bar_that_counts(visit, width):
    page = visit("/new?" + "&".join(f"chosen={movie}" for movie in (48, 49, 50, 51)), width=width)
    page.get_by_role("button", name="Look").focus()
    for _ in range(30):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.name") == "chosen"
        assert not page.evaluate(IS_COVERED), page.evaluate("document.activeElement.ariaLabel")
    assert page.locator(".tray").bounding_box()["height"] < 200


CUT_OFF = """
    () => [...document.querySelectorAll(".cover-foot span")].filter(part => part.offsetWidth)
        .filter(part => part.scrollWidth > part.clientWidth).map(part => part.textContent)
"""


@pytest.mark.parametrize("width", [320, 360, 375, 1280])
def test_the_genre_and_the_year_of_a_cover_are_never_cut_off(visit, width):
    page = visit("/welcome", width=width)
    origin = page.url.removesuffix("/welcome")
    for path in ("/welcome", "/new", "/movies/39", "/movies/25"):
        page.goto(f"{origin}{path}")
        assert page.evaluate(CUT_OFF) == [], path


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (360, "dark")])
def test_everybody_can_use_every_page_and_nothing_moves_or_sticks_out(visit, width, scheme):
    page = visit("/", width=width, scheme=scheme)
    watch_as(page, 25)
    origin = page.url.removesuffix("/for-you")
    for path in PAGES:
        page.goto(f"{origin}{path}")
        found = Axe().run(page)
        assert found.violations_count == 0, f"{path}: {found.generate_report()}"
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        assert page.evaluate(SHIFT) < 0.01, path
        assert page.title() != "owned"


# Words of covers on more than one line, apart from those that have soft hyphens because no letters are small enough.
BROKEN_WORDS = """
    () => [...document.querySelectorAll(".cover-title")].filter(title => title.offsetWidth).flatMap(title => {
        const text = title.firstChild, broken = [];
        for (const word of text.data.matchAll(/[\\p{Script=Latin}\\p{N}'’.,:;!?]+/gu)) {
            const range = document.createRange();
            range.setStart(text, word.index);
            range.setEnd(text, word.index + word[0].length);
            const tops = new Set([...range.getClientRects()].map(rectangle => Math.round(rectangle.top)));
            if (tops.size > 1 && !text.data.includes("\\u00ad")) broken.push(word[0]);
        }
        return broken;
    })
"""


@pytest.mark.parametrize("width", [360, 1000, 1920])
def test_no_cover_breaks_a_word(visit, width):
    page = visit("/", width=width)
    watch_as(page, 28)
    origin = page.url.removesuffix("/for-you")
    for path in ("/for-you", "/new", "/movies/41", "/movies/51", "/welcome", "/search?q=qqqzzz"):
        page.goto(f"{origin}{path}")
        assert page.locator(".cover-title").count() > 3
        assert page.evaluate(BROKEN_WORDS) == [], path


# What a finger can hit, apart from links within a text; a label is as large as what it contains.
TOO_SMALL = """
    () => [...document.querySelectorAll("a[href], button, input:not([type=hidden]), .chip, .suggestions > *")]
        .filter(each => each.checkVisibility({visibilityProperty: true}))
        .filter(each => !each.matches("p:not(.viewers) a, h1 a, li a"))
        .map(each => (each.closest("label") || each))
        .filter(each => each.getBoundingClientRect().width < 44 || each.getBoundingClientRect().height < 44)
        .map(each => each.outerHTML.slice(0, 120))
"""


@pytest.mark.parametrize("width", [360, 412, 768])
def test_a_finger_hits_everything_that_can_be_pressed(visit, width):
    page = visit("/welcome", width=width, has_touch=True, is_mobile=True)
    watch_as(page, 30)
    origin = page.url.removesuffix("/for-you")
    for path in PAGES:
        page.goto(f"{origin}{path}")
        assert page.evaluate(TOO_SMALL) == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


IN_PRINT = """
    () => [...document.querySelectorAll(".cover")].filter(cover => cover.offsetWidth).map(cover => {
        const {left, right} = cover.getBoundingClientRect(), style = getComputedStyle(cover);
        return left >= 0 && right <= innerWidth && style.printColorAdjust === "exact";
    })
"""


def test_paper_shows_every_cover_in_dark_ink_on_white(visit):
    page = visit("/welcome", width=800, scheme="dark")
    watch_as(page, 29)
    page.emulate_media(media="print")
    covers = page.evaluate(IN_PRINT)
    assert len(covers) > 20
    assert all(covers)
    assert page.locator(".topbar, .say, .shelf-arrows").filter(visible=True).count() == 0
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(28, 26, 23)"


@pytest.mark.parametrize("path", ["/for-you", "/new", "/movies/12", "/said"])
def test_a_sheet_of_paper_holds_what_it_shows_and_nothing_prints_over_anything(visit, path):
    page = visit("/welcome", width=720)  # of A4 between its margins
    watch_as(page, 30)
    page.goto(page.url.replace("/for-you", path))
    page.emulate_media(media="print")
    end = "document.querySelector('{}').getBoundingClientRect().{} + scrollY"
    assert page.evaluate(end.format("main", "bottom")) <= page.evaluate(end.format(".foot", "top"))
    # rows that fill a screen, as of a grid, would leave an empty sheet, and print the foot over the last covers
    assert page.evaluate("['body', 'main'].map(each => getComputedStyle(document.querySelector(each)).display)") == [
        "block",
        "block",
    ]
    assert page.evaluate("getComputedStyle(document.body).minHeight") == "0px"
    cut = "[...document.querySelectorAll('.why')].filter(each => each.scrollHeight > each.clientHeight + 1).length"
    assert page.evaluate(cut) == 0
    assert page.locator(".search, input, .tray").filter(visible=True).count() == 0


def test_titles_from_right_to_left_turn_nothing_but_themselves(visit):
    page = visit("/welcome")
    watch_as(page, 31)
    page.goto(page.url.replace("/for-you", "/movies/47"))
    assert page.evaluate("getComputedStyle(document.querySelector('.pick .cover-title')).direction") == "rtl"
    assert page.evaluate("getComputedStyle(document.querySelector('h1')).direction") == "ltr"
    for movie in (47, 60):
        page.goto(page.url.replace("/movies/47", f"/movies/{movie}"))
        page.get_by_role("button", name="Like", exact=True).click()
        page.locator("#toast", has_text="You like").wait_for()
        page.reload()
        told = page.locator(".said-of-pick span").text_content()
        assert "\u202e" not in told
    assert page.locator(".said-of-pick span").text_content() == "You like Right to left & <b>bold</b> &amp; "


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_one_click_changes_the_colours_whatever_the_device_prefers(visit, scheme):
    page = visit("/welcome", scheme=scheme, java_script_enabled=False)
    for chosen in ({"light": "dark", "dark": "light"}[scheme], scheme):
        page.get_by_role("button", name=f"Change to {chosen} colours").click()
        page.locator(f'html[data-theme="{chosen}"]').wait_for()
    assert page.get_by_role("button", name="Change to").count() == 1


# 320 and 640 are a window of 1280 that is zoomed to 400 and to 200 % (WCAG 1.4.10 and 1.4.4)
@pytest.mark.parametrize("width", [320, 360, 640, 768, 1920])
def test_pages_fit_from_a_phone_to_a_wall_and_zoomed(visit, width):
    page = visit("/", width=width)
    watch_as(page, 26)
    origin = page.url.removesuffix("/for-you")
    for path in (*PAGES, "/movies/52"):
        page.goto(f"{origin}{path}")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (path, width)
        assert page.get_by_role("link", name="movierec").count() == 1


def test_everything_works_without_a_script(visit):
    page = visit("/", java_script_enabled=False)
    watch_as(page, 27)
    movie = first_movie(page)
    card(page, movie).locator(f'button[value="dislike {movie}"]').click()
    page.get_by_role("status").filter(has_text="You don’t like").wait_for()
    assert page.locator(f'[data-movie="{movie}"]').count() == 0
    page.get_by_role("button", name="Undo").click()
    assert page.locator(f'[data-movie="{movie}"]').count() > 0
