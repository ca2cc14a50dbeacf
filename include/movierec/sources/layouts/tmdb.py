"""Kaggle's "The Movies Dataset" and TMDB 5000: movies by TMDB's id, which `links` may lead to.

Lists are literals of Python in the first and JSON in the second.
"""

from collections.abc import Iterator, Sequence

from movierec.sources import literals
from movierec.sources.layouts.rewriting import RawTable, RewrittenDataset, generated_file


def is_tmdb(raw: RawTable) -> bool:
    """Tell whether a table lists movies as TMDB does."""
    return raw.has("id", "title", "genres", "release_date") and ("imdb_id" in raw.names or "keywords" in raw.names)


def put_tmdb(dataset: RewrittenDataset, raw: RawTable, raws: Sequence[RawTable]) -> None:
    """Put movies and credits in the place of TMDB's tables, by the ids that links give where there are any."""
    ids = _ids_of_links(raws)

    def movies() -> Iterator[Sequence[str]]:
        for row in raw.rows():
            if (key := _id(row["id"])).isdecimal():  # three rows of "The Movies Dataset" are broken in the middle
                genres = "|".join(literals.texts(row["genres"])) or _unlisted(row["genres"])
                for movie in ids.get(key, []) if ids else [key]:
                    yield movie, row["title"], row["release_date"], genres

    def credit_rows() -> Iterator[Sequence[str]]:
        for row in people[0].rows():
            key = _id(row.get("movie_id") or row.get("id", ""))
            for movie in ids.get(key, []) if ids else [key]:
                crew = literals.people(row["crew"])
                yield movie, "|".join(crew["Director"]), "|".join(literals.names(row["cast"])), "|".join(crew["Writer"])

    people = [each for each in raws if each.has("cast", "crew") and (each.has("id") or each.has("movie_id"))]
    files = [generated_file(raw, "movies", ("movie_id", "title", "release_date", "genres"), movies)]
    if people:
        files.append(generated_file(people[0], "credits", ("movie_id", "director", "actors", "writers"), credit_rows))
    by = "by the ids that links give for TMDB's" if ids else "by TMDB's ids (links.csv would lead from others to them)"
    keys = [_id(row["id"]) for row in raw.rows()]
    shifted = sum(not key.isdecimal() for key in keys)
    strange = sum(key.isdecimal() and key not in ids for key in keys) if ids else 0
    left_out = f"; {shifted} rows without an id are left out" if shifted else ""
    left_out += f"; {strange:,} movies that no link leads to are left out" if strange else ""
    left_out += raw.without("id", "title", "release_date", "genres")
    dataset.replace(
        [raw, *people[:1]], files, f"{raw.file.name} lists movies as TMDB does; they are read {by}{left_out}"
    )


def _id(text: str) -> str:
    """Return an id as its digits, though a program has written it as 862.0."""
    return text.strip().removesuffix(".0")


def _unlisted(text: str) -> str:
    """Return genres that somebody has taken out of their list, nothing of a list that cannot be read."""
    return "" if text.lstrip().startswith(("[", "{", "(")) or "(" in text else text


def _ids_of_links(raws: Sequence[RawTable]) -> dict[str, list[str]]:
    """Return the ids of a dataset by those of TMDB."""
    ids: dict[str, list[str]] = {}
    for raw in sorted((raw for raw in raws if raw.has("movieId", "tmdbId")), key=lambda raw: -len(raw.file.name)):
        for row in raw.rows():
            tmdb_id = _id(row["tmdbId"])
            if tmdb_id and row["movieId"] not in ids.get(tmdb_id, []):
                ids.setdefault(tmdb_id, []).append(row["movieId"])
    return ids
