"""Ids that are text get numbers; the same in all files, and back again where people read them."""

import numpy as np
import pandas as pd


def number(
    rows: dict[str, pd.DataFrame], about: dict[str, pd.DataFrame], key: str, notes: list[str]
) -> pd.Index | None:
    """Give text ids numbers in alphabetical order, the same in all tables; whole numbers stay as they are."""
    frames = [frame for table in (rows, about) for frame in table.values() if key in frame]
    if all(frame[key].dtype == np.int64 for frame in frames):
        return None
    texts = [frame[key].astype(str) for frame in frames]
    names: pd.Index = pd.Index(np.unique(np.concatenate([column.unique() for column in texts])))
    for table in (rows, about):
        for name, frame in table.items():
            if key in frame:
                table[name] = frame.assign(
                    **{key: names.get_indexer(pd.Index(frame[key].astype(str))).astype(np.int64)}
                )
    # Digits that are too many for a number are text, too.
    example = next((text for text in names if not text.isdecimal()), max(names, key=len))
    kind = "numbers that are too long, such as" if example.isdecimal() else "text such as"
    notes.append(f"{key} holds {kind} '{example}': every {key} is taken as a name and numbered")
    return names
