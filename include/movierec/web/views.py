"""What pages show, made of rows: movies with covers, shelves, how fresh it is and why, in words."""

import unicodedata
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import groupby

from movierec.web.covers import cover
from movierec.web.database import Row

OPINIONS = (
    ("like", "Like", "Like"),
    ("dislike", "Dislike", "Dislike"),
    ("view", "Watched", "I have watched this"),
    ("dismiss", "Not interested", "Not interested"),
)
SENTENCES = {
    "like": "You like {}",
    "dislike": "You don’t like {}",
    "view": "You have watched {}",
    "dismiss": "Not interested in {}",
    "click": "You looked at {}",
}
VERBS = {
    "like": "You like",
    "dislike": "You don’t like",
    "view": "You have watched",
    "dismiss": "You are not interested in",
    "click": "You looked at",
}
MEANINGS = {
    "trending": "Rated more often of late than usual",
    "new": "First rated not long ago, and well",
    "popular_now": "Rated by the most viewers of late",
}
MIN_ON_SHELF = 3
OLD_SECONDS = 36 * 3600  # a night has been missed
LEFTWARDS = frozenset(("R", "AL", "AN"))  # of letters and digits that are read from right to left (Unicode, UAX 9)
CONTROLS = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)))  # what turns the direction of others
FIRST_STRONG_ISOLATE, POP_ISOLATE = "\u2068", "\u2069"
UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"))


def movie_view(row: Row) -> Row:
    """Return a movie's row with its cover."""
    return {"reason": "", **row, "cover": cover(row["movie_id"], row["title"], row["genres"])}


def movie_views(rows: Iterable[Row]) -> list[Row]:
    """Return movies' rows with their covers."""
    return [movie_view(row) for row in rows]


def shelf_views(rows: Sequence[Row]) -> list[Row]:
    """Return shelves with their movies, in the order of the rows; one or two movies are not worth a shelf."""
    shelves = [list(group) for _, group in groupby(rows, lambda row: (row["shelf_id"], row["key"]))]
    shelves = [shelf for shelf in shelves if len(shelf) >= MIN_ON_SHELF or shelf[0]["rule"] == "for_you"]
    return [
        {
            "number": number,
            "rule": shelf[0]["rule"],
            "heading": shelf[0]["heading"],
            "meaning": MEANINGS.get(shelf[0]["rule"], ""),
            "movies": movie_views(shelf),
        }
        for number, shelf in enumerate(shelves, start=1)
    ]


def without(shelves: Iterable[Row], movie_ids: set[int]) -> list[Row]:
    """Return shelves less these movies; a shelf that is then empty is left out."""
    left = [
        {**shelf, "movies": [each for each in shelf["movies"] if each["movie_id"] not in movie_ids]}
        for shelf in shelves
    ]
    return [shelf for shelf in left if shelf["movies"]]


def freshness_view(row: Row | None, own_since: datetime | None = None, now: datetime | None = None) -> Row | None:
    """Return the label of the live version and its details in words; None where there is none.

    Args:
        row: of the live version.
        own_since: when the list of whoever is watching was made anew from feedback; None: it was not.
        now: the present, unless another moment is asked about.
    """
    if row is None:
        return None
    own = ago(own_since, now)
    age = known_age = row["age_seconds"]
    if row["as_of"]:
        known_age = max(age, ((now or datetime.now(UTC)) - row["as_of"]).total_seconds())
    label = f"Version {row['version_id']}, {duration(age)} old"
    if known_age - age > OLD_SECONDS:  # of a night of the past, published late
        label += f", from what was known {duration(known_age)} ago"
    return {
        **row,
        "label": f"{label}; your list renewed {own}" if own else label,
        "is_old": known_age > OLD_SECONDS,
        "published": moment(row["published_at"]),
        "shown_since": moment(row["since"]),
        "known_until": moment(row["as_of"]),
        "renewed": ago(row["delta_since"], now),
        "own_renewed": own,
    }


def reasons(why: Row | None) -> list[str]:
    """Return why a movie is in a viewer's list, in sentences."""
    if why is None:
        return []
    reason = isolated(why["reason"] or "")
    sentences = [f"{reason}. It is number {why['rank']} in your list."] if reason else []
    titles = [isolated(title) for title in why["kindred_titles"]]
    if titles:
        sentences.append(
            f"You liked {join_words(titles)}, and those who like {'it' if len(titles) == 1 else 'them'} like this."
        )
    return sentences


def join_words(words: Sequence[str]) -> str:
    """Return "a", "a and b" or "a, b and c"."""
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def sentence(kind: str, title: str, stars: float | None = None) -> str:
    """Return what somebody said about a movie, for that person; a rating with its stars."""
    return SENTENCES.get(kind, f"{verb(kind, stars)} {{}}").format(isolated(title))


def verb(kind: str, stars: float | None = None) -> str:
    """Return what somebody said, to be followed by the movie; a rating with its stars."""
    if stars is not None:
        return f"You gave {stars:g} {'star' if stars == 1 else 'stars'} to"
    return VERBS.get(kind, "You answered to")


def isolated(text: str) -> str:
    """Return a text that leaves the direction of the sentence around it alone, whatever script it is in."""
    plain = text.translate(CONTROLS)
    if LEFTWARDS.isdisjoint(map(unicodedata.bidirectional, plain)):
        return plain
    return f"{FIRST_STRONG_ISOLATE}{plain}{POP_ISOLATE}"


def event_views(rows: Iterable[Row]) -> list[Row]:
    """Return events with words for what was said and when."""
    return [
        {**movie_view(row), "opinion": verb(row["kind"], row["value"]), "when": ago(row["created_at"])} for row in rows
    ]


def ago(then: datetime | None, now: datetime | None = None) -> str:
    """Return how long ago something was, empty for never."""
    if then is None:
        return ""
    seconds = ((now or datetime.now(UTC)) - then).total_seconds()
    return f"{duration(seconds)} ago" if seconds >= UNITS[-1][0] else "just now"


def duration(seconds: float) -> str:
    """Return a time span in its largest unit: 2 hours."""
    for size, unit in UNITS:
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return "less than a minute"


def moment(then: datetime | None) -> str:
    """Return a time to the minute, in UTC."""
    return f"{then:%d %B %Y, %H:%M} UTC" if then else ""
