"""Requests that could be read in two ways: refused by a sentence that names what is wrong, and nothing is kept."""

import json

import pytest

from .test_api import event, give_feedback
from .test_hostile import assert_problem

JSON = {"content-type": "application/json"}
EVENT = '"event_id": "once", "user_id": 40, "movie_id": 5'
POSTS = ("/api/v1/feedback", "/api/v1/newcomer")


def post(api, path, body, **headers):
    return api.post(path, content=body, headers={**JSON, **headers})


def one_event(**changed):
    return json.dumps({"events": [{**event("changed", 40, 5), **changed}]})


@pytest.mark.parametrize(
    ("path", "body", "key"),
    [
        ("/api/v1/feedback", f'{{"events": [{{{EVENT}, "kind": "like", "kind": "dislike"}}]}}', '"kind"'),
        ("/api/v1/feedback", f'{{"events": [{{{EVENT}, "kind": "like", "user_id": 41}}]}}', '"user_id"'),
        ("/api/v1/feedback", f'{{"events": [{{{EVENT}, "kind": "like", "user\\u005fid": 41}}]}}', '"user_id"'),
        ("/api/v1/feedback", f'{{"events": [{{{EVENT}, "kind": "like", "kind": "like"}}]}}', '"kind"'),
        ("/api/v1/feedback", f'{{"events": [], "events": [{{{EVENT}, "kind": "like"}}]}}', '"events"'),
        ("/api/v1/feedback", f'{{"events": [{{{EVENT}, "kind": "like"}}], "x": {{"": 1, "": 2}}}}', '""'),
        ("/api/v1/newcomer", '{"movies": [1], "movies": [12]}', '"movies"'),
        ("/api/v1/newcomer", '{"movies": [1], "\\ud800\\n": 1, "\\ud800\\n": 2}', '"\\ud800\\n"'),
        ("/api/v1/newcomer", '{"%s": 1, "%s": 2}' % (("x" * 1000,) * 2), f'"{"x" * 60}"'),
    ],
    ids=range(9),
)
def test_a_key_that_comes_twice_is_named_and_nothing_is_kept(api, path, body, key):
    answer = post(api, path, body)
    assert_problem(answer, 422)
    assert answer.json()["detail"] == f"body: an object has the key {key} more than once; once is allowed"
    assert api.delete("/api/v1/users/40/feedback/once").json() == {"is_undone": False}


def test_the_same_key_in_two_objects_is_no_repetition(api):
    assert give_feedback(api, event("one", 40, 5), event("two", 40, 6)).json()["accepted"] == 2
    for name in ("one", "two"):
        assert api.delete(f"/api/v1/users/40/feedback/{name}").json() == {"is_undone": True}


def test_many_keys_of_which_the_last_is_repeated_are_found_at_once(api):
    names = [f"{number:05}" for number in range(60_000)]
    answer = post(api, "/api/v1/newcomer", "{" + ",".join(f'"{name}":1' for name in [*names, names[-1]]) + "}")
    assert '"59999"' in answer.json()["detail"]


def test_an_event_that_was_another_one_before_is_told_so_and_changes_nothing(api):
    first, other = event("reused", 40, 5), event("reused", 40, 6, "dislike")
    assert give_feedback(api, first).json()["outcomes"][0] == {
        "event_id": "reused",
        "outcome": "accepted",
        "message": None,
    }
    assert give_feedback(api, first).json()["outcomes"][0] == {
        "event_id": "reused",
        "outcome": "repeated",
        "message": None,
    }
    (told,) = give_feedback(api, other).json()["outcomes"]
    assert told["outcome"] == "repeated"
    assert told["message"] == "event_id has stood for another user_id, movie_id, kind or value; nothing was changed"
    shown = [each["movie_id"] for each in api.get("/api/v1/users/40/recommendations?limit=100").json()["items"]]
    assert 6 in shown
    assert 5 not in shown
    api.delete("/api/v1/users/40/feedback/reused")
    (told,) = give_feedback(api, first).json()["outcomes"]
    assert told["outcome"] == "repeated"
    assert told["message"].startswith("the event has been taken back and counts no more")


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        (b'{"a": 1,}', 422, "body: this is no JSON: "),
        (b'{"a": "\xff"}', 400, "body: this is no UTF-8 at byte 8"),
        ("{}".encode("utf-16"), 400, "body: this is no UTF-8 at byte 1"),
        (b'{"a": NaN}', 422, "body: NaN is no number of JSON"),
        (b'{"a": -Infinity}', 422, "body: -Infinity is no number of JSON"),
        (b'{"a": %s}' % (b"9" * 5_000), 422, "body: a number has more digits than are read"),
        (b'{"a": ' + b"[" * 100_000, 400, "body: lists and objects are nested deeper than is read"),
    ],
    ids=["comma", "bytes", "UTF-16", "NaN", "infinity", "digits", "nested"],
)
def test_a_body_that_is_no_json_is_told_why(api, path, body, status, detail):
    answer = post(api, path, body)
    assert_problem(answer, status)
    assert answer.json()["detail"].startswith(detail)


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-type": "text/plain"},
        {"content-type": "multipart/form-data; boundary=x"},
        {"content-type": "application/jsonp"},
        {"content-type": ""},
        {"content-encoding": "gzip"},
    ],
    ids=lambda headers: " ".join(headers.values()) or "none",
)
def test_a_body_of_another_kind_is_told_which_is_read(api, path, headers):
    answer = post(api, path, "{}", **headers)
    assert_problem(answer, 415)
    assert "JSON" in answer.json()["detail"] or "Content-Encoding" in answer.json()["detail"]


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "Application/JSON", "application/vnd.x+json"])
def test_json_is_read_however_its_type_is_written(api, kind):
    assert api.post("/api/v1/newcomer", content="{}", headers={"content-type": kind}).status_code == 200


@pytest.mark.parametrize(
    ("path", "detail"),
    [
        ("/users/1/recommendations?genres=Drama", 'query: no parameter is called "genres"; limit, after, genre, '),
        ("/users/1/recommendations?Limit=5", 'query: no parameter is called "Limit"; '),
        ("/users/1/recommendations?limit=5&limit=6", "query limit: the parameter comes 2 times; once is allowed"),
        ("/movies?q=star&q=heat", "query q: the parameter comes 2 times; once is allowed"),
        ("/movies/1?x", 'query: no parameter is called "x"; there are none at this address'),
    ],
    ids=range(5),
)
def test_a_parameter_that_is_unknown_or_comes_twice_is_named(api, path, detail):
    answer = api.get(f"/api/v1{path}")
    assert_problem(answer, 422)
    assert answer.json()["detail"].startswith(detail)


def test_all_that_is_wrong_with_an_address_is_told_at_once_to_who_has_a_key(api, site):
    path = "/api/v1/users/0/recommendations?limit=0&genre_cap=x&leave_out=1&leave_out=x"
    answer = api.get(path)
    assert_problem(answer, 422)
    named = [sentence.partition(":")[0] for sentence in answer.json()["detail"].split("; ")]
    assert named == ["path user_id", "query limit", "query leave_out 1", "query genre_cap"]
    assert_problem(site.get(path), 401)


@pytest.mark.parametrize(
    ("path", "allowed"),
    [("/movies/1", "GET, HEAD"), ("/feedback", "POST"), ("/users/1/feedback/x", "DELETE")],
)
def test_what_may_be_asked_of_an_address_is_named(api, path, allowed):
    answer = api.options(f"/api/v1{path}")
    assert_problem(answer, 405)
    assert answer.headers["allow"] == allowed
    assert answer.json()["detail"] == f"OPTIONS is not possible at this address; {allowed} is"


def test_lists_may_be_repeated(api):
    genres = api.get("/api/v1/users/1/recommendations?genre=Drama&genre=War&leave_out=1&leave_out=2")
    assert genres.status_code == 200
    assert all({"Drama", "War"} & set(item["genres"]) for item in genres.json()["items"])


@pytest.mark.parametrize("number", ["1.0", "1_0", "+1", "%201", "1e1", "0x1", "%D9%A3", ""])
def test_numbers_in_an_address_are_digits(api, number):
    paths = [f"/api/v1/users/1/recommendations?limit={number}", f"/api/v1/movies/1/similar?user_id={number}"]
    for path in [*paths, *([f"/api/v1/users/{number}/shelves", f"/api/v1/movies/{number}"] if number else [])]:
        answer = api.get(path)
        assert_problem(answer, 422)
        assert "a whole number in digits is needed" in answer.json()["detail"]


@pytest.mark.parametrize(
    "changed",
    [
        {"user_id": "40"},
        {"user_id": True},
        {"movie_id": "5"},
        {"kind": "rating", "value": "4"},
        {"kind": "rating", "value": True},
        {"created_at": 1_700_000_000},
        {"created_at": "1700000000"},
        {"created_at": "2026-01-01T00:00:00"},
    ],
    ids=repr,
)
def test_what_json_has_a_type_for_is_not_guessed_from_another(api, changed):
    answer = post(api, "/api/v1/feedback", one_event(**changed))
    assert_problem(answer, 422)
    assert answer.json()["detail"].startswith("body events 0 ")
    assert api.delete("/api/v1/users/40/feedback/changed").json() == {"is_undone": False}


def test_a_whole_number_with_a_point_is_one(api):
    assert post(api, "/api/v1/newcomer", '{"movies": [12.0], "limit": 3.0}').status_code == 200
    assert post(api, "/api/v1/newcomer", '{"movies": [12.5]}').status_code == 422


def test_the_description_names_what_is_answered_and_what_may_be_sent(site):
    paths = site.get("/api/v1/openapi.json").json()["paths"]
    for path, operations in paths.items():
        for method, operation in operations.items():
            is_tagged = method == "get" and path.startswith(("/api/v1/users", "/api/v1/movies", "/api/v1/genres"))
            assert ("304" in operation["responses"]) is is_tagged, path
            assert ("ETag" in operation["responses"]["200"].get("headers", {})) is is_tagged, path
            names = [each["name"] for each in operation.get("parameters", ())]
            assert ("If-None-Match" in names) is is_tagged, path
            assert ("415" in operation["responses"]) is ("requestBody" in operation), path
            assert "Retry-After" in operation["responses"]["503"]["headers"], path
            assert {"400", "413", "414", "421"} <= set(operation["responses"]), path
