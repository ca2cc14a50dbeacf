"""One scale for all ratings of a source: what is declared, what all values speak for, and what is refused."""

import pytest

from movierec.errors import ConfigError
from movierec.rating_scale import RatingScale, ScaleError, infer, parse_scale, parse_scales, unused_part

TEN = {float(value): 100 for value in range(1, 11)}
FIVE = {value / 2: 100 for value in range(1, 11)}


@pytest.mark.parametrize(
    ("factor", "scale"), [(1, (0.5, 5.0)), (2, (1.0, 10.0)), (20, (0.0, 100.0))], ids=["five", "ten", "hundred"]
)
def test_of_few_ratings_the_scale_is_what_most_of_them_speak_for(factor, scale):
    values: dict[float, int] = {}
    for value in (2, 3, 3.5, 4, 4, 4.5, 5):
        values[value * factor] = values.get(value * factor, 0) + 1
    found = infer({**values, 11.0 * factor: 1, 0.0: 1})
    assert (found.scale.low, found.scale.high) == scale
    assert found.certainty == "few ratings"


@pytest.mark.parametrize(
    ("values", "scale", "certainty"),
    [
        (FIVE, "0.5 to 5", "certain"),
        ({1.0: 10, 2.0: 10, 3.0: 10, 4.0: 10, 5.0: 10}, "0.5 to 5", "certain"),
        (TEN, "1 to 10", "certain"),
        ({**TEN, -1.0: 5000}, "1 to 10, -1 is not rated", "certain"),
        ({**FIVE, 9.0: 2}, "0.5 to 5", "certain"),
        ({**TEN, 99.0: 1}, "1 to 10", "certain"),
        ({value / 2: 10 for value in range(1, 21)}, "0.5 to 10", "certain"),
        ({float(value): 3 for value in range(0, 101, 5)}, "0 to 100", "certain"),
        ({float(value): 3 for value in range(1, 101)}, "1 to 100", "certain"),
        ({value / 100: 5 for value in range(101)}, "0 to 1", "likely"),
        ({1.0: 100, 2.0: 200, 3.0: 300, 4.0: 300}, "0.5 to 5", "likely"),
    ],
)
def test_all_values_tell_the_scale(values, scale, certainty):
    found = infer(values)
    assert (str(found.scale), found.certainty) == (scale, certainty)


@pytest.mark.parametrize(
    ("values", "declarations"),
    [
        ({**TEN, 0.0: 800}, ["'0-10'", "'1-10 unrated 0'"]),
        ({**FIVE, 0.0: 800}, ["'0-5'", "'0.5-5 unrated 0'"]),
        ({float(value): 50 for value in range(1, 14)}, ["'1-13'"]),
        ({float(value): 50 for value in range(1, 8)}, ["'1-7'"]),
        ({float(value): 50 for value in range(-10, 11)}, ["'-10-10'"]),
        ({1.0: 500}, ["'0-1'", "'1-5'"]),
        ({**FIVE, 9.0: 30}, ["'0.5-5'", "'1-10'"]),
        ({1.0: 50, 2.0: 60, 3.0: 70}, ["'1-3'", "'0.5-5'"]),
        ({500.0: 30, 900.0: 40}, ["'500-900'"]),
        ({value / 2: 150 for value in range(1, 9)}, ["'0.5-4'", "'0.5-5'"]),
        ({1.0: 200, 2.0: 300, 3.0: 300, 4.0: 300, 5.0: 2}, ["'1-4'"]),
    ],
)
def test_doubt_is_refused_with_the_declarations_that_settle_it(values, declarations):
    with pytest.raises(ScaleError, match="cannot be told") as error:
        infer(values)
    assert [text for text in declarations if text not in str(error.value)] == []


@pytest.mark.parametrize(
    ("text", "scale"),
    [
        ("1-10", RatingScale(1, 10)),
        ("0 to 10 unrated -1", RatingScale(0, 10, (-1,))),
        ("1-10 unrated 0/-1", RatingScale(1, 10, (0, -1))),
        ("-10-10", RatingScale(-10, 10)),
        ("0.5–5", RatingScale(0.5, 5)),
    ],
)
def test_a_scale_is_declared_in_words(text, scale):
    assert parse_scale(text, "MOVIEREC_RATING_SCALE") == scale


@pytest.mark.parametrize("text", ["ten", "10-1", "1-10 unrated 5", "1-", "5-5"])
def test_what_is_no_scale_is_refused(text):
    with pytest.raises(ConfigError, match="MOVIEREC_RATING_SCALE is"):
        parse_scale(text, "MOVIEREC_RATING_SCALE")


def test_every_source_may_have_its_own():
    assert parse_scales("1-10, shop=0-5 unrated 0", "X") == {
        "movielens": RatingScale(1, 10),
        "shop": RatingScale(0, 5, (0,)),
    }
    with pytest.raises(ConfigError, match="shop stands twice"):
        parse_scales("shop=1-5, shop=1-10", "X")


def test_stars_of_another_scale():
    assert RatingScale(1, 10).stars(8) == 4
    assert RatingScale(0.5, 5).stars(3.5) == 3.5
    assert RatingScale(0, 1).stars(1) == 5


def test_ratings_in_a_corner_of_the_declared_scale_are_told():
    assert "use no more than 1 to 5" in unused_part(RatingScale(0, 100), {float(value): 50 for value in range(1, 6)})
    assert unused_part(RatingScale(1, 5), {1.0: 50, 4.0: 50}) is None
    assert unused_part(RatingScale(0, 100), {5.0: 3}) is None
