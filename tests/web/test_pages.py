"""Pages as a browser without a script gets them: everything can be read and done."""

import html
import re

import pytest

from movierec.db import connect
from movierec.web import pages
from movierec.web.schemas import LARGEST_ID
from movierec.web.sessions import NEWCOMERS_FROM, NEWCOMERS_TO

from .conftest import Site
from .small_warehouse import BITING, MOVIES, VIEWERS

TITLES = {movie_id: title for movie_id, title, _, _ in MOVIES}
PAGES = (
    "/welcome",
    "/new",
    "/for-you",
    "/movies/12",
    "/search?q=star",
    "/search?q=qqqzzz",
    "/search",
    "/said",
    "/about",
)


def token(page) -> str:
    return re.search(r'name="token" value="([^"]+)"', page.text)[1]


def page_id(page) -> str:
    return re.search(r'name="page" value="([^"]+)"', page.text)[1]


def watching(page) -> str:
    return re.search(r'name="watching" value="([^"]+)"', page.text)[1]


def shown_movies(page) -> list[int]:
    return list(dict.fromkeys(int(movie) for movie in re.findall(r'data-movie="(\d+)"', page.text)))


def become(surfer, viewer):
    return surfer.post("/viewer", data={"token": token(surfer.get("/welcome")), "viewer": str(viewer)})


def give_feedback(surfer, shown_page, kind, movie, back="/for-you", **more):
    fields = {"token": token(shown_page), "watching": watching(shown_page), "page": page_id(shown_page)}
    return surfer.post("/feedback", data={**fields, "say": f"{kind} {movie}", "back": back, **more})


def take_back(surfer, shown_page, back="/said"):
    (event, *_) = re.findall(r'name="event_id" value="([^"]+)"', shown_page.text)
    fields = {"token": token(shown_page), "watching": watching(shown_page), "event_id": event, "back": back}
    return surfer.post("/undo", data=fields)


def test_a_newcomer_chooses_gets_a_list_dislikes_and_takes_it_back(surfer):
    choose = surfer.get("/new")
    page = surfer.post("/new", data={"token": token(choose), "chosen": ["12", "13"]})
    assert page.url.path == "/for-you"
    assert "Because you chose Star Wars" in page.text
    gone = shown_movies(page)[0]
    page = give_feedback(surfer, page, "dislike", gone)
    assert gone not in shown_movies(page)
    assert "You don’t like" in page.text
    page = take_back(surfer, page, back="/for-you")
    assert gone in shown_movies(page)
    assert "Taken back" in page.text
    assert "Taken back" not in surfer.get("/for-you").text


def hidden_fields(page) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the address that each form of a page posts to, and the names and values of its hidden fields."""
    forms = re.findall(r'<form[^>]* action="([^"]+)" method="post"[^>]*>(.*?)</form>', page.text, re.DOTALL)
    hidden = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')
    return [(action, hidden.findall(inside)) for action, inside in forms]


def test_every_form_proves_its_page_knows_the_way_back_and_names_who_says_something(surfer):
    page = give_feedback(surfer, become(surfer, 31), "like", 13)
    expected = {
        "/theme": ["token", "back"],
        "/feedback": ["token", "back", "watching", "page"],
        "/undo": ["token", "back", "watching"],
        "/viewer": ["token"],
    }
    seen = []
    for path in ("/for-you", "/said", "/movies/13", "/welcome"):
        page = surfer.get(path) if seen else page  # the first one still has the notice, whose form takes back
        for action, fields in hidden_fields(page):
            assert [name for name, _ in fields] == expected[action], (path, action)
            values = dict(fields)
            assert values["token"]
            assert values.get("back", path) == path
            assert values.get("watching", "31") == "31"
            seen.append((path, action))
    assert {path for path, action in seen if action == "/undo"} == {"/for-you", "/said", "/movies/13"}
    assert {action for path, action in seen} == set(expected)


def test_what_was_said_is_listed_and_shown_on_the_movies_page(surfer):
    page = become(surfer, 12)
    movie = shown_movies(page)[1]
    give_feedback(surfer, page, "view", movie)
    assert f'href="/movies/{movie}"' in surfer.get("/said").text
    assert "You have watched" in surfer.get(f"/movies/{movie}").text
    assert "You have watched" not in surfer.get("/movies/12").text


def test_what_was_said_can_be_taken_back_however_long_ago_and_whatever_its_event_is_called(surfer, site, monkeypatch):
    monkeypatch.setattr(pages, "ON_SAID", 2)
    ids = ("page-1", "a b/c?d=é&e", "last+one")
    with connect(site.conninfo) as conn:
        for event_id, movie in zip(ids, (5, 6, 7), strict=True):
            conn.execute("select serving.give_feedback(%s, 26, %s, 'like')", [event_id, movie])
            conn.commit()
    become(surfer, 26)
    first = surfer.get("/said")
    assert re.findall(r'<strong>You like</strong> <a href="/movies/(\d+)"', first.text) == ["7", "6"]
    earlier = surfer.get(html.unescape(re.search(r'href="(/said[^"]+)">Show earlier ones', first.text)[1]))
    assert re.findall(r'<strong>You like</strong> <a href="/movies/(\d+)"', earlier.text) == ["5"]
    assert "Show earlier ones" not in earlier.text
    assert "There is nothing before that" in surfer.get("/said?after=page-1").text
    monkeypatch.setattr(pages, "ON_SAID", 1)
    assert "You like The Maltese Falcon" in surfer.get("/movies/6").text
    for _ in ids:
        said = surfer.get("/said")
        event = html.unescape(re.search(r'name="event_id" value="([^"]+)"', said.text)[1])
        fields = {"token": token(said), "watching": watching(said), "event_id": event, "back": "/said"}
        for _ in range(2):  # a form that is sent again, since its answer did not come
            assert "Taken back" in surfer.post("/undo", data=fields).text
    assert "There is nothing to take back" in surfer.post("/undo", data={**fields, "event_id": "nobody's"}).text
    assert "Nothing yet" in surfer.get("/said").text


def test_a_rating_is_told_with_its_stars(surfer, api):
    events = [
        {"event_id": f"stars-{movie}", "user_id": 27, "movie_id": movie, "kind": "rating", "value": value}
        for movie, value in ((4, 4.5), (5, 1))
    ]
    assert api.post("/api/v1/feedback", json={"events": events}).json()["accepted"] == 2
    become(surfer, 27)
    text = surfer.get("/said").text
    assert "<strong>You gave 4.5 stars to</strong>" in text
    assert "<strong>You gave 1 star to</strong>" in text
    assert "You gave 4.5 stars to Sense and Sensibility" in surfer.get("/movies/4").text


def own_number(surfer):
    return re.search(r"your number is <code>(\d+)</code>", surfer.get("/welcome").text)[1]


def test_a_choice_that_is_sent_twice_makes_one_viewer(surfer):
    one, other = surfer.get("/new"), surfer.get("/new")
    numbers = []
    for page, chosen in ((one, ["12", "13"]), (one, ["13", "12"]), (one, ["12"]), (other, ["12"])):
        surfer.post("/new", data={"token": token(page), "chosen": chosen})
        numbers.append(own_number(surfer))
    assert numbers[0] == numbers[1]
    assert len(set(numbers)) == 3
    assert all(NEWCOMERS_FROM <= int(number) < NEWCOMERS_TO for number in numbers)


def test_a_newcomer_who_changes_their_mind_gets_a_list_from_what_is_left(surfer):
    page = surfer.post("/new", data={"token": token(surfer.get("/new")), "chosen": ["12", "16"]})
    assert "Because you chose Star Wars" in page.text
    page = give_feedback(surfer, page, "dislike", 12)
    assert "Because you chose Star Wars" not in page.text
    assert "Because you chose The Shining" in page.text


def test_who_knows_the_nearest_movies_is_shown_what_is_like_them(surfer, api):
    page = become(surfer, 28)
    near = shown_movies(surfer.get("/movies/36"))[1:]
    events = [{"event_id": f"seen-{movie}", "user_id": 28, "movie_id": movie, "kind": "view"} for movie in near]
    assert api.post("/api/v1/feedback", json={"events": events}).json()["accepted"] == len(near) > 10
    page = surfer.get("/movies/36")
    further = shown_movies(page)[1:]
    assert len(further) > 6
    assert not set(near) & set(further)


def test_a_movie_with_the_largest_id_has_a_page(surfer, site):
    with connect(site.conninfo) as conn:
        conn.execute(
            "insert into serving.catalogue (version_id, movie_id, title, genres, directors, actors, ratings,"
            " popularity_rank) values (1, %s, 'The Last Number', '{}', '{}', '{}', 0, 10000)",
            [LARGEST_ID],
        )
    try:
        assert "The Last Number" in surfer.get(f"/movies/{LARGEST_ID}").text
        assert 'value="9007199254740991" checked' in surfer.get(f"/new?chosen={LARGEST_ID}").text
        assert surfer.get(f"/movies/{LARGEST_ID + 1}").status_code == 404
    finally:
        with connect(site.conninfo) as conn:
            conn.execute("delete from serving.catalogue where movie_id = %s", [LARGEST_ID])


def test_a_click_that_is_sent_twice_counts_once(surfer, api):
    page = become(surfer, 13)
    movie = shown_movies(page)[0]
    for _ in range(2):
        give_feedback(surfer, page, "like", movie)
    assert surfer.get("/said").text.count('name="event_id"') == 1


def test_what_is_said_in_a_tab_of_another_viewer_counts_for_neither(surfer):
    first_tab = become(surfer, 23)
    movie = shown_movies(first_tab)[0]
    give_feedback(surfer, first_tab, "like", movie)
    said = surfer.get("/said")
    become(surfer, 25)  # in another tab of the same browser
    for answer in (give_feedback(surfer, first_tab, "dislike", shown_movies(first_tab)[1]), take_back(surfer, said)):
        assert answer.status_code == 409
        assert "This page is of somebody else than who is watching by now; load it again." in answer.text
    assert "Nothing yet" in surfer.get("/said").text
    become(surfer, 23)
    assert surfer.get("/said").text.count('name="event_id"') == 1
    assert "Taken back" in take_back(surfer, said).text


def test_a_slow_page_does_not_put_back_who_was_watching(surfer, site: Site):
    become(surfer, 23)
    asked_before = surfer.cookies["movierec_session"]
    become(surfer, 25)
    slow = site.get("/search?q=star", accept="text/html", cookie=f"movierec_session={asked_before}")
    assert slow.status_code == 200
    assert "set-cookie" not in slow.headers


def test_a_slow_answer_to_what_was_said_puts_nobody_back_and_is_shown_to_nobody_else(surfer, site: Site):
    page = become(surfer, 27)
    asked_before = surfer.cookies["movierec_session"]
    become(surfer, 28)  # in another tab, before the answer comes
    movie = shown_movies(page)[0]
    said = {"token": token(page), "watching": "27", "page": page_id(page), "say": f"like {movie}", "back": "/said"}
    cookie = {"cookie": f"movierec_session={asked_before}", "accept": "text/html"}
    with site.client(None) as slow:
        answer = slow.post("/feedback", data=said, headers=cookie)
    assert answer.status_code == 303
    assert list(answer.cookies) == ["movierec_notice"]
    surfer.cookies.update(answer.cookies)
    assert "You like" not in surfer.get("/for-you").text
    assert "movierec_notice" not in surfer.cookies


def test_undo_comes_back_to_the_page_of_what_was_said_on_which_it_was(surfer, api):
    become(surfer, 29)
    events = [{"event_id": f"s{movie}", "user_id": 29, "movie_id": movie, "kind": "view"} for movie in (12, 13, 14)]
    assert api.post("/api/v1/feedback", json={"events": events}).json()["accepted"] == len(events)
    latest = re.findall(r'name="event_id" value="([^"]+)"', surfer.get("/said").text)[0]
    earlier = surfer.get("/said", params={"after": latest})
    back = re.search(r'action="/undo"[^>]*>.*?name="back" value="([^"]+)"', earlier.text, re.S)[1]
    assert surfer.get(html.unescape(back)).url == earlier.url


def test_a_viewers_page_says_why_in_words(surfer):
    page = become(surfer, 3)
    movie = next(movie for movie in shown_movies(page) if "Because you liked" in surfer.get(f"/movies/{movie}").text)
    text = surfer.get(f"/movies/{movie}").text
    assert re.search(r"It is number \d+ in your list", text)
    assert "and those who like" in text


@pytest.mark.parametrize("path", PAGES)
def test_a_page_says_which_version_it_shows_and_how_fresh_it_is(surfer, path):
    become(surfer, 14)
    page = surfer.get(path)
    assert page.status_code == 200
    assert re.search(r"Version 1, (less than a minute|\d+ minutes?) old", page.text)
    assert "no-store" in page.headers["cache-control"]


@pytest.mark.parametrize("movie", BITING)
def test_hostile_titles_and_names_are_text_wherever_they_are_shown(surfer, movie):
    become(surfer, 15)
    title = TITLES[movie]
    for path, query in (
        (f"/movies/{movie}", {}),
        ("/search", {"q": title[:200]}),
        ("/new", {"find": title[:200]}),
        ("/movies/12", {}),
    ):
        text = surfer.get(path, params=query).text
        for forbidden in ("<script>document", "<img src=x", "<b>bold", "<u>O'Nobody", "<i>Genre"):
            assert forbidden not in text
        assert "49" not in re.findall(r"<h1[^>]*>(.*?)</h1>", text)
    page = surfer.get(f"/movies/{movie}")
    assert "&lt;script&gt;" in page.text or movie != 48
    said = give_feedback(surfer, page, "dislike", movie, back=f"/movies/{movie}")
    assert said.status_code == 200
    assert "<script>document" not in said.text


def test_a_form_of_another_site_or_session_is_refused(surfer, site: Site):
    page = become(surfer, 16)
    movie = shown_movies(page)[0]
    with site.browser() as other:
        foreign = token(other.get("/welcome"))
    for wrong in ("", "x", foreign, "é"):
        answer = give_feedback(surfer, page, "dislike", movie, token=wrong)
        assert answer.status_code == 403
        assert "The page has to be loaded again" in answer.text
    assert movie in shown_movies(surfer.get("/for-you"))


def test_who_keeps_no_cookie_is_told_that_one_is_needed(surfer):
    page = surfer.get("/welcome")
    surfer.cookies.clear()
    answer = surfer.post("/viewer", data={"token": token(page), "viewer": "16"})
    assert answer.status_code == 403
    assert "or the browser refuses the cookie that pages need; load it again." in answer.text
    # browsers send none with a form of another site, and would take this one in place of the one that they have
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    ("path", "fields", "again"),
    [
        ("/viewer", {"viewer": "nobody"}, "/welcome"),
        ("/new", {}, "/new"),
        ("/feedback", {"say": "adore 5"}, "/welcome"),
    ],
)
def test_colours_can_be_changed_where_a_form_was_answered_by_a_page(surfer, path, fields, again):
    answer = surfer.post(path, data={"token": token(surfer.get("/new")), **fields})
    assert answer.status_code == 422
    back = re.search(r'name="back" value="([^"]+)"', answer.text)[1]
    page = surfer.post("/theme", data={"token": token(answer), "theme": "dark", "back": back})
    assert (page.status_code, page.url.path) == (200, again)
    assert 'data-theme="dark"' in page.text


def test_numbers_of_newcomers_are_told_to_nobody_else(surfer, site: Site, monkeypatch):
    monkeypatch.setattr(pages, "SOME_VIEWERS", 1000)
    with connect(site.conninfo) as conn:
        conn.execute(
            "insert into serving.recommendation"
            " select version_id, %s, rank, movie_id, title, release_year, score, because_movie_id, reason"
            " from serving.recommendation where user_id = 1",
            [NEWCOMERS_FROM],
        )
    try:
        shown = re.findall(r'name="viewer" value="(\d+)"', surfer.get("/welcome").text)
        assert {int(number) for number in shown} == set(VIEWERS)
    finally:
        with connect(site.conninfo) as conn:
            conn.execute("delete from serving.recommendation where user_id = %s", [NEWCOMERS_FROM])


def test_a_movie_that_is_pinned_for_everybody_stands_before_lists_and_in_place_of_none(surfer, site: Site):
    before = [movie for movie in shown_movies(become(surfer, 20)) if movie != 37]
    with connect(site.conninfo) as conn:
        conn.execute("insert into serving.placement (movie_id, action, note) values (37, 'pin', 'for everybody')")
    try:
        page = become(surfer, 20)
        assert (page.status_code, page.url.path) == (200, "/for-you")
        assert shown_movies(page)[:6] == [37, *before[:5]]
        give_feedback(surfer, page, "like", before[0])
        assert shown_movies(surfer.get("/for-you"))[:5] == [37, *before[1:5]]
    finally:
        with connect(site.conninfo) as conn:
            conn.execute("delete from serving.placement where note = 'for everybody'")


def test_tokens_are_masked_anew_in_every_page(surfer):
    assert token(surfer.get("/welcome")) != token(surfer.get("/welcome"))


@pytest.mark.parametrize(
    "back", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/\nset-cookie: a=b"]
)
def test_nobody_is_sent_elsewhere(surfer, back):
    page = become(surfer, 17)
    fields = {"token": token(page), "watching": watching(page), "page": page_id(page), "back": back}
    answer = surfer.post("/feedback", data={**fields, "say": f"view {shown_movies(page)[0]}"}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_a_session_that_was_tampered_with_is_nobodys(surfer):
    become(surfer, 18)
    cookie = surfer.cookies["movierec_session"]
    surfer.cookies.clear()
    for wrong in (f"{cookie[:-3]}abc", "x", cookie.split(".")[0]):
        assert surfer.get("/for-you", headers={"cookie": f"movierec_session={wrong}"}).url.path == "/welcome"


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(site: Site):
    for scheme, is_secure in (("http", False), ("https", True)):
        cookie = site.get("/welcome", accept="text/html", **{"x-forwarded-proto": scheme}).headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=lax" in cookie
        assert ("secure" in cookie) is is_secure


@pytest.mark.parametrize(
    ("viewer", "status"),
    [("", 422), ("one", 422), ("0", 422), ("99999999999999999999", 422), ("123456789", 404), ("٣", 422)],
)
def test_a_number_that_nobody_has_is_answered_where_it_was_entered(surfer, viewer, status):
    page = become(surfer, viewer)
    assert page.status_code == status
    assert 'role="alert"' in page.text
    assert 'aria-describedby="viewer-error" autofocus' in page.text
    assert "autofocus" not in surfer.get("/welcome").text


@pytest.mark.parametrize("chosen", [[], [str(number) for number in range(1, 7)], ["99999"], ["x"]])
def test_a_choice_that_is_none_or_too_large_is_answered_where_it_was_made(surfer, chosen):
    page = surfer.post("/new", data={"token": token(surfer.get("/new")), "chosen": chosen})
    assert page.status_code == 422
    assert 'role="alert"' in page.text


def test_looking_for_other_movies_keeps_the_choice(surfer):
    page = surfer.get("/new", params={"find": "godfather", "chosen": ["12", "33"]})
    assert 'value="12" checked' in page.text
    assert 'value="33" checked' in page.text


def test_wrong_feedback_changes_nothing(surfer):
    page = become(surfer, 19)
    for wrong in (
        {"say": ""},
        {"say": "adore 5"},
        {"say": "like x"},
        {"say": "like 99999"},
        {"page": "../x"},
        {"page": "x" * 41},
    ):
        assert give_feedback(surfer, page, "like", 5, **wrong).status_code == 422
    assert "Nothing yet" in surfer.get("/said").text
    gone = give_feedback(surfer, page, "like", 99999)
    assert "This movie is not in the catalogue any more." in gone.text


@pytest.mark.parametrize(
    "path", ["/nowhere", "/movies/99999", "/movies/x", "/movies/٣", "/movies/-1", "/movies/9" + "9" * 30]
)
def test_what_does_not_exist_is_a_page_that_leads_back(surfer, path):
    page = surfer.get(path)
    assert page.status_code == 404
    assert "There is nothing here" in page.text
    assert 'href="/"' in page.text


def test_colours_stay_as_they_were_chosen(surfer):
    page = surfer.get("/about")
    page = surfer.post("/theme", data={"token": token(page), "theme": "dark", "back": "/about"})
    assert page.url.path == "/about"
    assert 'data-theme="dark"' in page.text
    page = surfer.post("/theme", data={"token": token(page), "theme": '"><script>', "back": "/about"})
    assert "data-theme" not in page.text


def test_suggestions_are_the_best_titles(surfer):
    items = surfer.get("/suggest", params={"q": "star wasr"}).json()["items"]
    assert items[0] == {"movie_id": 12, "title": "Star Wars", "release_year": 1977}
    assert surfer.get("/suggest").json() == {"items": []}


def test_where_few_are_found_others_like_the_first_follow(surfer):
    text = surfer.get("/search", params={"q": "casablanca"}).text
    assert "If you like <bdi>Casablanca</bdi></h2>" in text
    found, like = (set(re.findall(r'data-movie="(\d+)"', part)) for part in text.split("If you like <bdi>"))
    assert "5" in found
    assert len(like) > 3
    assert not found & like


def test_somebody_new_starts_with_a_popular_movie(surfer):
    starters = re.findall(r'href="/new\?chosen=(\d+)"', surfer.get("/welcome").text)
    assert len(starters) == 5
    page = surfer.get("/new", params={"chosen": starters[0]}).text
    assert re.search(rf'value="{starters[0]}" checked', page)


def test_static_files_are_kept_for_good_under_addresses_that_change_with_them(surfer):
    address = re.search(r'href="(/static/site.css\?v=\w+)"', surfer.get("/welcome").text)[1]
    kept = surfer.get(address)
    assert "immutable" in kept.headers["cache-control"]
    unchanged = surfer.get(address, headers={"if-none-match": kept.headers["etag"]})
    assert (unchanged.status_code, unchanged.headers["cache-control"]) == (304, kept.headers["cache-control"])
    for other in ("/static/site.css", "/static/site.css?v=0123456789", f"{address}0", f"{address}&v=0"):
        assert surfer.get(other).headers["cache-control"] == "no-cache"
    assert surfer.get("/static/../app.py").status_code == 404
