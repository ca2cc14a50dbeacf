from datetime import UTC, datetime, time, timedelta

import pytest

from movierec.config import Settings
from movierec.deadline import night_before, parse_deadline, time_for_a_night
from movierec.errors import ConfigError


def test_lists_have_to_be_live_by_six_unless_a_setting_says_otherwise():
    assert Settings.from_env({}).lists_by == time(6)
    assert Settings.from_env({"MOVIEREC_LISTS_BY": "07:30"}).lists_by == time(7, 30)
    assert Settings.from_env({"MOVIEREC_LISTS_BY": "none"}).lists_by is None


@pytest.mark.parametrize("text", ["6", "24:00", "06:60", "6am", "06:00:00"])
def test_what_is_no_time_of_day_is_named(text):
    with pytest.raises(ConfigError, match=f"MOVIEREC_LISTS_BY is '{text}'; allowed is a time of day in UTC"):
        parse_deadline(text)


@pytest.mark.parametrize(("by", "hours"), [(time(6), 4), (time(2, 30), 0.5), (time(2), 24), (time(1), 23)])
def test_a_night_has_time_until_the_next_such_hour(by, hours):
    assert time_for_a_night(by) == timedelta(hours=hours)


def test_a_moment_belongs_to_the_night_that_started_last():
    start = datetime(2026, 3, 1, 2, tzinfo=UTC)
    assert night_before(start) == start
    assert night_before(start + timedelta(hours=23, minutes=59)) == start
    assert night_before(start - timedelta(minutes=1)) == start - timedelta(days=1)
