"""Several values in one field, such as genres: a list as a program writes it, or parts with a sign between them."""

import csv
import re
from functools import partial

import pandas as pd

from movierec.comparison.delimited import FileLayout
from movierec.data.columns import MOVIE
from movierec.sources import literals
from movierec.sources.movielens_layouts import GENRES

ROLE_OF = {"directors": "director", "actors": "actor", "writers": "writer"}
SEVERAL_NAMES = r", *(?!(?:jr|sr|ii+|iv|esq)\b)[^ ,]"
SEPARATORS = {"genres": "|,;/·•、／，；\n\t", **dict.fromkeys(ROLE_OF, "|;")}  # as ops.genre_signs(), core/credit.sql
NO_SEPARATORS = r"[\^~+:]|\s[-–]\s"  # which may be meant to separate genres, and do not
GENRE_WORDS = frozenset(genre.lower() for genre in GENRES) | {"children", "imax"}


def split_values(layout: FileLayout, frame: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return movie_id and one value of a column to a row; spaces divide it where RecBole's header says so."""
    divide = str.split if _is_sequence(layout, column) else partial(values_of, separators=SEPARATORS.get(column, "|"))
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
    if separators == SEPARATORS["genres"] and _genre_sign(text) == " ":
        return text.split()
    return re.split(f"[{re.escape(separators)}]", text)


def note_genre_signs(layout: FileLayout, texts: pd.Series, notes: list[str]) -> None:
    """Note genres with another sign between them than in most rows, as the rule genre_separators of a night does."""
    if _is_sequence(layout, "genres") or not len(given := texts.dropna()):
        return
    flat = given.map(lambda text: "|".join(_list_of(text)) or text)
    signs = flat.map(_genre_sign).dropna()
    usual = str(signs.mode().iloc[-1]) if len(signs) else ""  # of equally frequent ones the last, as in a night
    odd = given[flat.map(lambda text: _has_other_sign(text, usual)) | flat.str.contains(NO_SEPARATORS)]
    if len(odd):
        notes.append(
            f"{layout.path}: {len(odd):,} of {len(given):,} rows of {layout.words['genres']} do not have one kind of "
            f"sign between genres, the same in all rows (|, comma, semicolon or slash), such as '{odd.iloc[0][:60]}'"
        )


def _genre_sign(text: str) -> str | None:
    """Return the first sign between genres, a space where every word is a genre of MovieLens, as ops.genre_sign()."""
    if found := re.search(f"[{re.escape(SEPARATORS['genres'])}]", text):
        return found[0]
    words = text.split()
    return " " if len(words) > 1 and all(word.lower() in GENRE_WORDS for word in words) else None


def _has_other_sign(text: str, usual: str) -> bool:
    """Tell whether genres have another sign between them than the usual one of their column, or may have none."""
    sign = _genre_sign(text)
    if sign is None:
        return usual == " " and " " in text.strip()
    if " " in (sign, usual):
        return sign != usual
    return any(other in text.replace(usual, "") for other in SEPARATORS["genres"])


def note_commas(layout: FileLayout, people: list[pd.DataFrame], notes: list[str]) -> None:
    """Note names with a comma, as the rule name_separators of a night does."""
    names = pd.concat([frame["name"] for frame in people])
    several = names[names.str.contains(SEVERAL_NAMES, case=False)]
    if len(several):
        notes.append(
            f"{layout.path}: {len(several):,} names of people hold a comma, such as '{several.iloc[0][:60]}', and stay "
            "whole: | or a semicolon separates names"
        )


def in_one_spelling(genres: pd.DataFrame) -> pd.DataFrame:
    """Return genres with those that differ in capitals alone spelled as the first of them."""
    spelling = genres.groupby(genres["genre"].str.casefold())["genre"].transform("first")
    return genres.assign(genre=spelling).drop_duplicates(ignore_index=True)


def _is_sequence(layout: FileLayout, column: str) -> bool:
    return layout.words.get(column, "").endswith(":token_seq")


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
