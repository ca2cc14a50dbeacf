"""The Netflix Prize's files, in which a line of its own (`1:`) names the movie of the lines below it.

Ratings (`user,rating,date`) come as one file for each of 17,770 movies (`mv_0000001.txt`) or, from Kaggle, as four
(`combined_data_1.txt`); titles (`movie,year,title`, a year NULL where it is unknown) stand in `movie_titles`, where
commas belong to the title and the text is older than UTF-8. Bennett and Lanning 2007, The Netflix Prize.
https://www.kaggle.com/datasets/netflix-inc/netflix-prize-data
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO

from movierec.errors import SourceError
from movierec.rating_scale import RatingScale
from movierec.sources.text.encoding import decode
from movierec.sources.text.file import File, buffered
from movierec.sources.text.lines import text_blocks
from movierec.sources.text.tables_as_text import GeneratedBytes, csv_line

RATINGS_COLUMNS = ("user_id", "rating", "rated_at", "movie_id")  # a line's own fields, then the movie's id
MOVIES_COLUMNS = ("movie_id", "release_year", "title")
_HEAD_BYTES = 512
_RATINGS = re.compile(rb"(?:\xef\xbb\xbf)?\s*\d+:\s*\n\s*\d+,\d[\d.]*,\d{4}-\d\d-\d\d\s")
_LIST = re.compile(rb"(?:\xef\xbb\xbf)?\s*\d+:\s")
_TITLES = re.compile(rb"(?:\xef\xbb\xbf)?\s*\d+,(?:\d{4}|NULL),[^\r\n]+\r?\n\s*\d+,(?:\d{4}|NULL),")
_TITLE = re.compile(r"\s*(\d+),(\d{4}|NULL),(.*)", re.DOTALL)
_MOVIE_LINES = re.compile(rb"^[ \t]*(\d+):[ \t]*\n", re.MULTILINE)
_EMPTY_LINES = re.compile(rb"\n{2,}")


def has_ratings(file: File) -> bool:
    """Tell by its first lines whether a file has ratings as the Netflix Prize writes them."""
    return _begins(file, _RATINGS)


def is_list(file: File) -> bool:
    """Tell whether a file has lines for movies and below them anything, such as viewers without their ratings."""
    return _begins(file, _LIST)


def has_titles(file: File) -> bool:
    """Tell by its first two lines whether a file has titles as the Netflix Prize writes them."""
    return _begins(file, _TITLES)


def _begins(file: File, pattern: re.Pattern[bytes]) -> bool:
    try:
        return pattern.match(file.head(_HEAD_BYTES).replace(b"\r\n", b"\n")) is not None
    except SourceError:
        return False  # whoever reads it says what is wrong


def ratings(files: Sequence[File]) -> File:
    """Return the ratings of all files as one CSV, which is made while it is read."""
    more = f" and {len(files) - 1:,} more" if len(files) > 1 else ""
    paths = tuple(dict.fromkeys(file.path for file in files))

    @contextmanager
    def opener() -> Iterator[IO[bytes]]:
        yield buffered(GeneratedBytes(_rating_lines(files)))

    where = f"{files[0].where}{more}"
    return File("netflix (ratings)", where, opener, paths[0], RatingScale(), is_generated=True, others=paths[1:])


def titles(file: File) -> File:
    """Return the titles as CSV, which is made while it is read."""

    @contextmanager
    def opener() -> Iterator[IO[bytes]]:
        yield buffered(GeneratedBytes(_title_lines(file)))

    return File("netflix (movies)", file.where, opener, file.path, is_generated=True)


def _rating_lines(files: Sequence[File]) -> Iterator[bytes]:
    """Yield the header and the lines of all files, each with its movie behind it."""
    yield csv_line(RATINGS_COLUMNS)
    for file in files:
        movie = b""
        with file.open() as stream:
            for block in text_blocks(file.where, stream):
                lines = block.replace(b"\r\n", b"\n") if b"\r" in block else block
                before, *parts = _MOVIE_LINES.split(lines)
                yield _with_movie(before, movie)
                for movie, below in zip(parts[::2], parts[1::2], strict=True):
                    yield _with_movie(below, movie)


def _with_movie(lines: bytes, movie: bytes) -> bytes:
    """Put the movie behind each line; blank ones are not rows."""
    if b"\n\n" in lines or lines.startswith(b"\n"):
        lines = _EMPTY_LINES.sub(b"\n", lines).removeprefix(b"\n")
    return lines.replace(b"\n", b"," + movie + b"\n")


def _title_lines(file: File) -> Iterator[bytes]:
    yield csv_line(MOVIES_COLUMNS)
    with file.open() as stream:
        for block in text_blocks(file.where, stream):
            for line in block.split(b"\n"):
                text = decode(line.rstrip(b"\r"), is_western=True)[0]
                if text.strip():
                    found = _TITLE.fullmatch(text)
                    yield csv_line(["" if part == "NULL" else part for part in found.groups()] if found else [text])
