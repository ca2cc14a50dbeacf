"""Ids that are text get numbers: the same in all files, and the text again where people read them."""

import numpy as np
import pandas as pd


def number_text_ids(
    ratings: dict[str, pd.DataFrame], facts: dict[str, pd.DataFrame], key: str, notes: list[str]
) -> pd.Index | None:
    """Replace the text ids of a column by their positions in alphabetical order, in all tables of both dictionaries.

    Returns:
        The texts, by number; None where all ids are whole numbers, which stay as they are.
    """
    frames = [frame for tables in (ratings, facts) for frame in tables.values() if key in frame]
    if all(frame[key].dtype == np.int64 for frame in frames):
        return None
    texts = [frame[key].astype(str) for frame in frames]
    names: pd.Index = pd.Index(np.unique(np.concatenate([column.unique() for column in texts])))
    for tables in (ratings, facts):
        for table, frame in tables.items():
            if key in frame:
                numbers = names.get_indexer(pd.Index(frame[key].astype(str))).astype(np.int64)
                tables[table] = frame.assign(**{key: numbers})
    # Digits that are too many for a number are text, too.
    example = next((text for text in names if not text.isdecimal()), max(names, key=len))
    kind = "numbers that are too long, such as" if example.isdecimal() else "text such as"
    notes.append(f"{key} holds {kind} '{example}': every {key} is taken as a name and numbered")
    return names
