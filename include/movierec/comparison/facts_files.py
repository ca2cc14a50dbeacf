"""Files about movies and users as tables of a dataset; a value that cannot be read is unknown, and noted."""

import csv
import re
from functools import partial
from html import unescape
from pathlib import Path

import pandas as pd
import pyarrow as pa

from movierec.comparison.delimited import FileLayout, invalid_value, read_columns, read_layout
from movierec.comparison.value_rules import is_given
from movierec.data.columns import MOVIE, USER
from movierec.errors import ConfigError
from movierec.sources import literals
from movierec.sources.message_parts import kind_of, list_names
from movierec.sources.movielens_layouts import GENRES

MOVIE_COLUMNS = (
    "title",
    "release_year",
    "release_date",
    "runtime_minutes",
    "genres",
    "countries",
    "directors",
    "actors",
    "writers",
    "plot",
)
USER_COLUMNS = ("age", "gender", "occupation", "postcode")
BOUNDS = {"release_year": (1870, 2100), "runtime_minutes": (1, 100_000), "age": (1, 120)}  # as in the rules of a night
SEVERAL_NAMES = r", *(?!(?:jr|sr|ii+|iv|esq)\b)[^ ,]"
ROLE_OF = {"directors": "director", "actors": "actor", "writers": "writer"}
TITLE_YEAR = r"\((\d{4})\)\s*$"
YEAR_OF_DATE = r"^\s*(\d{4})(?:\.0+|[-/.](?:0?\d|1[0-2])(?:[-/.]00?)?)?\s*$"  # as ops.year_of_date() has it
SEPARATORS = {"genres": "|,;/·•、／，；\n\t", **dict.fromkeys(ROLE_OF, "|;")}  # as in ops.genres and core/credit.sql
GENRE_WORDS = frozenset(genre.lower() for genre in GENRES) | {"children", "imax"}
# what stands where a fact is missing, as in ops.as_known(); none is an occupation of MovieLens
NO_FACT = ("n/a", "na", "#n/a", "<na>", "nan", "nat", "null", "none", "\\n", ".", "?", "-")
NO_GENRES = ("(no genres listed)", "n/a", "none", "unknown", "-")  # the first is MovieLens's own


def read_movies(path: Path, notes: list[str]) -> dict[str, pd.DataFrame]:
    """Read the tables movies, genres, countries and people; a year that no column gives is taken from `Title (1995)`.

    Raises:
        ConfigError: the file cannot be read, has no rows, or a row has no movie_id.
    """
    layout, frame = _read_texts(path, MOVIE, MOVIE_COLUMNS, notes)
    date, year_of_date = _read_dates(frame["release_date"])
    _note_unreadable(layout, frame, "release_date", year_of_date, notes)
    year = _read_whole_numbers(layout, frame, "release_year", notes)
    year = year.fillna(year_of_date)
    year = year.fillna(pd.to_numeric(frame["title"].str.extract(TITLE_YEAR)[0]).astype("Int64"))
    runtime = _read_whole_numbers(layout, frame, "runtime_minutes", notes)
    movies = frame[[MOVIE, "title", "plot"]].assign(release_year=year, release_date=date, runtime_minutes=runtime)
    is_none = frame["genres"].str.strip().str.lower().isin(NO_GENRES)
    named = frame.assign(genres=frame["genres"].mask(is_none).map(unescape, na_action="ignore"))
    genres = _split_values(layout, named, "genres").rename(columns={"genres": "genre"})
    people = [
        _split_values(layout, frame, column).rename(columns={column: "name"}).assign(role=role)
        for column, role in ROLE_OF.items()
    ]
    people = [frame[~frame["name"].str.lower().isin(NO_FACT)] for frame in people]
    _note_commas(layout, people, notes)
    persons = pd.concat(people, ignore_index=True).assign(person_id=lambda rows: rows["name"])
    billing = persons.groupby([MOVIE, "role"]).cumcount() + 1
    return {
        "movies": movies,
        "genres": _in_one_spelling(genres[genres["genre"].str.contains("[^\\W\\d_]")]),
        "countries": _split_values(layout, frame, "countries").rename(columns={"countries": "country"}),
        "people": persons.assign(billing=billing.astype("Int64")),
    }


def read_users(path: Path, notes: list[str]) -> pd.DataFrame:
    """Read the table users.

    Raises:
        ConfigError: the file cannot be read, has no rows, or a row has no user_id.
    """
    layout, frame = _read_texts(path, USER, USER_COLUMNS, notes)
    return frame.assign(age=_read_whole_numbers(layout, frame, "age", notes))


def _read_texts(path: Path, key: str, columns: tuple[str, ...], notes: list[str]) -> tuple[FileLayout, pd.DataFrame]:
    layout = read_layout(path, (key, *columns), (key,))
    table = read_columns(layout, dict.fromkeys(layout.words, pa.string()))
    if table is None or table[key].null_count:
        raise invalid_value(layout, {key: (is_given, "an id in every row")})
    if not len(table):
        raise ConfigError(f"{path} has a header and no rows; at least one is needed")
    if layout.unused:
        notes.append(f"{path}: nothing is made of the columns {list_names(layout.unused)}")
    frame = table.to_pandas()
    frame[key] = frame[key].str.strip()
    repeated = int(frame.duplicated(key).sum())
    if repeated:
        notes.append(f"{path}: {repeated} rows repeat a {key}; the first of each counts")
    for name in set(layout.words) - {key, "title"}:
        words = NO_FACT if name != "occupation" else tuple(word for word in NO_FACT if word != "none")
        frame[name] = frame[name].mask(frame[name].str.strip().str.lower().isin(words))
    absent = {name: pd.Series(index=frame.index, dtype="str") for name in columns if name not in frame}
    return layout, frame.assign(**absent).drop_duplicates(key, ignore_index=True)


def _read_dates(texts: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Return days in UTC and their years; where a text says no more than a month or a year, the year alone."""
    year_alone = texts.str.extract(YEAR_OF_DATE)[0]
    date = pd.to_datetime(texts.mask(year_alone.notna()), utc=True, format="ISO8601", errors="coerce")
    years = pd.to_numeric(year_alone)
    known = years.where(years.between(*BOUNDS["release_year"])).astype("Int64")
    return date, known.fillna(date.dt.year.astype("Int64"))


def _read_whole_numbers(layout: FileLayout, frame: pd.DataFrame, column: str, notes: list[str]) -> pd.Series:
    """Read whole numbers within the bounds of their column; other texts are unknown, and noted."""
    numbers = pd.to_numeric(frame[column], errors="coerce")
    whole = numbers.where(numbers.between(*BOUNDS[column])).round().astype("Int64")
    _note_unreadable(layout, frame, column, whole, notes)
    return whole


def _note_unreadable(
    layout: FileLayout, frame: pd.DataFrame, column: str, understood: pd.Series, notes: list[str]
) -> None:
    lost = frame[frame[column].notna() & understood.isna()]
    if len(lost):
        example = lost[column].iloc[0]
        shown = kind_of(example) if USER in layout.words else f"'{example}'"  # nothing of a person is shown
        notes.append(
            f"{layout.path}: {len(lost)} values of column {layout.words[column]}, such as {shown}, could not be "
            "read and are unknown"
        )


def _split_values(layout: FileLayout, frame: pd.DataFrame, column: str) -> pd.DataFrame:
    """Divide a column of several values, at spaces where RecBole's header says that it is a sequence."""
    is_sequence = layout.words.get(column, "").endswith(":token_seq")
    divide = str.split if is_sequence else partial(values_of, separators=SEPARATORS.get(column, "|"))
    parts = frame[column].map(divide, na_action="ignore")
    rows = frame[[MOVIE]].assign(**{column: parts}).explode(column).dropna(subset=column)
    rows[column] = rows[column].astype("str").str.strip()
    return rows[rows[column] != ""].drop_duplicates(ignore_index=True)


def values_of(text: str, separators: str) -> list[str]:
    """Return the values of a field: of a list, as JSON or Python write it, its strings or names, else its parts.

    Spaces separate genres of MovieLens where nothing else does, as in `ops.genres`.
    """
    if listed := _list_of(text):
        return listed
    parts = re.split(f"[{re.escape(separators)}]", text)
    words = text.split()
    is_spaced = "," in separators and len(parts) == 1 and all(word.lower() in GENRE_WORDS for word in words)
    return words if is_spaced else parts


def _note_commas(layout: FileLayout, people: list[pd.DataFrame], notes: list[str]) -> None:
    """Note names with a comma, as the rule name_separators of a night does."""
    names = pd.concat([frame["name"] for frame in people])
    several = names[names.str.contains(SEVERAL_NAMES, case=False)]
    if len(several):
        notes.append(
            f"{layout.path}: {len(several):,} names of people hold a comma, such as '{several.iloc[0][:60]}', and stay "
            "whole: | or a semicolon separates names"
        )


def _in_one_spelling(genres: pd.DataFrame) -> pd.DataFrame:
    """Return genres with those that differ in capitals alone spelled as the first of them."""
    spelling = genres.groupby(genres["genre"].str.casefold())["genre"].transform("first")
    return genres.assign(genre=spelling).drop_duplicates(ignore_index=True)


def _list_of(text: str) -> list[str]:
    """Return the strings or names of a list as JSON, Python, numpy or PostgreSQL write it; none of anything else."""
    if text.lstrip()[:1] not in ("[", "{", "(") and not text.rstrip().endswith(")"):
        return []
    if text.lstrip().startswith("[") and re.search(r"""['"]\s+['"]""", text):  # as numpy prints it
        return re.findall(r"""['"]([^'"]+)['"]""", text)
    if found := literals.texts(text):
        return found
    bare = re.fullmatch(r"\s*(?:\[(.*)\]|\{(.*)\})\s*", text)
    return next(csv.reader([bare[1] or bare[2] or ""], skipinitialspace=True), []) if bare else []
