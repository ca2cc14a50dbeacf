"""HetRec 2011: genres, directors, actors and words of tags in files of their own.

https://grouplens.org/datasets/hetrec-2011/
"""

from collections.abc import Iterator, Sequence
from functools import partial
from operator import itemgetter

from movierec.sources.layouts.rewriting import RawTable, RewrittenDataset, generated_file


def is_hetrec(raw: RawTable) -> bool:
    """Tell whether a table is HetRec's of movies."""
    return raw.has("id", "title", "imdbID", "spanishTitle")


def put_hetrec(dataset: RewrittenDataset, raw: RawTable, raws: Sequence[RawTable]) -> None:
    """Put movies, links, credits and tags in the place of HetRec's tables."""
    of_genres, genres = _values_by_movie(raws, "movieID", "genre")
    of_directors, directors = _values_by_movie(raws, "movieID", "directorName")
    of_actors, actors = _values_by_movie(raws, "movieID", "actorName")

    def movies() -> Iterator[Sequence[str]]:
        for row in raw.rows():
            yield row["id"], row["title"], row.get("year", ""), genres.get(row["id"], "")

    def links() -> Iterator[Sequence[str]]:
        for row in raw.rows():
            yield row["id"], row["imdbID"]

    def credit_rows() -> Iterator[Sequence[str]]:
        for movie in sorted({*directors, *actors}, key=lambda movie: (len(movie), movie)):
            yield movie, directors.get(movie, ""), actors.get(movie, "")

    generated = [
        generated_file(raw, "movies", ("movie_id", "title", "release_year", "genres"), movies),
        generated_file(raw, "links", ("movie_id", "imdb_id"), links),
    ]
    if directors or actors:
        generated.append(generated_file(raw, "credits", ("movie_id", "director", "actors"), credit_rows))
    tagged = [each for each in raws if each.has("userID", "movieID", "tagID", "timestamp")]
    words = [each for each in raws if each.names == ("id", "value")]
    if tagged and words:
        generated.append(
            generated_file(
                tagged[0], "tags", ("user_id", "movie_id", "tag", "tagged_at"), partial(_tag_rows, tagged, words)
            )
        )
    used = [raw, *of_genres, *of_directors, *of_actors, *(tagged[:1] + words[:1] if tagged and words else [])]
    unused = raw.without("id", "title", "imdbID", "year")
    dataset.replace(used, generated, f"{raw.file.name} and the files beside it are HetRec 2011{unused}")


def _values_by_movie(raws: Sequence[RawTable], key: str, value: str) -> tuple[list[RawTable], dict[str, str]]:
    """Return the file with a row for each value of a movie, and the values by movie, by their ranking, between |."""
    raw = next((raw for raw in raws if raw.has(key, value) and len(raw.names) <= 4), None)  # noqa: PLR2004
    values: dict[str, list[tuple[int, str]]] = {}
    for row in raw.rows() if raw else ():
        ranking = row.get("ranking", "")
        position = int(ranking) if ranking.isdecimal() else 0
        values.setdefault(row[key], []).append((position, row[value].replace("|", " ")))
    ordered = {movie: sorted(each, key=itemgetter(0)) for movie, each in values.items()}
    return ([raw] if raw else []), {movie: "|".join(name for _, name in each) for movie, each in ordered.items()}


def _tag_rows(tagged: Sequence[RawTable], words: Sequence[RawTable]) -> Iterator[Sequence[str]]:
    word_of = {row["id"]: row["value"] for row in words[0].rows()}
    for row in tagged[0].rows():
        yield row["userID"], row["movieID"], word_of.get(row["tagID"], ""), row["timestamp"]
