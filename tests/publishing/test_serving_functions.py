"""What pages and applications ask, on a version that a generated night made."""

import json

import pytest

from movierec.bench.web import data
from movierec.data.columns import USER
from movierec.data.dataset import Dataset
from movierec.db import run_sql
from movierec.features.profiles import group_names
from movierec.publishing.versions import SIMILAR_LENGTH
from movierec.rankers import registry
from movierec.training.folder import TrainingFolder
from tests.publishing.conftest import LENGTH
from tests.web import small_warehouse

VIEWER = 1


def ask(conn, function, *columns, **parameters):
    """Call a function of serving by name and return some columns of its rows."""
    named = ", ".join(f"{name} => %({name})s" for name in parameters)
    rows = conn.execute(f"select {', '.join(columns)} from serving.{function}({named})", parameters).fetchall()
    return [row[0] for row in rows] if len(columns) == 1 else rows


def recommended(conn, *columns, **parameters):
    return ask(conn, "recommend", *(columns or ("movie_id",)), viewer=VIEWER, **parameters)


def place_movie(conn, movie_id, action, **values):
    values |= {"movie_id": movie_id, "action": action}
    marks = ", ".join(f"%({name})s" for name in values)
    conn.execute(f"insert into serving.placement ({', '.join(values)}) values ({marks})", values)


def test_filters_take_movies_from_beyond_the_list(live):
    genre = recommended(live, "genres", k=1)[0][0]
    for wanted in ({"genres_in": [genre]}, {"genres_out": [genre]}):
        rows = recommended(live, "genres", k=8, **wanted)
        assert len(rows) == 8
        assert {genre in genres for genres in rows} == {"genres_in" in wanted}
    years = recommended(live, "release_year", k=8, year_from=1985, year_to=1992)
    assert len(years) == 8
    assert all(1985 <= year <= 1992 for year in years)
    assert "candidate" in recommended(live, "origin", k=30)


def test_genres_are_those_of_the_live_version_also_of_one_from_before_they_were_kept(live):
    genres = ask(live, "genres", "genre", "movies")
    of_movies = "select genre, count(*)::int from core.movie_genre group by genre order by genre"
    assert genres == live.execute(of_movies).fetchall()
    live.execute("drop table serving.genre")
    run_sql(live, "ddl/serving_genre")
    assert ask(live, "genres", "genre", "movies") == genres


def test_movies_to_leave_out_are_left_out(live):
    first, *rest = recommended(live, k=3)
    assert recommended(live, k=2, leave_out=[first]) == rest


def test_no_more_of_a_genre_than_its_cap_are_on_a_page(live):
    shown = [genre for genres in recommended(live, "genres", k=8, genre_cap=2) for genre in genres]
    assert len(shown) == 8
    assert max(map(shown.count, shown)) == 2


def test_it_says_when_it_could_not_fill_the_page(live):
    assert set(recommended(live, "is_complete", k=10)) == {True}
    some = recommended(live, "is_complete", k=10, year_from=1985, year_to=1985)
    assert 0 < len(some) < 10
    assert set(some) == {False}


def test_pages_follow_each_other_whatever_the_viewer_says_meanwhile(live):
    whole = recommended(live, k=30)
    first_page = recommended(live, "movie_id", "place", k=10)
    live.execute("select serving.give_feedback('a', 1, %s, 'like')", [first_page[0][0]])
    second_page = recommended(live, k=10, after=first_page[-1][1])
    assert [movie for movie, _ in first_page] + second_page == whole[:20]
    assert recommended(live, "rank", k=10, after=first_page[-1][1]) == list(range(1, 11))


def test_pinned_movies_come_first_hidden_ones_never_and_boosted_ones_earlier(live):
    before = recommended(live, k=10)
    place_movie(live, before[6], "pin")
    place_movie(live, before[7], "pin", strength=2)
    place_movie(live, before[0], "hide")
    place_movie(live, before[5], "boost", strength=4)
    assert recommended(live, k=6) == [before[7], before[6], before[5], before[1], before[2], before[3]]
    assert recommended(live, "origin", k=3) == ["pin", "pin", "list"]
    for function, parameters in (("similar", {"movie": before[1], "k": 100}), ("shelves", {"viewer": VIEWER, "k": 50})):
        assert before[0] not in ask(live, function, "movie_id", **parameters)


def test_a_placement_counts_only_in_its_time_and_for_its_viewer(live):
    before = recommended(live, k=10)
    place_movie(live, before[3], "pin", valid_from="2999-01-01")
    place_movie(live, before[4], "hide", valid_from="2000-01-01", valid_until="2001-01-01")
    place_movie(live, before[5], "hide", user_id=2)
    assert recommended(live, k=10) == before


def test_what_a_viewer_answered_to_is_not_even_pinned(live):
    first = recommended(live, k=1)[0]
    place_movie(live, first, "pin")
    live.execute("select serving.give_feedback('a', 1, %s, 'dismiss')", [first])
    assert first not in recommended(live, k=50)


def test_an_event_counts_once_and_a_bad_one_stops_no_other(live):
    events = [
        {"event_id": "a", "user_id": 1, "movie_id": 3, "kind": "like"},
        {"event_id": "a", "user_id": 1, "movie_id": 4, "kind": "dislike"},
        {"event_id": "b", "user_id": 1, "movie_id": 3, "kind": "love"},
        {"event_id": "c", "user_id": 1, "movie_id": 99999, "kind": "like"},
        {"event_id": "d", "user_id": 1, "movie_id": 3, "kind": "rating", "value": 7},
        {"event_id": "e", "user_id": "one", "movie_id": 3, "kind": "like"},
        {"event_id": "f", "user_id": 1, "movie_id": 3, "kind": "like", "created_at": "2999-01-01T00:00:00Z"},
        {"event_id": "", "user_id": 1, "movie_id": 3, "kind": "like"},
        "no object",
        {"event_id": "g", "user_id": 1, "movie_id": 5, "kind": "rating", "value": 4.5},
    ]
    told = live.execute("select outcome, message from serving.give_feedback(%s)", [json.dumps(events)]).fetchall()
    outcomes = [outcome for outcome, _ in told]
    assert outcomes == ["accepted", "repeated", *["rejected"] * 7, "accepted"]
    assert told[1][1] == "event_id has stood for another user_id, movie_id, kind or value; nothing was changed"
    assert ask(live, "give_feedback", "outcome", events=json.dumps(events))[0] == "repeated"
    kept = live.execute("select event_id, movie_id, kind, value from serving.viewer_event order by 1").fetchall()
    assert kept == [("a", 3, "like", None), ("g", 5, "rating", 4.5)]
    messages = ask(live, "give_feedback", "message", events=json.dumps(events))
    assert (messages[0], messages[-1]) == (None, None)
    assert messages[1] == "event_id has stood for another user_id, movie_id, kind or value; nothing was changed"
    assert messages[6] == "created_at is a time from the year 1990 to now, and at most 5 minutes ahead of it"


def test_a_clock_may_be_fast_by_as_many_minutes_as_are_named(live):
    ahead = "select outcome from serving.give_feedback(jsonb_build_array(jsonb_build_object('event_id', %s::text,"
    ahead += "'user_id', 1, 'movie_id', 3, 'kind', 'like', 'created_at', now() + %s::interval)))"
    assert live.execute(ahead, ["a", "4 minutes 59 seconds"]).fetchone() == ("accepted",)
    assert live.execute(ahead, ["b", "5 minutes 1 second"]).fetchone() == ("rejected",)


def test_of_a_key_that_comes_twice_the_last_value_counts_as_the_comment_says(live):
    events = '[{"event_id": "a", "user_id": 1, "user_id": 2, "movie_id": 3, "kind": "like"}]'
    assert ask(live, "give_feedback", "outcome", events=events) == ["accepted"]
    assert live.execute("select user_id from serving.viewer_event").fetchall() == [(2,)]
    (comment,) = live.execute(
        "select obj_description('serving.give_feedback(jsonb)'::regprocedure, 'pg_proc')"
    ).fetchone()
    assert "Of a key that an object has twice, jsonb keeps the last value" in comment.replace("\n", " ")


@pytest.mark.parametrize("events", ["{}", "null", "3", json.dumps([{}] * 1001)])
def test_what_is_no_batch_of_events_is_refused(live, events):
    with pytest.raises(Exception, match="feedback is a list of at most 1000 events"):
        ask(live, "give_feedback", "outcome", events=events)


def test_feedback_of_another_viewer_cannot_be_undone(live):
    live.execute("select serving.give_feedback('a', 1, 3, 'like')")
    assert live.execute("select serving.undo_feedback('a', 2)").fetchone() == (False,)
    assert ask(live, "feedback_of", "movie_id", viewer=1) == [3]
    assert live.execute("select serving.undo_feedback('a', 1)").fetchone() == (True,)
    assert ask(live, "feedback_of", "movie_id", viewer=1) == []


def test_a_rating_that_is_taken_back_after_a_night_has_learned_it_may_be_recommended_at_once(live):
    (movie,) = recommended(live, k=1)
    live.execute("select serving.give_feedback('a', %s, %s, 'rating', 4)", [VIEWER, movie])
    learn = (
        "insert into core.ratings (user_id, movie_id, rating, rated_at)"
        " select user_id, movie_id, value, created_at - %s::interval from serving.viewer_event"
    )
    live.execute(learn, ["0 s"])
    assert recommended(live, k=1) != [movie]
    live.execute("select serving.undo_feedback('a', %s)", [VIEWER])
    assert recommended(live, k=1) == [movie]
    live.execute("delete from core.ratings where user_id = %s and movie_id = %s", [VIEWER, movie])
    live.execute(learn, ["1 day"])  # an older one, given elsewhere, stands
    assert recommended(live, k=1) != [movie]


def test_shelves_are_distinct_unseen_and_as_the_table_says(live):
    rows = ask(live, "shelves", "shelf_id", "movie_id", viewer=VIEWER, k=4)
    movies = [movie for _, movie in rows]
    assert len(movies) == len(set(movies))
    seen = {movie for (movie,) in live.execute("select movie_id from core.ratings where user_id = 1")}
    assert not seen & set(movies)
    order = list(dict.fromkeys(shelf for shelf, _ in rows))
    expected = [shelf for (shelf,) in live.execute("select shelf_id from serving.shelf order by position")]
    assert order == [shelf for shelf in expected if shelf in order]
    assert {"for_you", "because", "trending", "popular_now"} <= set(order)
    live.execute("update serving.shelf set is_shown = false where shelf_id = 'trending'")
    live.execute("update serving.shelf set position = 5 where shelf_id = 'popular_now'")
    changed = ask(live, "shelves", "shelf_id", viewer=VIEWER, k=4)
    assert "trending" not in changed
    assert changed[0] == "popular_now"


def test_what_one_viewer_rates_after_a_dataset_has_ended_is_not_popular_these_days(live):
    assert ask(live, "newcomer", "origin", movies=[], k=1) == ["popular"]
    live.execute("update core.ratings set rated_at = rated_at + interval '10 years' where user_id = %s", [VIEWER])
    (version,) = live.execute("select version_id from serving.live").fetchone()
    values = {"version_id": version, "shelf_length": 60, "relevant_from": 4, "liked_weight": 0.5}
    live.execute("set local search_path to core")
    for step in ("clear", "fill"):
        run_sql(live, f"serving/{step}_shelf_entry", values)
    assert ask(live, "newcomer", "origin", movies=[], k=1) == ["fallback"]


def test_a_movie_that_was_just_liked_has_a_shelf(live):
    live.execute("select serving.give_feedback('a', 1, 3, 'like')")
    headings = ask(live, "shelves", "heading", viewer=VIEWER, k=4)
    assert "Because you liked Movie 3" in headings


def test_groups_are_named_as_reasons_name_them(live, settings, champion):
    users = Dataset.load(TrainingFolder.of(settings, champion).snapshot).users
    named = group_names(users, users[USER].to_numpy())
    in_sql = live.execute("select coalesce(serving.group_name(age, gender), '') from core.users order by user_id")
    assert [name for (name,) in in_sql] == named


@pytest.mark.parametrize("query", ["movie 17", "MOVIE 17", "movie 1", "Móvie 17!", "moive 17", "movi 17"])
def test_search_forgives_typing_errors(live, query):
    assert 17 in ask(live, "search", "movie_id", query=query, k=12)


def test_an_equal_title_comes_first_and_nonsense_finds_nothing(live):
    assert ask(live, "search", "movie_id", query="movie 17", k=1) == [17]
    assert ask(live, "search", "movie_id", query="xyzzy", k=5) == []
    assert ask(live, "search", "movie_id", query="", k=5) == []
    first = ask(live, "search", "movie_id", query="movie", k=5)
    assert ask(live, "search", "movie_id", query="movie", k=10) == first + ask(
        live, "search", "movie_id", query="movie", k=5, after=5
    )


def test_of_more_titles_than_are_compared_the_popular_ones_are_found(conn):
    data.write_facts(conn, users=20, movies=3000)
    conn.execute(
        "insert into core.ratings (user_id, movie_id, rating, rated_at) select user_id, movie_id, 5, now()"
        " from core.users cross join core.movies where title like 'The %' and movie_id > 2900"
        " on conflict (user_id, movie_id) do update set rating = 5"
    )
    data.show_version(conn, data.write_version(conn, 3000, 0))
    starting = conn.execute("select count(*) from core.movies where title like 'The %'").fetchone()[0]
    assert starting > 500
    popular = "select movie_id from serving.catalogue where title like 'The %' order by popularity_rank limit 20"
    assert ask(conn, "search", "movie_id", query="the", k=20) == [movie for (movie,) in conn.execute(popular)]


def test_a_newcomer_gets_the_sum_of_the_champions_item_weights(live, settings, champion):
    chosen = [3, 4]
    ranker = registry.load(TrainingFolder.of(settings, champion).final_model("ease"))
    movie_ids = ranker.history_.movie_ids
    sources = movie_ids.searchsorted(chosen)
    weights = ranker.item_weights(sources, movie_ids.searchsorted(movie_ids))
    found = ask(live, "newcomer", "movie_id", "score", "origin", movies=chosen, k=5)
    assert {origin for _, _, origin in found} == {"chosen"}
    for movie, score, _ in found:
        of_pair = weights[:, movie_ids.searchsorted(movie)]
        assert score == pytest.approx(of_pair[of_pair > 0].sum(), rel=1e-5)
    assert not set(chosen) & {movie for movie, _, _ in found}


def test_a_newcomer_without_choices_gets_what_is_popular_with_the_group_or_now(live):
    assert ask(live, "newcomer", "origin", k=1, age=30, gender="F") == ["group"]
    assert ask(live, "newcomer", "origin", k=1) == ["popular"]
    assert len(ask(live, "newcomer", "movie_id", k=LENGTH)) == LENGTH


def test_who_has_answered_to_the_nearest_movies_goes_on_to_what_is_like_them(conn):
    small_warehouse.fill(conn)
    columns, viewer = ("movie_id", "rank", "score"), 99  # somebody who has rated nothing
    near = ask(conn, "similar", *columns, movie=3, k=100)
    assert len(near) == SIMILAR_LENGTH
    for movie_id, rank, _ in near[:-2]:
        conn.execute("select serving.give_feedback(%s, %s, %s, 'view')", [f"seen {rank}", viewer, movie_id])
    whole = ask(conn, "similar", *columns, movie=3, k=12, viewer=viewer)
    assert len(whole) == 12
    assert whole[:2] == near[-2:]
    further = {movie_id for movie_id, _, _ in whole[2:]}
    assert not further & {3, *(movie_id for movie_id, _, _ in near)}
    among = "select distinct similar_movie_id from serving.live_similar_movie where movie_id = any(%s)"
    assert further <= {movie for (movie,) in conn.execute(among, [[movie_id for movie_id, _, _ in near]])}
    assert [rank for _, rank, _ in whole] == list(range(SIMILAR_LENGTH - 1, SIMILAR_LENGTH + 11))
    scores = [score for _, _, score in whole]
    assert scores == sorted(scores, reverse=True)
    conn.execute("select serving.give_feedback('on page 1', %s, %s, 'like')", [viewer, whole[3][0]])
    rest = ask(conn, "similar", *columns, movie=3, k=7, viewer=viewer, after=whole[4][1])
    assert rest == whole[5:]
    place_movie(conn, rest[-1][0], "hide")
    assert rest[-1] not in ask(conn, "similar", *columns, movie=3, k=12, viewer=viewer)


def test_a_movie_has_its_facts(live):
    assert (
        ask(live, "movie", "title", "genres", "ratings", movie=3)
        == live.execute(
            "select title, array(select genre from core.movie_genre where movie_id = 3 order by 1),"
            " (select count(*)::integer from core.ratings where movie_id = 3) from core.movies where movie_id = 3"
        ).fetchall()
    )
    assert ask(live, "movie", "title", movie=99999) == []


def test_the_etag_changes_with_whatever_a_viewer_may_be_shown(live):
    def etags():
        return live.execute("select serving.etag(1), serving.etag(2)").fetchone()

    seen = [etags()]
    assert etags() == seen[0]
    live.execute("select serving.give_feedback('a', 1, 3, 'like')")
    seen.append(etags())
    assert seen[1][0] != seen[0][0]
    assert seen[1][1] == seen[0][1]
    place_movie(live, 4, "hide")
    seen.append(etags())
    assert seen[2][1] != seen[1][1]


def test_the_etag_of_shelves_changes_with_their_table_and_that_of_lists_does_not(live):
    def etags():
        return live.execute("select serving.etag(1), serving.shelves_etag(1)").fetchone()

    before = etags()
    assert etags() == before
    for edit in ("heading = 'Much rated'", "position = 5", "is_shown = false"):
        live.execute(f"update serving.shelf set {edit} where shelf_id = 'trending'")
        after = etags()
        assert after[0] == before[0]
        assert after[1] != before[1]
        before = after
