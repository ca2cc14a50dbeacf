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
            if row["id"].isdecimal():  # three rows of "The Movies Dataset" are broken in the middle
                genres = "|".join(literals.texts(row["genres"])) or _unlisted(row["genres"])
                for movie in ids.get(row["id"], []) if ids else [row["id"]]:
                    yield movie, row["title"], row["release_date"], genres

    def credit_rows() -> Iterator[Sequence[str]]:
        for row in people[0].rows():
            key = row.get("movie_id") or row.get("id", "")
            for movie in ids.get(key, []) if ids else [key]:
                crew = literals.people(row["crew"])
                yield movie, "|".join(crew["Director"]), "|".join(literals.names(row["cast"])), "|".join(crew["Writer"])

    people = [each for each in raws if each.has("cast", "crew") and (each.has("id") or each.has("movie_id"))]
    made = [generated_file(raw, "movies", ("movie_id", "title", "release_date", "genres"), movies)]
    if people:
        made.append(generated_file(people[0], "credits", ("movie_id", "director", "actors", "writers"), credit_rows))
    by = "by the ids that links give for TMDB's" if ids else "by TMDB's ids"
    shifted = sum(not row["id"].isdecimal() for row in raw.rows())
    left_out = f"; {shifted} rows without an id are left out" if shifted else ""
    dataset.replace(
        [raw, *people[:1]], made, f"{raw.file.name} lists movies as TMDB does; they are read {by}{left_out}"
    )


def _unlisted(text: str) -> str:
    """Return genres that somebody has taken out of their list, nothing of a list that cannot be read."""
    return "" if text.lstrip().startswith(("[", "{", "(")) or "(" in text else text


def _ids_of_links(raws: Sequence[RawTable]) -> dict[str, list[str]]:
    """Return the ids of a dataset by those of TMDB."""
    ids: dict[str, list[str]] = {}
    for raw in sorted((raw for raw in raws if raw.has("movieId", "tmdbId")), key=lambda raw: -len(raw.file.name)):
        for row in raw.rows():
            tmdb_id = row["tmdbId"].strip().removesuffix(".0")
            if tmdb_id and row["movieId"] not in ids.get(tmdb_id, []):
                ids.setdefault(tmdb_id, []).append(row["movieId"])
    return ids
