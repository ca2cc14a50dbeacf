"""Covers without pictures: each movie gets a colour, a pattern, a symbol and a lettering from its id and genres.

The same movie always looks the same, and movies of a genre look related. Only names of CSS classes and of a drawing
leave this module, so that the strict Content Security Policy needs no exception.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from movierec.web.lettering import hyphenate, letter_size

HUES = 24  # hue-0 to hue-23 of the style sheet, 15 degrees apart
PATTERNS = 6
SPREAD = 5  # hues by which movies of one genre differ
MIXER = 2_654_435_761  # 2³² divided by the golden ratio: neighbouring ids get colours that are far apart


@dataclass(frozen=True)
class Look:
    """How a genre looks: its drawing in `symbols.svg`, its hue, and its lettering."""

    symbol: str
    hue: int
    lettering: str


PLAIN = Look("film", 15, "plain")
LOOKS = {
    "action": Look("bolt", 1, "heavy"),
    "adventure": Look("compass", 3, "heavy"),
    "animation": Look("spark", 20, "round"),
    "biography": Look("portrait", 5, "serif"),
    "children": Look("balloon", 12, "round"),
    "comedy": Look("smile", 2, "round"),
    "crime": Look("fingerprint", 16, "heavy"),
    "documentary": Look("lens", 10, "plain"),
    "drama": Look("masks", 15, "serif"),
    "family": Look("balloon", 11, "round"),
    "fantasy": Look("moon", 18, "serif"),
    "film-noir": Look("blinds", 14, "serif"),
    "history": Look("column", 4, "serif"),
    "horror": Look("eye", 0, "heavy"),
    "imax": Look("film", 14, "heavy"),
    "music": Look("note", 21, "round"),
    "musical": Look("note", 21, "round"),
    "mystery": Look("key", 17, "serif"),
    "romance": Look("heart", 22, "serif"),
    "sci-fi": Look("planet", 13, "plain"),
    "sport": Look("medal", 8, "heavy"),
    "thriller": Look("knife", 9, "heavy"),
    "war": Look("star", 6, "heavy"),
    "western": Look("cactus", 3, "serif"),
}
# Of several genres, the one that tells most; those that nearly every movie has come last.
TELLING = (
    "film-noir",
    "western",
    "horror",
    "musical",
    "animation",
    "documentary",
    "sci-fi",
    "war",
    "fantasy",
    "mystery",
    "children",
    "romance",
    "crime",
    "comedy",
    "adventure",
    "action",
    "thriller",
    "drama",
)


@dataclass(frozen=True)
class Cover:
    """What the template needs: CSS classes, the drawing's name, and the title and the genre as they are written."""

    classes: str
    symbol: str
    title: str
    genre: str


def cover(movie_id: int, title: str, genres: Sequence[str] = ()) -> Cover:
    """Return the look of a movie; the same id, title and genres give the same."""
    mixed = (movie_id * MIXER) >> 8
    genre = min(genres, key=_commonness, default="")
    look = LOOKS.get(_key(genre), PLAIN)
    hue = (look.hue + mixed % SPREAD - SPREAD // 2) % HUES if genre else mixed % HUES
    pattern = (mixed // SPREAD) % PATTERNS
    is_heavy = look.lettering == "heavy"
    classes = f"hue-{hue} pattern-{pattern} lettering-{look.lettering} letters-{letter_size(title, is_heavy)}"
    return Cover(classes, look.symbol, hyphenate(title, is_heavy), genre)


def _key(genre: str) -> str:
    return genre.lower().removesuffix("'s")


def _commonness(genre: str) -> int:
    key = _key(genre)
    return TELLING.index(key) if key in TELLING else len(TELLING) - 1 if key in LOOKS else len(TELLING)
