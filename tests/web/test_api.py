"""The API as an application uses it, on a real server and a real warehouse."""

import json
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from movierec.db import connect

from .conftest import READER, SLOW
from .small_warehouse import GENRES, LIST_LENGTH, MOVIES, taste_of

NOBODY = 999_999


def items(answer):
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


def ids(answer):
    return [item["movie_id"] for item in items(answer)]


def give_feedback(api, *events):
    return api.post("/api/v1/feedback", json={"events": list(events)})


def event(number, user_id, movie_id, kind="like", **more):
    return {"event_id": str(number), "user_id": user_id, "movie_id": movie_id, "kind": kind, **more}


def test_a_list_has_titles_and_reasons_of_one_version(api):
    answer = api.get("/api/v1/users/1/recommendations", params={"limit": 5}).json()
    assert (answer["user_id"], answer["version_id"]) == (1, 1)
    assert [item["rank"] for item in answer["items"]] == [1, 2, 3, 4, 5]
    titles = {movie_id: title for movie_id, title, _, _ in MOVIES}
    for item in answer["items"]:
        assert item["title"] == titles[item["movie_id"]]
        assert item["reason"]
    assert taste_of(1) in answer["items"][0]["genres"]


def test_pages_follow_each_other_without_a_gap_or_a_repetition(api):
    whole = ids(api.get("/api/v1/users/2/recommendations", params={"limit": LIST_LENGTH}))
    first = api.get("/api/v1/users/2/recommendations", params={"limit": 5})
    second = api.get("/api/v1/users/2/recommendations", params={"limit": 5, "after": first.json()["next"]})
    assert ids(first) + ids(second) == whole[:10]


def test_genres_are_told_as_they_are_spelt_and_a_filter_says_which_it_does_not_know(api):
    answer = api.get("/api/v1/genres")
    counts = Counter(genre for genres in GENRES.values() for genre in genres)
    assert {item["genre"]: item["movies"] for item in items(answer)} == counts
    assert api.get("/api/v1/genres", headers={"if-none-match": answer.headers["etag"]}).status_code == 304
    asked = {"genre": ["Drama", "Sifi"], "not_genre": ["western", "War"]}
    filtered = api.get("/api/v1/users/3/recommendations", params=asked)
    assert filtered.json()["unknown_genres"] == ["Sifi", "western"]
    assert all("Drama" in item["genres"] for item in items(filtered))
    assert api.get("/api/v1/users/3/recommendations").json()["unknown_genres"] == []


def test_filters_take_movies_from_further_down_and_say_when_there_are_too_few(api):
    wanted = {"genre": "Western", "not_genre": "Action", "limit": 5}
    answer = api.get("/api/v1/users/3/recommendations", params=wanted)
    assert answer.json()["is_complete"] is False
    assert answer.json()["next"] is None
    assert set(ids(answer)) <= {
        movie for movie, genres in GENRES.items() if "Western" in genres and "Action" not in genres
    }
    years = items(api.get("/api/v1/users/3/recommendations", params={"year_from": 1950, "year_to": 1959}))
    assert years
    assert all(1950 <= item["release_year"] <= 1959 for item in years)
    left_out = ids(api.get("/api/v1/users/3/recommendations"))[:2]
    assert not set(left_out) & set(ids(api.get("/api/v1/users/3/recommendations", params={"leave_out": left_out})))


def test_somebody_unknown_gets_what_is_popular(api):
    assert {item["origin"] for item in items(api.get(f"/api/v1/users/{NOBODY}/recommendations"))} <= {
        "fallback",
        "popular",
    }


def test_shelves_have_headings_and_no_movie_twice(api):
    shelves = api.get("/api/v1/users/3/shelves").json()["shelves"]
    assert shelves[0]["rule"] == "for_you"
    assert "because" in {shelf["rule"] for shelf in shelves}
    shown = [item["movie_id"] for shelf in shelves for item in shelf["items"]]
    assert len(shown) == len(set(shown))


def test_what_shelves_say_of_one_viewer_or_rating_is_in_the_singular(site):
    with connect(site.conninfo) as conn:
        told = [told for (told,) in conn.execute("select evidence from serving.shelf_entry").fetchall()]
    assert any(re.search(r"\b1 (viewer|rating|of the (women|men|girls|boys))\b", each) for each in told)
    assert [each for each in told if re.search(r"\b1 (viewers|ratings|women|men|girls|boys)\b", each)] == []


def test_a_movie_its_likes_and_one_that_does_not_exist(api):
    movie = api.get("/api/v1/movies/12").json()
    assert (movie["title"], movie["directors"]) == ("Star Wars", ["<u>O'Nobody & Sons</u>"])
    assert 14 in ids(api.get("/api/v1/movies/12/similar"))
    for path in ("/api/v1/movies/999", "/api/v1/movies/999/similar"):
        answer = api.get(path)
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["detail"] == "there is no movie 999"


@pytest.mark.parametrize(("text", "movie"), [("star wars", 12), ("cassablanca", 5), ("godfahter", 33), ("amelie", 45)])
def test_search_forgives_typing_errors(api, text, movie):
    assert ids(api.get("/api/v1/movies", params={"q": text}))[0] == movie


@pytest.mark.parametrize(
    ("text", "movies"),
    [("godfahter", [33, 34]), ("casablnca", [5]), ("pulp fiktion", [30]), ("the godfather", [33, 34])],
)
def test_search_leaves_out_what_is_like_a_text_by_accident(api, text, movies):
    found = ids(api.get("/api/v1/movies", params={"q": text}))
    assert found == movies


def test_search_keeps_whatever_begins_a_word_with_the_text(api):
    found = ids(api.get("/api/v1/movies", params={"q": "star"}))
    assert found[0] == 12
    assert all(" star" in f" {movie[1].lower()}" for movie in MOVIES if movie[0] in found)


def test_a_newcomer_gets_a_list_like_what_was_chosen(api):
    answer = api.post("/api/v1/newcomer", json={"movies": [12, 13], "limit": 5})
    assert 14 in ids(answer)
    assert not {12, 13} & set(ids(answer))
    assert items(answer)[0]["origin"] == "chosen"
    assert api.post("/api/v1/newcomer", json={}).json()["items"]


def test_feedback_counts_at_once_and_only_once(api, site):
    first = ids(api.get("/api/v1/users/5/recommendations"))[0]
    once, again = (give_feedback(api, event("five", 5, first, "dislike")).json() for _ in range(2))
    assert [(each["accepted"], each["repeated"]) for each in (once, again)] == [(1, 0), (0, 1)]
    assert first not in ids(api.get("/api/v1/users/5/recommendations"))
    assert api.delete("/api/v1/users/6/feedback/five").json() == {"is_undone": False}
    for _ in range(2):  # as where the first answer was lost on its way
        assert api.delete("/api/v1/users/5/feedback/five").json() == {"is_undone": True}
    assert first in ids(api.get("/api/v1/users/5/recommendations"))


def test_the_same_event_from_many_at_once_counts_once(api):
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: give_feedback(api, event("crowd", 6, 5)).json(), range(16)))
    assert sum(answer["accepted"] for answer in answers) == 1
    assert sum(answer["repeated"] for answer in answers) == 15


def test_one_bad_event_stops_no_other(api):
    answer = give_feedback(api, event("good", 7, 5), event("bad", 7, NOBODY), event("unrated", 7, 6, "rating")).json()
    assert [each["outcome"] for each in answer["outcomes"]] == ["accepted", "rejected", "rejected"]
    assert "movie" in answer["outcomes"][1]["message"]


def test_applications_name_their_events_without_regard_to_each_other(api, site):
    assert give_feedback(api, event("page:8:new:like:5", 8, 5)).json()["accepted"] == 1
    with site.client(READER) as reader:
        assert give_feedback(reader, event("x", 8, 6)).status_code == 403


def test_an_etag_holds_until_the_viewer_says_something(api):
    def ask(user, tag=""):
        return api.get(f"/api/v1/users/{user}/recommendations", headers={"if-none-match": tag} if tag else {})

    mine, others = ask(9).headers["etag"], ask(10).headers["etag"]
    assert (ask(9, mine).status_code, ask(9, mine).content) == (304, b"")
    give_feedback(api, event("nine", 9, ids(ask(9))[0], "view"))
    assert ask(9, mine).status_code == 200
    assert ask(9).headers["etag"] != mine
    assert ask(10, others).status_code == 304


@pytest.mark.parametrize("wish", ["gzip", "br;q=1.0, gzip;q=0.8", "GZIP;q=1", "identity;q=0.5, x-gzip"])
def test_answers_are_compressed_for_who_wants_it(api, wish):
    answer = api.get("/api/v1/users/11/shelves", headers={"accept-encoding": wish})
    assert answer.headers["content-encoding"] == "gzip"
    assert "accept-encoding" in answer.headers["vary"].lower()


@pytest.mark.parametrize(
    "wish", ["identity", "gzip;q=0", "gzip; q=0.000, identity", "br, deflate", "gzip;q=2", "*;q=0"]
)
def test_answers_are_not_compressed_for_who_does_not_want_it(api, wish):
    answer = api.get("/api/v1/users/11/shelves", headers={"accept-encoding": wish})
    assert "content-encoding" not in answer.headers
    assert "accept-encoding" in answer.headers["vary"].lower()


HEADS = (
    *("/api/v1/users/11/recommendations", "/api/v1/users/11/shelves", "/api/v1/movies/12", "/api/v1/movies/12/similar"),
    *("/api/v1/movies?q=star", "/api/v1/movies/999", "/api/v1/users/x/shelves", "/api/v1/openapi.json"),
    *("/health", "/version", "/api/v1/health", "/api/v1/version", "/nowhere", "/", "/welcome", "/search?q=star"),
    *("/static/site.css", "/movies/12"),
)


@pytest.mark.parametrize("path", HEADS)
@pytest.mark.parametrize("wish", ["gzip", "identity"])
def test_head_answers_as_get_does_without_a_body(api, path, wish):
    headers = {"accept-encoding": wish}
    get, head = api.get(path, headers=headers), api.head(path, headers=headers)
    assert (head.status_code, head.content) == (get.status_code, b"")
    assert get.content or get.is_redirect
    changing = ("date", "server-timing", "set-cookie", "content-length")
    kept = [{name: value for name, value in each.headers.items() if name not in changing} for each in (get, head)]
    assert kept[0] == kept[1]


def test_head_takes_an_etag_and_changes_nothing(api):
    path = "/api/v1/movies/12"
    tag = api.head(path).headers["etag"]
    assert api.head(path, headers={"if-none-match": tag}).status_code == 304
    assert api.head("/api/v1/feedback").status_code == 405


def test_a_key_is_needed_and_its_scopes_and_limit_hold(site):
    for headers in ({}, {"authorization": "Bearer wrong"}, {"authorization": "Basic eDp5"}):
        answer = site.get("/api/v1/users/1/recommendations", **headers)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    answers = [site.get("/api/v1/movies/1", SLOW) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 429, 429]
    assert int(answers[-1].headers["retry-after"]) >= 1


def test_a_key_that_is_withdrawn_counts_no_more(site):
    content = json.loads(site.key_file.read_text())
    extra = {"name": "extra", "key": "e" * 40, "scopes": ["read"]}
    site.key_file.write_text(json.dumps({**content, "api_keys": [*content["api_keys"], extra]}))
    assert site.get("/api/v1/movies/1", "e" * 40).status_code == 200
    site.key_file.write_text(json.dumps(content))
    assert site.get("/api/v1/movies/1", "e" * 40).status_code == 401


WRONG = [
    ("/api/v1/users/0/recommendations", 422),
    ("/api/v1/users/9007199254740992/recommendations", 422),
    ("/api/v1/users/one/recommendations", 422),
    ("/api/v1/users/1/recommendations?limit=1000000", 422),
    ("/api/v1/users/1/recommendations?after=-1", 422),
    ("/api/v1/users/1/recommendations?genre=%00", 422),
    ("/api/v1/users/1/recommendations?genre=';drop%20table%20serving.version;--", 200),
    ("/api/v1/users/9007199254740991/recommendations", 200),
    ("/api/v1/movies?q=%00", 422),
    ("/api/v1/movies?q=%25%5f%27%22", 200),
    ("/api/v1/movies?q=%ff%fe", 200),
    ("/api/v1/movies", 422),
    (f"/api/v1/movies?q={'x' * 201}", 422),
    (f"/api/v1/movies?q={'x' * 5000}", 414),
    ("/api/v1/nowhere", 404),
    ("/api/v1/movies/1/similar?after=9007199254740991", 200),
]


@pytest.mark.parametrize(("path", "status"), WRONG, ids=range(len(WRONG)))
def test_wrong_requests_are_problems_and_never_errors_of_ours(api, path, status):
    answer = api.get(path)
    assert answer.status_code == status
    if status != 200:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == status
        assert answer.json()["detail"]


BODIES = [
    (b"", 422),
    (b"{", 422),
    (b"[]", 422),
    (b'{"events": []}', 422),
    (b'{"events": [{"event_id": "\\ud800", "user_id": 1, "movie_id": 1, "kind": "like"}]}', 422),
    (b'{"events": [{"event_id": "a", "user_id": 1, "movie_id": 1, "kind": "adore"}]}', 422),
    (b'{"events": [{"event_id": "a/b", "user_id": 1, "movie_id": 1, "kind": "like"}]}', 422),
    (b'{"events": [{"event_id": "..", "user_id": 1, "movie_id": 1, "kind": "like"}]}', 422),
    (b'{"events": [{"event_id": "a", "user_id": 1e400, "movie_id": 1, "kind": "like"}]}', 422),
    (b'{"events": [{"event_id": "a", "user_id": 1, "movie_id": 1, "kind": "rating", "value": NaN}]}', 422),
    (json.dumps({"events": [event(number, 1, 1) for number in range(1001)]}).encode(), 422),
    (b"[" * 100_000, 400),
    (b"x" * 1_000_001, 413),
]


@pytest.mark.parametrize(("body", "status"), BODIES, ids=range(len(BODIES)))
def test_wrong_bodies_are_problems(api, body, status):
    answer = api.post("/api/v1/feedback", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert answer.json()["detail"]


def test_a_body_of_no_stated_length_is_bounded_too(api):
    endless = (b"x" * 100_000 for _ in range(20))
    answer = api.post("/api/v1/feedback", content=endless, headers={"content-type": "application/json"})
    assert answer.status_code == 413


def test_another_host_is_refused_and_every_answer_has_the_headers(site):
    assert site.get("/health", host="movies.evil.example").status_code == 421
    for path in ("/health", "/api/v1/nowhere", "/welcome", "/nowhere"):
        headers = site.get(path, accept="text/html").headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-frame-options"] == "DENY"
        assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize(
    "path",
    [
        *("/api/v1/users/1/recommendations", "/api/v1/movies/12", "/api/v1/movies/999", "/api/v1/openapi.json"),
        *("/health", "/version", "/api/v1/health", "/api/v1/version", "/metrics", "/nowhere"),
        *("/", "/welcome", "/welcome/", "/suggest?q=star", "/static/site.css", "/static/nowhere"),
    ],
)
def test_every_answer_says_whether_it_may_be_kept(api, path):
    assert api.get(path).headers["cache-control"]
    assert api.get(path, headers={"accept": "text/html"}).headers["cache-control"]


def test_status_needs_no_key(site):
    for prefix in ("", "/api/v1"):
        assert site.get(f"{prefix}/health").json() == {"status": "ok", "version_id": 1}
        version = site.get(f"{prefix}/version").json()
        assert (version["version_id"], version["ranker"]) == (1, "hybrid")
        assert version["age_seconds"] >= 0


def test_prometheus_is_told_by_route(site, api):
    api.get("/api/v1/users/1/recommendations")
    text = site.get("/metrics").text
    assert 'route="/api/v1/users/{user_id}/recommendations",status="200"' in text
    assert "movierec_web_live_version 1.0" in text
    assert "movierec_web_feedback_total" in text
