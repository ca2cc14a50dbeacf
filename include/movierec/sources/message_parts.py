"""What a message may say of a file's columns and values: names, kinds, and nothing that may be about a person."""

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from movierec.data.aliases import UNCERTAIN_NAMES, normalise_name

MAX_LISTED = 30  # columns that a message names
MAX_NAME = 60  # letters of a name in a message
_KINDS = (
    ("a whole number", re.compile(r"[+-]?\d+")),
    ("a number", re.compile(r"[+-]?\d+[.,]\d+")),
    ("a date", re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}.*")),
    ("an e-mail address", re.compile(r"\S+@\S+")),
    ("an address of a page", re.compile(r"https?://.*")),
    ("an object", re.compile(r"\{.*\}", re.DOTALL)),
    ("a list", re.compile(r"\[.*\]", re.DOTALL)),
    ("nothing", re.compile(r"")),
)
_ANONYMOUS_ID = re.compile(r"[A-Za-z]{0,2}\d{1,9}")


def kind_of(value: str) -> str:
    """Return what kind of value a text is, without showing it."""
    return next((kind for kind, pattern in _KINDS if pattern.fullmatch(value.strip())), "a text")


def is_anonymous(user_id: str) -> bool:
    """Tell whether a message may show a viewer's id: one that may be a name, an address or a telephone may not."""
    return _ANONYMOUS_ID.fullmatch(user_id.strip()) is not None


def quote(value: str) -> str:
    """Return the beginning of a value in quotes."""
    return repr(value[:40])


def are_names(names: Sequence[str]) -> bool:
    """Tell whether a first line can be names of columns: values such as numbers, dates and addresses are none."""
    return all(kind_of(name) in ("a text", "nothing") for name in names)


def suggest_names(words: Mapping[str, Sequence[str]], names: Sequence[str]) -> str:
    """Say which of the names that came may mean what is missing, given the words for each missing column."""
    if not are_names(names):
        return ""
    plains = {normalise_name(name): name for name in names if len(normalise_name(name)) * 2 > len(name)}
    hints: dict[str, str] = {}
    for column, usual in words.items():
        if (near := _synonym(column, names) or _similar(usual, plains)) and near not in hints.values():
            hints[column] = near
    return "".join(f"; is {name} meant to be {column}?" for column, name in hints.items())


def _synonym(column: str, names: Sequence[str]) -> str | None:
    """Return a name that means a column elsewhere, or in another language."""
    words = UNCERTAIN_NAMES.get(column, ())
    return next((name for name in names if name.strip().lower().removesuffix("_id").removesuffix("id") in words), None)


def _similar(words: Sequence[str], plains: Mapping[str, str]) -> str | None:
    """Return the name that is written most like one of the words."""
    found = (get_close_matches(normalise_name(word), list(plains), 1, 0.75) for word in words)
    return next((plains[near[0]] for near in found if near), None)


def seen_names(names: Sequence[str]) -> str:
    """Return a header in words; of a line that is none only the kinds of its values, since it may be about a person."""
    return list_names(names) if are_names(names) else seen_values(names)


def list_names(names: Sequence[str]) -> str:
    """Return the first of some names, and how many more there are."""
    more = f" and {len(names) - MAX_LISTED:,} more" if len(names) > MAX_LISTED else ""
    return (", ".join(name[:MAX_NAME] for name in names[:MAX_LISTED]) or "nothing") + more


def seen_values(values: Sequence[str]) -> str:
    """Say of what kinds the values of a line are, without showing one."""
    return f"no names of columns but values: {list_names(list(map(kind_of, values)))}"
