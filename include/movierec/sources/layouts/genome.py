"""A tag genome: how much each of a thousand tags says about each movie, a row of the file for each pair.

`genome-scores.csv` (movieId, tagId, relevance) and `genome-tags.csv` (tagId, tag) of MovieLens 20M and later become one
row per movie with its most relevant tags; the others tell hardly more than the mean of all movies does.
Vig, Sen and Riedl 2012, The Tag Genome. https://files.grouplens.org/datasets/movielens/ml-25m-README.html
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from movierec.data.arrays import Doubles, Ints
from movierec.errors import SourceError
from movierec.sources.text.encoding import AsUtf8
from movierec.sources.text.file import File, buffered

SCORES, TAGS = ("movieId", "tagId", "relevance"), ("tagId", "tag")
COLUMNS = ("movie_id", "tags", "relevances")
MAX_TAGS = 100  # of a movie
NEEDED = (
    f"a part of a tag genome, which is two files: one with {', '.join(SCORES)} and one with {', '.join(TAGS)}, as "
    "genome-scores.csv and genome-tags.csv of MovieLens"
)
_BLOCK_BYTES = 1 << 24


def rows(scores: File, delimiter: str, tags: Mapping[int, str]) -> Iterator[Sequence[str]]:
    """Yield (movie_id, tags, relevances) for every movie, its tags by falling relevance, separated by |.

    Args:
        scores: the file of relevances, in which the rows of a movie follow each other.
        delimiter: of its fields.
        tags: words by their ids.

    Raises:
        SourceError: the file is damaged, a movie's rows lie apart, a tag has no word or a relevance is not from 0 to 1.
    """
    seen: set[int] = set()
    for movie, tag_ids, relevances in _movies(scores, delimiter):
        if movie in seen:
            raise SourceError(f"{scores.where}: the rows of movie {movie} lie apart; sorted by movieId it is read")
        seen.add(movie)
        if not ((relevances >= 0) & (relevances <= 1)).all():
            raise SourceError(f"{scores.where}: movie {movie} has a relevance that is not a number from 0 to 1")
        unknown = [tag for tag in tag_ids.tolist() if tag not in tags]
        if unknown:
            raise SourceError(f"{scores.where}: movie {movie} has the tag {unknown[0]}, which has no word")
        best = np.lexsort((tag_ids, -relevances))[:MAX_TAGS]
        yield str(movie), "|".join(tags[tag] for tag in tag_ids[best].tolist()), "|".join(map(_text, relevances[best]))


def words(tags: Iterator[Mapping[str, str]]) -> dict[int, str]:
    """Return the words of a genome's tags by their ids; rows without a whole number are none."""
    return {int(row["tagId"]): row["tag"].replace("|", " ").strip() for row in tags if row["tagId"].strip().isdecimal()}


def _text(relevance: float) -> str:
    return f"{relevance:.5f}".rstrip("0").rstrip(".")


def _movies(scores: File, delimiter: str) -> Iterator[tuple[int, Ints, Doubles]]:
    """Yield each run of rows of one movie."""
    rest: list[NDArray[Any]] = [np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float64)]
    for block in _blocks(scores, delimiter):
        columns = [np.concatenate(pair) for pair in zip(rest, block, strict=True)]
        starts = np.flatnonzero(np.diff(columns[0], prepend=-1))
        for start, stop in pairwise(starts):
            yield int(columns[0][start]), columns[1][start:stop], columns[2][start:stop]
        rest = [column[starts[-1] :] for column in columns] if len(starts) else columns
    if len(rest[0]):
        yield int(rest[0][0]), rest[1], rest[2]


def _blocks(scores: File, delimiter: str) -> Iterator[list[NDArray[Any]]]:
    """Read the three columns in blocks.

    Raises:
        SourceError: the file is not a table of numbers.
    """
    import pyarrow as pa  # noqa: PLC0415 - takes a while, and hardly a file needs it
    from pyarrow import csv as arrow  # noqa: PLC0415

    kinds = dict(zip(SCORES, (pa.int64(), pa.int64(), pa.float64()), strict=True))
    with scores.open() as stream:
        try:
            for block in arrow.open_csv(
                buffered(AsUtf8(stream)),
                arrow.ReadOptions(block_size=_BLOCK_BYTES),
                arrow.ParseOptions(delimiter=delimiter),
                arrow.ConvertOptions(column_types=kinds, include_columns=list(kinds)),
            ):
                if any(column.null_count for column in block.columns):
                    raise SourceError(f"{scores.where}: a row of the tag genome lacks a value")
                yield [column.to_numpy() for column in block.columns]
        except pa.ArrowInvalid as error:
            raise SourceError(f"{scores.where} is not a tag genome: {str(error).splitlines()[0]}") from error
