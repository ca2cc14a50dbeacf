"""A file of ratings in every dialect, scale, form of id and form of number: the same known rows of a comparison."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from movierec.comparison.common_scale import Relevance
from movierec.comparison.inputs import Files, read_inputs
from tests.written_tables import (
    parts_of_writings,
    rating_rows,
    writings,
    writings_with_each_part,
)

MOVIES = (0, 1, 2, 7, 10, 345, 1_234, 98_765_432)
ROWS = rating_rows((0, 3, 1_234, 7_654_321), MOVIES)
HELD_OUT = 55  # a movie that only the test file has

PARTS = parts_of_writings()

few = settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
many = settings(few, max_examples=1_500)
in_every_form = given(writing=writings(PARTS))


def check(folder, writing):
    if writing.moment in ("float", "exponent", "java"):  # a file has one sign for the decimal point
        writing = replace(writing, has_commas=False)
    train, test = folder / f"train.{writing.suffix}", folder / "test.csv"
    train.write_bytes(writing.content(ROWS))
    users = sorted({user for user, *_ in ROWS})
    test.write_text(
        "user_id,movie_id,rating\n" + "".join(f"{user},{HELD_OUT},{writing.scale.high:g}\n" for user in users)
    )
    inputs = read_inputs(Files(train, test), Relevance.DEFAULT, "auto", exclude_seen=True, scale=writing.scale)
    known = inputs.known.ratings.sort_values(["user_id", "movie_id"])
    half_stars = (known["rating"].astype(np.float64) * 2).round(3)
    seconds = known["rated_at"].dt.as_unit("s").astype("int64")
    assert list(zip(known["user_id"], known["movie_id"], half_stars, seconds, strict=True)) == sorted(ROWS)


def test_each_way_of_writing_a_part_is_read(tmp_path):
    for number, writing in enumerate(writings_with_each_part(PARTS)):
        folder = tmp_path / str(number)
        folder.mkdir()
        check(folder, writing)


@few
@in_every_form
def test_the_same_ratings_in_every_form_are_the_same_known_rows(tmp_path_factory, writing):
    check(tmp_path_factory.mktemp("data"), writing)


@pytest.mark.slow
@many
@in_every_form
def test_the_same_ratings_in_many_forms_are_the_same_known_rows(tmp_path_factory, writing):
    check(tmp_path_factory.mktemp("data"), writing)
