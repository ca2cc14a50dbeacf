"""Publishing, rolling back and a database that goes away, while readers read."""

import re
import threading
import time

import psycopg
import pytest

from movierec.db import connect
from movierec.local.postgres.roles import ADMINISTRATOR, OWNER
from movierec.state_folder import StateFolder

from . import small_warehouse
from .conftest import database, running, write_keys

MARKED = "update serving.{} set title = title || ' v' || version_id where version_id = %s"


@pytest.fixture(scope="module")
def site_of_two_versions(server, tmp_path_factory):
    """A site of its own with two versions, in which every title says of which it is."""
    with database(server, "web_versions") as conninfo:
        with connect(conninfo) as conn:
            small_warehouse.fill(conn)
            small_warehouse.publish(conn, "ease")
            for table in ("recommendation", "similar_movie", "fallback", "catalogue"):
                for version_id in (1, 2):
                    conn.execute(MARKED.format(table), [version_id])
            conn.commit()
        with running(conninfo, write_keys(StateFolder(tmp_path_factory.mktemp("versions")).web_keys)) as site:
            yield site


def show(site, version_id):
    with connect(site.conninfo) as conn:
        conn.execute("update serving.live set version_id = %s, since = now()", [version_id])


def versions_in(text):
    return set(re.findall(r" v(\d+)\b", text)) | set(
        re.findall(r"Version (\d+),|\"version_id\" ?: ?(\d+)", text)[0]
    ) - {""}


def test_no_page_and_no_answer_mixes_two_versions(site_of_two_versions):
    ended = threading.Event()

    def publish_and_roll_back():
        while not ended.is_set():
            for version_id in (1, 2):
                show(site_of_two_versions, version_id)

    publisher = threading.Thread(target=publish_and_roll_back)
    publisher.start()
    versions = set()
    try:
        with site_of_two_versions.client() as api, site_of_two_versions.browser() as browser:
            token = re.search(r'name="token" value="([^"]+)"', browser.get("/welcome").text)[1]
            browser.post("/viewer", data={"token": token, "viewer": "3"})
            for number in range(15):
                api_paths = (
                    f"/users/{number + 1}/recommendations",
                    "/users/3/shelves",
                    "/movies?q=star",
                    "/movies/12/similar",
                )
                answers = [api.get(f"/api/v1{path}") for path in api_paths]
                answers += [browser.get(path) for path in ("/for-you", "/movies/12", "/search?q=star")]
                for answer in answers:
                    assert answer.status_code == 200
                    assert len(versions_in(answer.text)) == 1, answer.url
                    versions |= versions_in(answer.text)
    finally:
        ended.set()
        publisher.join()
    assert versions == {"1", "2"}


def test_a_rollback_is_seen_by_the_next_request(site_of_two_versions):
    with site_of_two_versions.client() as api:
        for version_id in (2, 1):
            show(site_of_two_versions, version_id)
            assert api.get("/api/v1/users/3/recommendations").json()["version_id"] == version_id
            assert api.get("/api/v1/version").json()["version_id"] == version_id


@pytest.mark.parametrize(
    "path", ["/users/3/recommendations", "/users/3/shelves", "/movies/12", "/movies/12/similar", "/movies?q=star"]
)
def test_a_tag_is_of_one_version_through_publishing_and_rolling_back(site_of_two_versions, path):
    def ask(tag=""):
        return api.get(f"/api/v1{path}", headers={"if-none-match": tag})

    with site_of_two_versions.client() as api:
        show(site_of_two_versions, 1)
        first = ask()
        assert (ask(first.headers["etag"]).status_code, versions_in(first.text)) == (304, {"1"})
        show(site_of_two_versions, 2)
        second = ask(first.headers["etag"])
        assert (second.status_code, versions_in(second.text)) == (200, {"2"})
        show(site_of_two_versions, 1)
        assert ask(first.headers["etag"]).status_code == 304
        back = ask(second.headers["etag"])
        assert (back.status_code, back.headers["etag"], back.text) == (200, first.headers["etag"], first.text)


def test_a_page_after_a_publication_is_whole_of_the_new_version_and_follows_by_key(site_of_two_versions):
    def page(after):
        answer = api.get("/api/v1/users/4/recommendations", params={"limit": 5, "after": after})
        assert len(versions_in(answer.text)) == 1
        return answer.json()

    with site_of_two_versions.client() as api:
        show(site_of_two_versions, 1)
        first = page(0)
        show(site_of_two_versions, 2)
        second, whole = page(first["next"]), [page(0)]
        while len(whole) < 3:
            whole.append(page(whole[-1]["next"]))
    assert (first["version_id"], second["version_id"]) == (1, 2)
    assert second["items"] == whole[1]["items"]
    shown = [item["movie_id"] for each in whole for item in each["items"]]
    assert len(shown) == len(set(shown)) == 15


def administrator(conninfo):
    return conninfo.replace(f"user={OWNER}", f"user={ADMINISTRATOR}")


def set_reachable(site, is_reachable):
    """Let the database accept connections, or end those that there are and accept no more."""
    name = psycopg.conninfo.conninfo_to_dict(site.conninfo)["dbname"]
    server = administrator(site.conninfo).replace(f"dbname={name}", "dbname=postgres")
    with psycopg.connect(server, autocommit=True) as conn:
        conn.execute(f"alter database {name} allow_connections {'true' if is_reachable else 'false'}")
        if not is_reachable:
            conn.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [name])


def until(holds):
    deadline = time.monotonic() + 15
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_while_the_database_is_down_pages_are_plain_and_then_all_is_well_again(site_of_two_versions):
    with site_of_two_versions.client() as api, site_of_two_versions.browser() as browser:
        set_reachable(site_of_two_versions, False)
        try:
            page = browser.get("/welcome")
            assert page.status_code == 503
            assert "The lists cannot be read right now" in page.text
            assert "The fault is ours, and it will pass; what you have said is kept." in page.text
            assert '<meta http-equiv="refresh"' in page.text
            assert 'href="/search?q=star&amp;x=1">Try again' in browser.get("/search?q=star&x=1").text
            assert "dbname" not in page.text
            answer = api.get("/api/v1/users/1/recommendations")
            assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
            assert int(answer.headers["retry-after"]) > 0
            until(lambda: api.get("/health").status_code == 503)
        finally:
            set_reachable(site_of_two_versions, True)
        until(lambda: api.get("/health").status_code == 200)
        assert browser.get("/welcome").status_code == 200


def test_prometheus_learns_by_itself_which_version_is_live_and_keeps_it_while_the_database_is_away(
    site_of_two_versions,
):
    def told():
        return re.search(r"\nmovierec_web_live_version (\d+)", site_of_two_versions.get("/metrics").text)[1]

    for version_id in ("1", "2"):
        show(site_of_two_versions, int(version_id))
        until(lambda version_id=version_id: told() == version_id)
    set_reachable(site_of_two_versions, False)
    try:
        time.sleep(1.1)  # as long as an answer of the database is kept
        assert told() == "2"
    finally:
        set_reachable(site_of_two_versions, True)


def test_what_goes_wrong_here_is_said_without_saying_how_it_is_made(site_of_two_versions):
    deed = "{} execute on function serving.movie(bigint) {} movierec_web"
    with site_of_two_versions.client() as api, site_of_two_versions.browser() as browser:
        with connect(site_of_two_versions.conninfo) as conn:
            conn.execute(deed.format("revoke", "from"))
        try:
            answers = [api.get("/api/v1/movies/12"), browser.get("/movies/12")]
        finally:
            with connect(site_of_two_versions.conninfo) as conn:
                conn.execute(deed.format("grant", "to"))
        assert [answer.status_code for answer in answers] == [500, 500]
        assert answers[0].headers["content-type"] == "application/problem+json"
        assert "Something went wrong" in answers[1].text
        for answer in answers:
            assert "default-src 'none'" in answer.headers["content-security-policy"]
            for inside in ("serving", "permission", "Traceback", "psycopg"):
                assert inside not in answer.text
        assert api.get("/api/v1/movies/12").status_code == 200


def test_connections_that_a_restart_of_the_database_broke_are_replaced_unnoticed(site_of_two_versions):
    with site_of_two_versions.client() as api:
        assert api.get("/api/v1/users/1/recommendations").status_code == 200
        with psycopg.connect(administrator(site_of_two_versions.conninfo), autocommit=True) as conn:
            conn.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'movierec_web'"
            )
        assert api.get("/api/v1/users/2/recommendations").status_code == 200


def test_before_the_first_publication_pages_say_so(server, tmp_path):
    with (
        database(server, "web_empty") as conninfo,
        running(conninfo, write_keys(StateFolder(tmp_path).web_keys)) as site,
    ):
        page = site.get("/welcome", accept="text/html")
        assert (page.status_code, "first lists are still being made" in page.text) == (503, True)
        answer = site.get("/api/v1/users/1/recommendations", "w" * 40)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
        assert site.get("/health").json() == {"status": "no version", "version_id": None}
        assert site.get("/version").status_code == 503
