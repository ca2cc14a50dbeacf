"""Ids of all files that are compared, decided once: whole numbers where every file holds nothing else, else names.

What one file alone says must not decide: 0000143561 is a number in a file of such ids, and a name beside B00004CQT3.
"""

import re
from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from movierec.comparison.value_rules import as_digits, has_lost_digits, is_whole
from movierec.data.columns import MOVIE, USER
from movierec.errors import ConfigError
from movierec.sources.message_parts import is_anonymous, kind_of

_MARKS = " \t\r\n\u00a0\ufeff"  # the last one begins each part of a file that was put together
_LEADING_ZERO = re.compile(r"[+-]?0\d")
DESCRIBED_IN = {USER: "users", MOVIE: "movies"}  # the table with one row for each id


def number_ids(
    ratings: dict[str, pd.DataFrame],
    facts: dict[str, pd.DataFrame],
    key: str,
    notes: list[str],
    subjects: Mapping[str, str],
) -> pd.Index | None:
    """Replace the texts of an id by numbers, in all tables of both dictionaries.

    Whole numbers such as 7 and 7.0 stay what they are, where all ids are; else every text is a name, and gets its
    position in alphabetical order. Of facts that come under several spellings of one id, the first ones count.
    `subjects` says of each table of ratings what a note calls so many of its ids, and of the table of facts that has
    one row for each id which file it is of.

    Returns:
        The texts, by number; None where all ids are whole numbers.

    Raises:
        ConfigError: an id is written with an exponent, or is a list or an object.
    """
    tables = [(group, table) for group in (ratings, facts) for table, frame in group.items() if key in frame]
    columns = {(id(group), table): _categories(group[table][key]) for group, table in tables}
    texts = sorted(set().union(*(column.cat.categories for column in columns.values())))
    lost = next(filter(has_lost_digits, texts), None)
    if lost:
        raise ConfigError(f"{key} holds '{lost}': a number that has lost digits; allowed are ids with all of theirs")
    if any(text.startswith(("{", "[")) for text in texts):
        raise ConfigError(f"{key} holds lists or objects; allowed are numbers and texts")
    # what is not whole settles it soon
    are_whole = all(map(is_whole, texts))
    numbers = {text: int(float(text)) if "." in text else int(text) for text in texts} if are_whole else None
    if numbers is None:
        numbers = {text: number for number, text in enumerate(texts)}
    written = {table: facts[table][key] for table in facts if key in facts[table]}
    for group, table in tables:
        column = columns[id(group), table]
        of_category = np.array([numbers[text] for text in column.cat.categories], np.int64)
        group[table] = group[table].assign(**{key: of_category[column.cat.codes.to_numpy()]})
    if DESCRIBED_IN[key] in facts:
        _keep_first_spellings(facts, written, key, subjects[DESCRIBED_IN[key]], notes)
    if are_whole:
        for group, table in tables:
            if group is ratings:
                _note_leading_zeros(columns[id(group), table].cat.categories, subjects[table], notes)
        return None
    example = next((text for text in texts if not text.isdecimal()), max(texts, key=len))
    kind = "numbers that are too long," if example.isdecimal() else "text"
    is_shown = key != USER or example.isdecimal() or is_anonymous(example)
    shown = f"such as '{example}'" if is_shown else f"({kind_of(example)})"
    notes.append(f"{key} holds {kind} {shown}: every {key} is taken as a name and numbered")
    alike = len(texts) - len(set(map(str.casefold, texts)))
    if alike:
        notes.append(
            f"{alike} of {len(texts)} names of {key} differ from others in capitals alone; they stay different"
        )
    names: pd.Index = pd.Index(texts)
    return names


def _keep_first_spellings(
    facts: dict[str, pd.DataFrame], written: Mapping[str, pd.Series], key: str, path: str, notes: list[str]
) -> None:
    """Leave out the facts under an id's further spellings, in all tables; `written` has the ids as they came."""
    table = DESCRIBED_IN[key]
    is_repeated = facts[table].duplicated(key)
    if not is_repeated.any():
        return
    number = facts[table].loc[is_repeated, key].iloc[0]
    spellings = [str(text) for text in written[table][facts[table][key] == number][:2]]
    is_shown = key != USER or all(map(is_anonymous, spellings))
    shown = ", such as '{}' and '{}'".format(*spellings) if is_shown else ""
    notes.append(
        f"{path}: {int(is_repeated.sum())} rows repeat a {key} in another spelling{shown}; the first of each counts"
    )
    further = written[table][is_repeated]
    for name, texts in written.items():
        facts[name] = facts[name][~texts.isin(further)].reset_index(drop=True)


def _categories(ids: pd.Series) -> pd.Series:
    """Return ids as categories of texts without spaces around them, whole numbers as digits."""
    column = ids if isinstance(ids.dtype, pd.CategoricalDtype) else ids.astype(str).astype("category")
    stripped = [as_digits(str(text).strip(_MARKS)) for text in column.cat.categories]
    if len(set(stripped)) == len(stripped):
        return column.cat.rename_categories(stripped)
    names = dict(zip(column.cat.categories, stripped, strict=True))
    return column.astype(object).map(names).astype("category")


def _note_leading_zeros(texts: Iterable[str], subject: str, notes: list[str]) -> None:
    """Note ids such as 007 that were read as numbers: 7 is the same then."""
    zeros = [text for text in texts if _LEADING_ZERO.match(text)]
    if zeros:
        found, number = subject.format(len(zeros)), int(float(zeros[0]))
        notes.append(f"{found} begin with 0, such as {zeros[0]}; they are read as numbers, the same as {number}")
