import pytest

from movierec.errors import PublishError
from movierec.publishing import versions
from movierec.publishing.why import why
from tests.publishing.conftest import LENGTH, write, write_and_go_live

VIEWER = 1


def listed(conn):
    return [
        movie
        for (movie,) in conn.execute(
            "select movie_id from serving.live_recommendation where user_id = %s order by rank", [VIEWER]
        )
    ]


def answer(conn, settings, movie=None, viewer=VIEWER):
    return "\n".join(why(conn, settings, viewer, movie))


def test_every_row_of_a_list_leads_back_to_code_and_batches(live, settings):
    row = live.execute(
        "select ranker, model, parameters is null as unknown, snapshot, batches, sources, checks,"
        " code_version is null or training_code_version is null or batch_code_version is null, is_live"
        " from ops.list_lineage where user_id = 1 and rank = 1"
    ).fetchone()
    assert row == (
        *("ease", "trainings/000001/final/ease", False, "trainings/000001/snapshot", [1], ["app", "movielens"], 0),
        *(False, True),
    )
    assert (live.execute("select count(*) from ops.list_lineage").fetchone()) == (60 * LENGTH,)


def test_what_failed_in_a_gate_is_part_of_the_lineage(live, settings):
    live.execute(
        "insert into ops.quality_result (batch_id, gate, suite, expectation, severity, passed)"
        " values (1, 'core', 'core_volume', 'movies', 'warning', false),"
        " (1, 'core', 'core_keys', 'key', 'critical', true)"
    )
    assert "2 expectations of that batch checked, warnings: core_volume.movies." in answer(live, settings)


def test_a_listed_movie_has_its_rank_its_reason_and_its_places(live, settings):
    text = answer(live, settings, listed(live)[2])
    assert "Viewer 1 is known: " in text
    assert "Version 1 is live, published 20" in text
    assert f"It is number 3 of {LENGTH} in the list: " in text
    assert "each version since 1 has listed it" in text
    assert "ease puts it at place 3 of what the viewer has not seen." in text


def test_since_which_version_a_movie_is_listed_and_which_was_the_last(live, settings):
    first, second = listed(live)[:2]
    live.execute("update serving.recommendation set movie_id = 9999 where user_id = 1 and movie_id = %s", [second])
    live.commit()
    write_and_go_live(live, settings, "next night")
    assert "each version since 1 has listed it" in answer(live, settings, first)
    assert "each version since 2 has listed it" in answer(live, settings, second)
    assert "Version 1 was the last to list it." in answer(live, settings, 9999)


def test_what_follows_the_list_is_told_by_its_place(live, settings):
    (movie,) = live.execute("select movie_ids[4] from serving.candidate where user_id = 1").fetchone()
    text = answer(live, settings, movie)
    assert f"It is not in the list of {LENGTH}, but follows it at place {LENGTH + 4}." in text
    assert f"ease puts it at place {LENGTH + 4} of" in text


def test_a_movie_that_the_viewer_rated_is_told_by_the_rating(live, settings):
    (movie, stars) = live.execute("select movie_id, rating from core.ratings where user_id = 1 limit 1").fetchone()
    text = answer(live, settings, movie)
    assert f"The viewer rated it {stars:g} on " in text
    assert "puts it at place" not in text


def test_an_answer_and_a_placement_are_told(live, settings):
    movie = listed(live)[0]
    live.execute("select serving.give_feedback('a', 1, %s, 'dislike')", [movie])
    live.execute("insert into serving.placement (movie_id, action, note) values (%s, 'hide', 'no licence')", [movie])
    text = answer(live, settings, movie)
    assert "The viewer has answered to it (dislike)" in text
    assert "An engineer has placed it: hide (no licence)." in text


def test_a_rejected_movie_is_told_with_its_rule(live, settings):
    live.execute(
        "insert into quarantine.row (slice_id, position, batch_id, source, table_name, broken_rules, reasons, record)"
        " select slice_id, 9999, 1, 'movielens', 'movies', array['title'], array['a movie has a title'],"
        " '{\"movie_id\": \" 7777\"}' from ops.slice where table_name = 'movies' limit 1"
    )
    assert "Movie 7777 is not in the catalogue: rejected, a movie has a title." in answer(live, settings, 7777)
    assert "Movie 8888 is not in the catalogue: no source lists it." in answer(live, settings, 8888)


def test_an_alias_is_told(live, settings):
    movie = listed(live)[0]
    live.execute("insert into core.movie_alias values (7777, %s)", [movie])
    text = answer(live, settings, 7777)
    assert f"Movie 7777 is movie {movie} here" in text
    assert "It is number 1 of" in text


def test_a_version_that_an_audit_stopped_is_told_with_what_failed(live, settings):
    movie = listed(live)[0]
    version_id = write(live, settings, "next night")
    live.execute("delete from serving.recommendation where version_id = %s and rank = 9", [version_id])
    live.commit()
    with pytest.raises(PublishError):
        versions.audit_version(live, version_id)
    text = answer(live, settings, movie)
    assert "Version 2 is newer and lists it at rank 1, but its audit stopped it: " in text
    assert "the list of a viewer does not have the expected number of movies: 60 times" in text


def test_an_unknown_viewer_is_shown_the_fallback_list(live, settings):
    text = answer(live, settings, viewer=777)
    assert "Viewer 777 is not known: no source has a rating, an event or a profile of this id." in text
    assert "a viewer has no list: the fallback list." in text


def test_rejected_rows_of_a_viewer_are_told(live, settings):
    live.execute(
        "insert into quarantine.row (slice_id, position, batch_id, source, table_name, broken_rules, reasons, record)"
        " select slice_id, 9999, 1, 'movielens', 'ratings', array['rating'], array['stars are on the scale'],"
        ' \'{"user_id": "1", "movie_id": "3"}\' from ops.slice where table_name = \'ratings\' limit 1'
    )
    assert "1 row of this viewer in quarantine, by the rules rating." in answer(live, settings)
    assert "What the viewer said of it is in quarantine: stars are on the scale." in answer(live, settings, 3)


def test_models_that_are_gone_are_told(live, settings, tmp_path):
    (tmp_path / "artifacts/trainings/000001/final/ease/ranker.json").unlink()
    assert "The models of version 1 cannot be asked: " in answer(live, settings, listed(live)[0])


def test_before_the_first_publication(conn, settings):
    assert answer(conn, settings, 3).splitlines()[1] == "No version is live yet; movierec_publish makes the first one."
