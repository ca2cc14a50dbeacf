"""Lists of objects in one field, as JSON or as a literal of Python; nothing in them is ever run."""

import ast
import json
import re
from typing import Any

MAX_CHARACTERS = 1 << 20
MAX_ACTORS = 10
_NAMED = re.compile(r"\s*(?:array|frozenset|set|list|tuple)\((.*?)(?:,\s*dtype=\w+)?\)\s*", re.DOTALL)  # as repr() says


def parse(text: str) -> list[dict[str, Any]]:
    """Return the objects of a list, none where the text is not a list of objects."""
    return [part for part in _parse(text) if isinstance(part, dict)]


def texts(text: str) -> list[str]:
    """Return the strings of a list, and the names of its objects; none where the text is not a list of these."""
    values = [part.get("name") if isinstance(part, dict) else part for part in _parse(text)]
    return [value for value in values if isinstance(value, str)]


def _parse(text: str) -> list[Any]:
    if len(text) > MAX_CHARACTERS:
        return []
    value, text = None, _NAMED.sub(r"\1", text, count=1) if _NAMED.fullmatch(text) else text
    for read in (json.loads, ast.literal_eval):
        try:
            value = read(text)
            break
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            continue
    if isinstance(value, dict):
        return [value] if isinstance(value.get("name"), str) else []
    return list(value) if isinstance(value, (list, tuple, set)) else []


def names(text: str, most: int = MAX_ACTORS) -> list[str]:
    """Return the names of the first objects of a list, without the sign that separates several of them."""
    stripped = [str(part["name"]).replace("|", " ").strip() for part in parse(text) if part.get("name")]
    return list(dict.fromkeys(stripped))[:most]


def people(text: str) -> dict[str, list[str]]:
    """Return the names of the directors and writers among the crew."""
    names_by_role: dict[str, list[str]] = {"Director": [], "Writer": []}
    for part in parse(text):
        role = "Writer" if part.get("job") in ("Writer", "Screenplay", "Author") else part.get("job")
        name = str(part.get("name", "")).replace("|", " ").strip()
        if role in names_by_role and name and name not in names_by_role[role]:
            names_by_role[role].append(name)
    return names_by_role
