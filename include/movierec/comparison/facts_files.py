"""Files about movies and users as tables of a dataset; a value that cannot be read is unknown, and noted."""

from html import unescape
from pathlib import Path

import pandas as pd
import pyarrow as pa

from movierec.comparison.delimited import FileLayout, invalid_value, read_columns, read_layout
from movierec.comparison.several_values import ROLE_OF, in_one_spelling, note_commas, note_genre_signs, split_values
from movierec.comparison.value_rules import as_digits, is_given
from movierec.comparison.written_moments import date_orders, moments
from movierec.data.columns import MOVIE, USER
from movierec.errors import ConfigError
from movierec.sources.message_parts import kind_of, list_names

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
TITLE_YEAR = r"\((\d{4})\)\s*$"
YEAR_OF_DATE = r"^\s*(\d{4})(?:\.0+|[-/.](?:0?\d|1[0-2])(?:[-/.]00?)?)?\s*$"  # as ops.year_of_date() has it
YEAR_OF_ORDERED = r"^ *\d{1,2}[/.-]\d{1,2}[/.-](\d{4})(?=$|[ ,T])"
# what stands where a fact is missing, as in ops.as_known(); none is an occupation of MovieLens
NO_FACT = ("n/a", "na", "#n/a", "<na>", "nan", "nat", "null", "none", "\\n", ".", "?", "-")
NO_GENRES = ("(no genres listed)", "n/a", "none", "unknown", "-")  # the first is MovieLens's own


def read_movies(path: Path, notes: list[str]) -> dict[str, pd.DataFrame]:
    """Read the tables movies, genres, countries and people; a year that no column gives is taken from `Title (1995)`.

    Raises:
        ConfigError: the file cannot be read, has no rows, or a row has no movie_id.
    """
    layout, frame = _read_texts(path, MOVIE, MOVIE_COLUMNS, notes)
    date, year_of_date = _read_dates(path, frame["release_date"], notes)
    _note_unreadable(layout, frame, "release_date", year_of_date, notes)
    year = _read_whole_numbers(layout, frame, "release_year", notes)
    year = year.fillna(year_of_date)
    year = year.fillna(pd.to_numeric(frame["title"].str.extract(TITLE_YEAR)[0]).astype("Int64"))
    runtime = _read_whole_numbers(layout, frame, "runtime_minutes", notes)
    movies = frame[[MOVIE, "title", "plot"]].assign(release_year=year, release_date=date, runtime_minutes=runtime)
    is_none = frame["genres"].str.strip().str.lower().isin(NO_GENRES)
    named = frame.assign(genres=frame["genres"].mask(is_none).map(unescape, na_action="ignore"))
    note_genre_signs(layout, named["genres"], notes)
    genres = split_values(layout, named, "genres").rename(columns={"genres": "genre"})
    people = [
        split_values(layout, frame, column).rename(columns={column: "name"}).assign(role=role)
        for column, role in ROLE_OF.items()
    ]
    people = [frame[~frame["name"].str.lower().isin(NO_FACT)] for frame in people]
    note_commas(layout, people, notes)
    persons = pd.concat(people, ignore_index=True).assign(person_id=lambda rows: rows["name"])
    billing = persons.groupby([MOVIE, "role"]).cumcount() + 1
    return {
        "movies": movies,
        "genres": in_one_spelling(genres[genres["genre"].str.contains("[^\\W\\d_]")]),
        "countries": split_values(layout, frame, "countries").rename(columns={"countries": "country"}),
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
    table = read_columns(layout, dict.fromkeys(layout.words, pa.string()), [key])
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


def _read_dates(path: Path, texts: pd.Series, notes: list[str]) -> tuple[pd.Series, pd.Series]:
    """Return days in UTC and their years; where a text says no more than a month or a year, the year alone.

    That is also what remains of a date that ends in the year and is no day in the order of its column.
    """
    order, told = date_orders({path: texts}).get(path, (None, ""))
    notes.extend(filter(None, [told]))
    year_alone = texts.str.extract(YEAR_OF_DATE)[0]
    date = moments(texts.mask(year_alone.notna()), order)
    year_of_ordered = texts.str.extract(YEAR_OF_ORDERED)[0].where(date.isna())
    years = pd.to_numeric(year_alone.fillna(year_of_ordered))
    known = years.where(years.between(*BOUNDS["release_year"])).astype("Int64")
    return date, known.fillna(date.dt.year.astype("Int64"))


def _read_whole_numbers(layout: FileLayout, frame: pd.DataFrame, column: str, notes: list[str]) -> pd.Series:
    """Read whole numbers within the bounds of their column; other texts are unknown, and noted."""
    numbers = pd.to_numeric(frame[column].str.strip().map(as_digits, na_action="ignore"), errors="coerce")
    whole = numbers.where(numbers.between(*BOUNDS[column]) & (numbers % 1 == 0)).astype("Int64")
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
