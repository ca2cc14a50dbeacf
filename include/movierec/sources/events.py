"""Feedback events as JSON: one object is one row; whatever else there is becomes a row too, to be looked at."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, islice

from movierec.data.aliases import normalise_name
from movierec.errors import SourceError
from movierec.sources.contract import MIN_SAMPLE_VALUES
from movierec.sources.source import Chunk, Notes
from movierec.sources.table_contracts import FEEDBACK_EVENT
from movierec.sources.text.copytext import Record, chunks
from movierec.sources.text.tables_as_text import TYPES_OF_MONGODB

PIECE_NAME = "events"
SAMPLE_EVENTS = 1_000  # events whose keys and values are compared with the contract
NOT_AN_OBJECT = "not a JSON object"


class Number(str):
    """A number as it is written: 4.0 stays 4.0, and twenty digits stay twenty digits."""


class Pairs(list[tuple[str, object]]):
    """An object with its keys in order, including repeated ones."""


_DECODER = json.JSONDecoder(parse_int=Number, parse_float=Number, parse_constant=Number, object_pairs_hook=Pairs)


@dataclass(frozen=True)
class Event:
    """One event: what was read, or None where it is not an object, and the text that it was."""

    pairs: Pairs | None
    line: str = ""


def parse(text: str) -> object:
    """Read JSON without losing a digit or a key.

    Raises:
        ValueError: the text is not JSON.
    """
    try:
        return _DECODER.decode(text)
    except RecursionError as error:
        raise ValueError("the JSON is nested too deeply") from error


def parse_line(line: str) -> Event:
    """Read one line."""
    try:
        value = parse(line)
    except ValueError:
        value = None
    return Event(value) if isinstance(value, Pairs) else Event(None, line)


def from_value(value: object) -> Event:
    """Take what stood in a list of events."""
    return Event(value) if isinstance(value, Pairs) else Event(None, to_json(value))


def event_chunks(where: str, events: Iterable[Event], notes: Notes) -> Iterator[Chunk]:
    """Yield events as chunks, after a look at the first ones.

    Raises:
        SourceError: a required key is missing in all of them, renamed, or holds something else.
    """
    rest = iter(events)
    head = list(islice(rest, SAMPLE_EVENTS))
    _require(where, head)
    return chunks(FEEDBACK_EVENT.names, (_record(event, notes) for event in chain(head, rest)))


def _require(where: str, head: list[Event]) -> None:
    objects = [event.pairs for event in head if event.pairs is not None]
    if not objects and (len(head) >= MIN_SAMPLE_VALUES or any(event.line.startswith("[") for event in head)):
        beginning = (
            f"first {len(head):,} lines are no JSON objects" if len(head) > 1 else "first line is no JSON object"
        )
        raise SourceError(f"{where}: the {beginning}; allowed is one object per line")
    if not objects:
        return
    # Two producers may call a column differently: one name of each counts.
    words = FEEDBACK_EVENT.words
    keys = {words.get(normalise_name(key), (key, 0))[0]: key for pairs in objects for key, _ in pairs}
    FEEDBACK_EVENT.match(where, list(keys.values()))
    rows = (_record(Event(pairs), Notes())[0] for pairs in objects)
    FEEDBACK_EVENT.require_types(where, (dict(zip(FEEDBACK_EVENT.names, row, strict=True)) for row in rows))


def _record(event: Event, notes: Notes) -> Record:
    if event.pairs is None:
        return [None] * len(FEEDBACK_EVENT.names), {"line": event.line, "error": NOT_AN_OBJECT}
    names = _names(tuple(key for key, _ in event.pairs))
    values: dict[str, str | None] = {}
    extra: dict[str, object] = {}
    twice: dict[str, list[str | None]] = {}
    for key, value in event.pairs:
        text, name = _text(value), names[key]
        kept, word = (values, name) if name is not None else (extra, key)
        if word not in kept:
            kept[word] = text
            if name is None and key not in notes.new_columns:
                notes.new_columns.append(key)
        elif text != kept[word]:
            twice.setdefault(word, []).append(text)
    return [values.get(name) for name in FEEDBACK_EVENT.names], extra | ({"repeated": twice} if twice else {})


@lru_cache(1_000)
def _names(keys: tuple[str, ...]) -> dict[str, str | None]:
    """Return the column that each key of an event means; of several for one column, the first of the contract."""
    return dict(zip(keys, FEEDBACK_EVENT.resolve(keys), strict=True))


def _text(value: object) -> str | None:
    """Return a value as raw keeps it: text as it is, everything else as JSON writes it."""
    while isinstance(value, Pairs) and len(value) == 1 and value[0][0] in TYPES_OF_MONGODB:
        ((_, value),) = value
    return value if value is None or isinstance(value, str) else to_json(value)


def to_json(value: object) -> str:
    """Return what `parse` read as JSON again."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, Pairs):
        return "{" + ", ".join(f"{json.dumps(key, ensure_ascii=False)}: {to_json(part)}" for key, part in value) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(to_json, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
