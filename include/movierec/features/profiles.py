"""Features of users from their profiles, not from what they rated."""

import numpy as np
import pandas as pd

from movierec.data.arrays import Floats, Ints
from movierec.data.columns import USER

AGE_BOUNDS = (18, 25, 35, 45, 56)
UNKNOWN_GROUP = 0
MAX_GENDERS = 8  # it may be free text, and every group takes memory for the whole catalogue


def groups(users: pd.DataFrame, user_ids: Ints) -> Ints:
    """Number the group of age and gender of each user; users with neither or without a profile are in `UNKNOWN_GROUP`.

    Genders beyond the `MAX_GENDERS` most frequent ones count as unknown.
    """
    known = users.set_index(USER).reindex(user_ids)
    age = known["age"].to_numpy(np.float64, na_value=-1)
    band = np.where(age < 0, 0, 1 + np.digitize(age, AGE_BOUNDS))
    # Numbered over everybody, so that a group has one number whichever users are passed.
    names = most_frequent(users["gender"], MAX_GENDERS)
    gender = 1 + pd.Index(names).get_indexer(pd.Index(known["gender"]))
    return np.asarray(gender * (len(AGE_BOUNDS) + 2) + band, np.int64)


def most_frequent(values: "pd.Series[str]", max_values: int) -> list[str]:
    """Return the most frequent values in alphabetical order; of equally frequent ones the first in the alphabet."""
    counts = values.value_counts().sort_index()
    return sorted(counts.sort_values(ascending=False, kind="stable").index[:max_values])


def group_names(users: pd.DataFrame, user_ids: Ints) -> list[str]:
    """Return the name of each user's group of age and gender, such as "women aged 25–34"; empty without either."""
    known = users.set_index(USER).reindex(user_ids)
    ages = known["age"].to_numpy(np.float64, na_value=-1)
    genders = known["gender"].astype(object).where(known["gender"].notna(), None)
    return [_group_name(age, gender) for age, gender in zip(ages, genders, strict=True)]


def is_known(users: pd.DataFrame) -> "pd.Series[bool]":
    """Tell which users' age or gender is known."""
    return users["age"].notna() | users["gender"].notna()


def of_users(users: pd.DataFrame, user_ids: Ints) -> dict[str, Floats]:
    """Describe users by age, gender, occupation and region, the first character of the postcode.

    Returns:
        float32 of the length of `user_ids`, NaN where unknown; all but the age are numbers of their values in
        alphabetical order. What is known of nobody is left out.
    """
    known = users.set_index(USER).reindex(user_ids)
    features = {"age": known["age"].to_numpy(np.float32, na_value=np.nan)}
    texts = {"gender": users["gender"], "occupation": users["occupation"], "region": users["postcode"].str[:1]}
    for name, values in texts.items():
        # Numbered over everybody, so that a value has one number whichever users are passed.
        names = np.sort(values.dropna().unique())
        by_user = values.set_axis(users[USER]).reindex(user_ids)
        codes = pd.Index(names).get_indexer(pd.Index(by_user)).astype(np.float32)
        features[name] = np.where(codes < 0, np.float32(np.nan), codes)
    return {name: values for name, values in features.items() if np.isfinite(values).any()}


def _group_name(age: float, gender: str | None) -> str:
    is_child = 0 <= age < AGE_BOUNDS[0]
    nouns = {"F": "girls", "M": "boys"} if is_child else {"F": "women", "M": "men"}
    noun = nouns.get(gender or "", "viewers")
    if age < 0:
        return noun if gender in nouns else ""
    band = int(np.digitize(age, AGE_BOUNDS))
    if is_child:
        return f"{noun} under {AGE_BOUNDS[0]}"
    if band == len(AGE_BOUNDS):
        return f"{noun} aged {AGE_BOUNDS[-1]} and over"
    return f"{noun} aged {AGE_BOUNDS[band - 1]}–{AGE_BOUNDS[band] - 1}"
