"""The small parts: covers, words, limits, sessions, secrets."""

import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from movierec.errors import ConfigError
from movierec.local import credentials
from movierec.state_folder import StateFolder
from movierec.web import keys, views
from movierec.web.covers import HUES, LOOKS, PATTERNS, cover
from movierec.web.lettering import SOFT_HYPHEN, hyphenate, letter_size
from movierec.web.rate_limit import MAX_CLIENTS, RateLimiter
from movierec.web.rendering import STATIC, local_path
from movierec.web.sessions import RENEWAL_SECONDS, Session, SessionCookie

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_a_movie_always_looks_the_same_and_genres_look_related():
    assert cover(1, "Alien", ["Horror", "Sci-Fi"]) == cover(1, "Alien", ["Sci-Fi", "Horror"])
    hues = {int(cover(number, "x", ["Horror"]).classes.split()[0].removeprefix("hue-")) for number in range(200)}
    assert len(hues) == 5


def test_every_class_and_drawing_of_a_cover_exists():
    style = (STATIC / "site.css").read_text()
    symbols = (STATIC / "symbols.svg").read_text()
    for genre in (*LOOKS, "Children's", "", "<i>Genre</i>"):
        look = cover(7, "A title", [genre] if genre else [])
        assert f'id="{look.symbol}"' in symbols
        assert f".{look.classes.split()[0]} " in style
    assert all(f".hue-{number} " in style for number in range(HUES))
    assert all(f".pattern-{number} " in style for number in range(PATTERNS))
    for kind, _, _ in views.OPINIONS:
        assert f'id="{kind}"' in symbols


@pytest.mark.parametrize(("title", "size"), [("Heat", 0), ("Koyaanisqatsi", 2), ("x" * 40, 3), ("a b " * 30, 3)])
def test_letters_get_smaller_where_a_title_would_not_fit(title, size):
    assert cover(1, title).classes.endswith(f"letters-{size}")


@pytest.mark.parametrize(
    ("title", "size"),
    [("L.A. Confidential", 1), ("The Godfather", 0), ("Singin' in the Rain", 0), ("Unforgettableness", 3)],
)
def test_the_longest_word_decides_by_its_width_not_by_its_number_of_letters(title, size):
    assert letter_size(title) == size
    assert letter_size(title, is_heavy=True) >= size - 1


def test_words_that_fit_are_left_whole_and_others_are_divided_between_syllables():
    for title in ("L.A. Confidential", "Koyaanisqatsi", "千と千尋の神隠し", "", "<b>&amp;"):
        assert cover(1, title).title == title
    assert hyphenate("Supercalifragilistic") == "Super|ca|li|fra|gi|lis|tic".replace("|", SOFT_HYPHEN)
    assert hyphenate("The Transcendentalists’ Ball") == "The Trans|cen|den|ta|lists’ Ball".replace("|", SOFT_HYPHEN)
    for title in ("x" * 60, "Llanfairpwllgwyngyllgogerychwyrndrobwll", "Ã©Ä" * 30, "-" * 50, "فروشنده" * 9):
        assert hyphenate(title).replace(SOFT_HYPHEN, "") == title


def test_durations_are_told_in_their_largest_unit():
    assert [views.duration(seconds) for seconds in (0, 60, 7200, 86400 * 3)] == [
        *("less than a minute", "1 minute", "2 hours", "3 days")
    ]
    assert views.ago(NOW - timedelta(hours=1), NOW) == "1 hour ago"
    assert (views.ago(NOW, NOW), views.ago(None)) == ("just now", "")


def test_a_version_that_missed_a_night_is_old():
    row = {"version_id": 3, "age_seconds": 90_000.0, "delta_since": None}
    row |= dict.fromkeys(("published_at", "since", "as_of"), NOW)
    assert not views.freshness_view(row, now=NOW)["is_old"]
    assert views.freshness_view({**row, "age_seconds": 200_000.0}, now=NOW)["is_old"]
    assert views.freshness_view(None) is None


@pytest.mark.parametrize(
    ("version", "own_since", "label", "is_old"),
    [
        ({}, None, "Version 3, 2 hours old", False),  # no feedback ever, or none that changed this list
        ({"delta_since": timedelta(minutes=9)}, None, "Version 3, 2 hours old", False),  # lists of others were renewed
        (
            {"delta_since": timedelta(minutes=9)},
            timedelta(minutes=9),
            "Version 3, 2 hours old; your list renewed 9 minutes ago",
            False,
        ),
        # rolled back to it: renewed when it was renewed, not when it was gone back to
        (
            {"age_seconds": 90 * 3600.0, "since": timedelta(0), "delta_since": timedelta(days=3)},
            timedelta(days=3),
            "Version 3, 3 days old; your list renewed 3 days ago",
            True,
        ),
        # a night of the past, made today
        (
            {"as_of": timedelta(days=30)},
            None,
            "Version 3, 2 hours old, from what was known 30 days ago",
            True,
        ),
        ({"as_of": None}, None, "Version 3, 2 hours old", False),  # nobody kept what it was made of
    ],
)
def test_a_label_says_how_fresh_a_list_is_and_nothing_else(version, own_since, label, is_old):
    row = {"version_id": 3, "age_seconds": 7200.0, "delta_since": None}
    row |= dict.fromkeys(("published_at", "since", "as_of"), timedelta(hours=2)) | version
    row = {name: NOW - value if isinstance(value, timedelta) else value for name, value in row.items()}
    view = views.freshness_view(row, NOW - own_since if own_since else None, NOW)
    assert (view["label"], view["is_old"]) == (label, is_old)


def test_reasons_are_sentences():
    why = {"rank": 2, "reason": "Because you liked Heat", "kindred_titles": ["Alien", "Heat", "M"]}
    assert views.reasons(why) == [
        "Because you liked Heat. It is number 2 in your list.",
        "You liked Alien, Heat and M, and those who like them like this.",
    ]
    assert views.reasons({"rank": None, "reason": None, "kindred_titles": []}) == []


def test_a_title_turns_no_sentence_around():
    assert views.sentence("like", "Heat") == "You like Heat"
    assert views.sentence("like", "فروشنده") == "You like \u2068فروشنده\u2069"
    assert views.sentence("like", "\u202eHeat\u2066") == "You like Heat"
    why = {"rank": 3, "reason": "Because you liked \u202eפרק", "kindred_titles": ["\u2069פרק", "Heat"]}
    assert views.reasons(why) == [
        "\u2068Because you liked פרק\u2069. It is number 3 in your list.",
        "You liked \u2068פרק\u2069 and Heat, and those who like them like this.",
    ]


def test_a_bucket_empties_and_fills_again():
    limiter = RateLimiter()
    assert [limiter.take("a", 12, now=0.0) for _ in range(3)] == [0, 0, 5]
    assert limiter.take("b", 12, now=0.0) == 0
    assert limiter.take("a", 12, now=5.0) == 0


def test_no_more_clients_are_remembered_than_fit():
    limiter = RateLimiter()
    for number in range(MAX_CLIENTS + 10):
        limiter.take(str(number), 60, now=0.0)
    assert len(limiter._buckets) == MAX_CLIENTS


def test_a_session_survives_its_cookie_and_no_other_secret_reads_it():
    session = Session(viewer=7, theme="dark")
    text = SessionCookie("a" * 32).write(session)
    assert SessionCookie("a" * 32).read(text) == session
    assert SessionCookie("b" * 32).read(text).viewer is None
    assert session.is_token(session.masked_token())
    assert not Session().is_token(session.masked_token())


def test_a_cookie_is_written_anew_where_it_says_something_else_or_is_a_day_old(monkeypatch):
    session, cookie = Session(viewer=7), SessionCookie("a" * 32)
    text = cookie.write(session)
    assert cookie.says(text, session)
    assert not cookie.says(text, replace(session, viewer=8))
    assert not cookie.says(None, session)
    later = time.time() + RENEWAL_SECONDS + 2
    monkeypatch.setattr("time.time", lambda: later)
    assert not cookie.says(text, session)
    assert cookie.read(text) == session


@pytest.mark.parametrize("path", ["", "x", "//x", "/\\x", "http://x", "/a\nb", "/" + "x" * 600])
def test_only_paths_of_ours_are_gone_back_to(path):
    assert local_path(path) == "/"
    assert local_path("/movies/5?x=1") == "/movies/5?x=1"


def test_keys_are_written_once_for_their_owner_alone(settings):
    settings.home.mkdir(exist_ok=True)
    path = credentials.write_web_keys(settings)
    first = path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    assert credentials.write_web_keys(settings).read_text() == first
    (key,) = keys.read(path).api_keys.values()
    assert key.scopes == {"read", "write"}


ONE = {"name": "a", "key": "k" * 40, "scopes": ["read"]}
GOOD = {"session_secret": "s" * 40, "api_keys": [ONE]}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "cannot be read"),
        (json.dumps({"api_keys": []}), "session_secret"),
        (json.dumps({**GOOD, "session_secret": "short"}), "fewer than 32 characters"),
        (json.dumps({**GOOD, "api_keys": [{**GOOD["api_keys"][0], "scopes": ["admin"]}]}), "allowed are read, write"),
        (json.dumps({**GOOD, "api_keys": [{**ONE, "name": "page"}]}), "name 'page', allowed are 1 to 40 letters"),
        (json.dumps({**GOOD, "api_keys": [{**ONE, "name": "a:b"}]}), "name 'a:b', allowed"),
        (
            json.dumps({**GOOD, "api_keys": [{**ONE, "key": "é" * 40}]}),
            "key of a has characters that no header carries",
        ),
        (json.dumps({**GOOD, "api_keys": [{**ONE, "key": "k " * 20}]}), "allowed are ASCII's without spaces"),
        (json.dumps({**GOOD, "api_keys": [{**ONE, "per_minute": 0}]}), "per_minute 0, allowed is 1 or more"),
        (json.dumps({**GOOD, "api_keys": [ONE, {**ONE, "key": "l" * 40}]}), "has a name twice"),
        (json.dumps({**GOOD, "api_keys": [ONE, {**ONE, "name": "b"}]}), "has a key twice"),
    ],
)
def test_keys_that_cannot_be_used_are_one_sentence_without_a_secret(tmp_path, content, message):
    path = StateFolder(tmp_path).web_keys
    path.write_text(content)
    with pytest.raises(ConfigError, match=message) as error:
        keys.read(path)
    assert "kkkk" not in str(error.value)
