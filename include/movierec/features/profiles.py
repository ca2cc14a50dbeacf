"""Users by what they said of themselves, not by what they rated."""

import numpy as np
import pandas as pd

from movierec.columns import USER
from movierec.features.types import Ints

AGE_BOUNDS = (18, 25, 35, 45, 56)
UNKNOWN_GROUP = 0


def groups(users: pd.DataFrame, user_ids: Ints) -> Ints:
    """Number the group of age and gender of each user; who said neither, or is unknown, is in `UNKNOWN_GROUP`."""
    known = users.set_index(USER).reindex(user_ids)
    age = known["age"].to_numpy(np.float64, na_value=-1)
    band = np.where(age < 0, 0, 1 + np.digitize(age, AGE_BOUNDS))
    # Numbered over everybody, so that a group has one number whoever is asked about.
    names = np.sort(users["gender"].dropna().unique())
    gender = 1 + pd.Index(names).get_indexer(known["gender"])
    return np.asarray(gender * (len(AGE_BOUNDS) + 2) + band, np.int64)
