"""By when the lists of a night have to be live: the one setting that DAG files read, so it imports nothing else."""

import re
from datetime import datetime, time, timedelta

from movierec.errors import ConfigError

DEADLINE_SETTING = "MOVIEREC_LISTS_BY"
DEFAULT_DEADLINE = time(6)  # UTC
NIGHT_STARTS = time(2)  # UTC


def parse_deadline(text: str) -> time | None:
    """Return the time of day (UTC) that `06:00` stands for; None for `none`, where nobody is to be told.

    Raises:
        ConfigError: the text is neither.
    """
    if text.strip().lower() == "none":
        return None
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text.strip()):
        raise ConfigError(
            f"{DEADLINE_SETTING} is '{text}'; allowed is a time of day in UTC such as {DEFAULT_DEADLINE:%H:%M}, or none"
        )
    return time.fromisoformat(text.strip())


def night_before(moment: datetime) -> datetime:
    """Return when the night started that a moment belongs to; of a scheduled run, the run's own time."""
    start = datetime.combine(moment.date(), NIGHT_STARTS, tzinfo=moment.tzinfo)
    return start if start <= moment else start - timedelta(days=1)


def time_for_a_night(deadline: time) -> timedelta:
    """Return how long a night has, from its start to the next deadline: more than nothing, at most a day."""
    day = datetime(2000, 1, 1)
    left = datetime.combine(day, deadline) - datetime.combine(day, NIGHT_STARTS)
    return left if left > timedelta(0) else left + timedelta(days=1)
