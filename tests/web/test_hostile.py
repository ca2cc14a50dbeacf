"""What an application or a browser may send that nobody would send in good faith, and what must hold all the same."""

import gzip
import json
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from movierec.db import connect

from .conftest import READER, SLOW, WRITER, running, write_keys
from .test_api import event, give_feedback, ids

PROBLEM = "application/problem+json"
WEB = {"accept": "text/html"}


@pytest.fixture
def fresh_site(site, tmp_path):
    """Serve the same warehouse by another application, whose limits nobody has used up."""
    with running(site.conninfo, write_keys(tmp_path / "web.json")) as other:
        yield other


def assert_problem(answer, status):
    assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM), answer.text
    assert answer.json()["status"] == status
    assert answer.json()["detail"]


def test_batches_with_the_same_events_in_other_orders_do_not_wait_for_each_other(api):
    events = [event(f"order-{number:03}", 31, 1 + number % 40) for number in range(200)]
    batches = [events, events[::-1], events[100:] + events[:100]] * 4
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda batch: give_feedback(api, *batch), batches))
    assert {answer.status_code for answer in answers} == {200}
    assert sum(answer.json()["accepted"] for answer in answers) == len(events)
    assert sum(answer.json()["repeated"] for answer in answers) == len(events) * (len(batches) - 1)


def test_a_batch_that_was_cut_short_is_completed_by_sending_it_again(api):
    events = [event(f"again-{number}", 32, 5 + number) for number in range(4)]
    assert give_feedback(api, *events[:2]).json()["accepted"] == 2
    answer = give_feedback(api, *events[::-1]).json()
    assert [each["outcome"] for each in answer["outcomes"]] == ["accepted", "accepted", "repeated", "repeated"]
    assert [each["event_id"] for each in answer["outcomes"]] == [each["event_id"] for each in events[::-1]]


def test_of_an_event_that_a_batch_names_twice_the_first_that_is_right_counts(api):
    wrong, right, other = event("twice", 33, 999_999), event("twice", 33, 5), event("twice", 33, 6)
    answer = give_feedback(api, wrong, right, other).json()
    assert [each["outcome"] for each in answer["outcomes"]] == ["rejected", "accepted", "repeated"]
    assert 5 not in ids(api.get("/api/v1/users/33/recommendations", params={"limit": 100}))
    assert 6 in ids(api.get("/api/v1/users/33/recommendations", params={"limit": 100}))


def test_feedback_and_its_undoing_at_once_leave_one_of_the_two(api):
    def turn(number):
        if number % 2:
            return api.delete("/api/v1/users/34/feedback/both").status_code
        return give_feedback(api, event("both", 34, 7)).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(turn, range(24))) == {200}
    api.delete("/api/v1/users/34/feedback/both")
    assert 7 in ids(api.get("/api/v1/users/34/recommendations", params={"limit": 100}))
    assert give_feedback(api, event("both", 34, 7)).json()["repeated"] == 1


def test_no_application_takes_back_what_was_said_on_a_page(site, surfer, api):
    surfer.post("/viewer", data={"token": _token(surfer.get("/welcome")), "viewer": "35"})
    page = surfer.get("/movies/9")
    surfer.post("/feedback", data={"token": _token(page), "watching": "35", "page": "p", "say": "like 9"})
    assert "You like" in surfer.get("/said").text
    for guess in ("35:p:like:9", "page:35:p:like:9"):
        assert api.delete(f"/api/v1/users/35/feedback/{guess}").json() == {"is_undone": False}


def test_feedback_that_was_read_from_elsewhere_changes_the_etag_at_once(api, site):
    path = "/api/v1/users/36/recommendations"
    first = api.get(path)
    movie = ids(first)[0]
    with connect(site.conninfo) as conn:
        conn.execute(
            "insert into serving.incoming_event (source, event_id, user_id, movie_id, kind, created_at)"
            " values ('app', 'x', 36, %s, 'dislike', now())",
            [movie],
        )
    after = api.get(path, headers={"if-none-match": first.headers["etag"]})
    assert after.status_code == 200
    assert movie not in ids(after)


def test_feedback_that_began_first_and_is_kept_last_changes_the_etag_too(api, site):
    path = "/api/v1/users/39/recommendations?limit=100"
    with connect(site.conninfo) as conn:
        conn.execute("select serving.give_feedback('slow', 39, 5, 'like')")
        assert give_feedback(api, event("quick", 39, 6)).json()["accepted"] == 1
        before = api.get(path)
    assert 5 in ids(before)
    after = api.get(path, headers={"if-none-match": before.headers["etag"]})
    assert after.status_code == 200
    assert 5 not in ids(after)


def test_an_edited_shelf_changes_what_an_application_is_given(api, site):
    path = "/api/v1/users/1/shelves"
    edit = "update serving.shelf set heading = %s where shelf_id = 'popular_now'"
    headings = []
    tag = ""
    try:
        for heading in ("Seen by many", "Seen by most"):
            with connect(site.conninfo) as conn:
                conn.execute(edit, [heading])
            answer = api.get(path, headers={"if-none-match": tag})
            assert answer.status_code == 200
            tag = answer.headers["etag"]
            headings.append({shelf["heading"] for shelf in answer.json()["shelves"]})
            assert api.get(path, headers={"if-none-match": tag}).status_code == 304
    finally:
        with connect(site.conninfo) as conn:
            conn.execute(edit, ["Popular these days"])
    assert "Seen by many" in headings[0]
    assert "Seen by most" in headings[1]


def test_a_tag_is_found_among_others_and_says_nothing_about_other_viewers(api):
    mine = api.get("/api/v1/users/37/recommendations").headers["etag"]
    strong = mine.removeprefix("W/")
    for known, status in (
        *((f'"x", {mine}', 304), ("*", 304), (strong, 304), (f'"x", {strong}', 304)),
        *(('W/"x"', 200), (strong[1:-1], 200), (f'"x{strong[1:]}', 200), ("", 200)),
    ):
        assert api.get("/api/v1/users/37/recommendations", headers={"if-none-match": known}).status_code == status
    give_feedback(api, event("other", 38, 5))
    tag = api.get("/api/v1/users/38/recommendations").headers["etag"]
    assert tag != mine
    assert api.get("/api/v1/users/37/recommendations", headers={"if-none-match": tag}).status_code == 200


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br"])
def test_bodies_that_grow_when_unpacked_are_not_unpacked(api, encoding):
    bomb = gzip.compress(b" " * 50_000_000)
    headers = {"content-type": "application/json", "content-encoding": encoding}
    assert_problem(api.post("/api/v1/feedback", content=bomb, headers=headers), 415)


@pytest.mark.parametrize(
    "body",
    [
        b'{"events": [{"event_id": "a", "user_id": %s, "movie_id": 1, "kind": "like"}]}' % (b"9" * 10_000),
        b'{"events": [{"event_id": "a", "user_id": -0, "movie_id": 1, "kind": "like"}]}',
        b'{"events": [{"event_id": "a", "user_id": 1.5, "movie_id": 1, "kind": "like"}]}',
        b'{"events": [{"event_id": "%s", "user_id": 1, "movie_id": 1, "kind": "like"}]}' % (b"a" * 151),
        b'{"events": [{"event_id": "a\\n", "user_id": 1, "movie_id": 1, "kind": "like"}]}',
        b'{"events": [{"event_id": "a", "user_id": 1, "movie_id": 1, "kind": "like", "is_undone": true}]}',
        b'{"events": [{"event_id": "a", "user_id": 1, "movie_id": 1, "kind": "like", "created_at": "2020-01-01"}]}',
        b'{"events": {"0": 1}}',
        b'\xff\xfe{\x00}\x00',
        b'{"events": ' + b'[{"a":' * 5_000 + b"}]" * 5_000,
    ],
    ids=range(10),
)  # fmt: skip
def test_bodies_that_are_nearly_right_are_problems(api, body):
    answer = api.post("/api/v1/feedback", content=body, headers={"content-type": "application/json"})
    assert_problem(answer, 400 if answer.status_code == 400 else 422)


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00", "1969-12-31T23:59:59+14:00"])
def test_moments_that_cannot_have_been_are_rejected_by_event(api, moment):
    answer = give_feedback(api, event("when", 39, 5, created_at=moment)).json()
    assert answer["outcomes"][0]["outcome"] == "rejected"
    assert "at most 5 minutes ahead" in answer["outcomes"][0]["message"]


@pytest.mark.parametrize("path", ["/api/v1/users/1/recommendations", "/api/v1/feedback", "/health", "/nowhere"])
@pytest.mark.parametrize("method", ["PUT", "PATCH", "TRACE", "PROPFIND"])
def test_methods_that_nothing_answers_are_problems(api, method, path):
    answer = api.request(method, path)
    assert_problem(answer, 404 if path == "/nowhere" else 405)
    if path != "/nowhere":
        assert f"{method} is not possible at this address; {answer.headers['allow']} is" in answer.json()["detail"]


def until_refused(send):
    """Send requests until one is refused, faster than tokens come back; return the statuses and that answer."""
    statuses = []
    for number in range(3_000):
        answer = send(number)
        if answer.status_code == 429:
            return statuses, answer
        statuses.append(answer.status_code)
    raise AssertionError("nothing was refused")


def test_guessing_keys_is_slowed_down_and_stops_no_application(fresh_site):
    statuses, answer = until_refused(lambda number: fresh_site.get("/api/v1/movies/1", f"{number:040}"))
    assert set(statuses) == {401}
    assert len(statuses) >= 10
    assert_problem(answer, 429)
    assert int(answer.headers["retry-after"]) >= 1
    assert fresh_site.get("/api/v1/movies/1", READER).status_code == 200


def test_a_limit_is_of_one_key_alone_and_a_key_that_may_not_write_is_told_so(fresh_site):
    with fresh_site.client(SLOW) as slow:
        assert [slow.get("/api/v1/movies/1").status_code for _ in range(3)] == [200, 200, 429]
        assert_problem(slow.get("/api/v1/movies/1"), 429)
    for key in (READER, SLOW):
        with fresh_site.client(key) as reader:
            for answer in (give_feedback(reader, event("x", 1, 1)), reader.delete("/api/v1/users/1/feedback/x")):
                assert_problem(answer, 403)
                assert "write is needed" in answer.json()["detail"]
    with fresh_site.client(WRITER) as writer:
        assert writer.get("/api/v1/movies/1").status_code == 200


def test_pages_are_limited_by_address_and_say_so_in_a_page(fresh_site):
    with httpx.Client(base_url=fresh_site.url, headers=WEB) as browser:
        statuses, page = until_refused(lambda _: browser.get("/"))
    assert set(statuses) == {303}
    assert len(statuses) >= 200
    assert "A little slower, please" in page.text
    assert fresh_site.get("/health").status_code == 200


def test_whether_it_is_up_is_told_to_however_many_ask_at_the_price_of_one(fresh_site):
    with connect(fresh_site.conninfo) as conn, fresh_site.client(key=None) as monitor:
        conn.autocommit = True
        asked = "select sum(xact_commit) from pg_stat_database where datname = current_database()"
        assert monitor.get("/health").status_code == 200
        conn.execute("select pg_stat_clear_snapshot()")
        before = conn.execute(asked).fetchone()[0]
        started = time.monotonic()
        with ThreadPoolExecutor(8) as pool:
            assert set(pool.map(lambda _: monitor.get("/health").status_code, range(400))) == {200}
        time.sleep(1.2)  # what a session counts is told to others once a second
        seconds = time.monotonic() - started
        conn.execute("select pg_stat_clear_snapshot()")
        assert conn.execute(asked).fetchone()[0] - before < 50 + 10 * seconds


@pytest.mark.parametrize("path", ["/version", "/api/v1/version", "/metrics"])
def test_what_else_needs_no_key_is_limited_by_address(fresh_site, path):
    with fresh_site.client(key=None) as monitor:
        statuses, answer = until_refused(lambda _: monitor.get(path))
        assert_problem(answer, 429)
        assert int(answer.headers["retry-after"]) >= 1
        assert set(statuses) == {200}
        assert len(statuses) >= 200
        assert monitor.get("/health").status_code == 200


@pytest.mark.parametrize("body", [b"chosen=1&" * 5_000, b"&" * 100_000, b"find=" + b"%F0%9F%8D" * 10_000])
def test_forms_are_bounded(surfer, body):
    answer = surfer.post("/new", content=body, headers={"content-type": "application/x-www-form-urlencoded"})
    assert_problem(answer, 413)
    assert "16,000 bytes" in answer.json()["detail"]


def test_numbers_beyond_the_databases_are_nobodys_however_they_begin(surfer):
    token = _token(surfer.get("/welcome"))
    for viewer in ("9" * 500, "0" * 19 + "1" + "9" * 30, str(2**53), str(2**63)):
        page = surfer.post("/viewer", data={"token": token, "viewer": viewer})
        assert page.status_code == 422, viewer
        assert "A number is needed" in page.text
    page = surfer.post("/viewer", data={"token": token, "viewer": "0" * 400 + "21"})
    assert (page.status_code, page.url.path) == (200, "/for-you")


@pytest.mark.parametrize("chosen", [[], ["1", "2", "3", "4", "5", "6"], ["1"]])
def test_a_nul_in_a_form_is_refused_before_the_database_sees_it(surfer, chosen):
    token = _token(surfer.get("/new"))
    page = surfer.post("/new", data={"token": token, "find": "a\0b", "chosen": chosen})
    assert page.status_code == 422
    assert "the character NUL is not allowed" in page.text
    assert "the character NUL is not allowed" in surfer.get("/search?q=%00").text


def test_a_form_of_another_kind_is_answered_by_a_page(surfer):
    for content_type in ("multipart/form-data; boundary=x", "multipart/form-data", "application/json", "text/plain"):
        answer = surfer.post("/new", content=b"--x\r\nbroken", headers={"content-type": content_type})
        assert answer.status_code in (400, 403, 422)
        assert answer.headers["content-type"].startswith("text/html")


def test_an_edit_of_the_keys_that_cannot_be_read_changes_nothing(fresh_site):
    content = fresh_site.key_file.read_text()
    for broken in ("{", json.dumps({**json.loads(content), "api_keys": []}) + "}"):
        fresh_site.key_file.write_text(broken)
        assert fresh_site.get("/api/v1/movies/1", READER).status_code == 200
    fresh_site.key_file.unlink()
    assert fresh_site.get("/api/v1/movies/1", READER).status_code == 200
    fresh_site.key_file.write_text(content)
    assert fresh_site.get("/api/v1/movies/1", READER).status_code == 200
    assert fresh_site.get("/api/v1/movies/1", "e" * 40).status_code == 401


def _token(page):
    return page.text.partition('name="token" value="')[2].partition('"')[0]
