import numpy as np
import pandas as pd
import pytest

from movierec.data.dataset import Dataset, empty
from movierec.features.profiles import AGE_BOUNDS, MAX_GENDERS, group_names, groups, is_known, most_frequent, of_users


@pytest.fixture
def users() -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "user_id": [1, 2, 3, 4, 5, 6],
            "age": pd.array([27, 27, 56, 12, pd.NA, pd.NA], dtype="Int64"),
            "gender": ["F", "M", None, "F", "M", None],
            "occupation": ["artist", "writer", "artist", None, None, None],
            "postcode": ["85711", "94043", "T8H1N", None, None, None],
        }
    )
    return Dataset.of({"users": frame}).users


def test_users_are_described_by_age_gender_occupation_and_region(users: pd.DataFrame) -> None:
    features = of_users(users, np.array([3, 1, 99]))
    assert {name: values.dtype for name, values in features.items()} == dict.fromkeys(features, np.dtype(np.float32))
    np.testing.assert_array_equal(features["age"], [56, 27, np.nan])
    np.testing.assert_array_equal(features["gender"], [np.nan, 0, np.nan])
    np.testing.assert_array_equal(features["occupation"], [0, 0, np.nan])
    np.testing.assert_array_equal(features["region"], [2, 0, np.nan])


def test_a_value_has_one_number_whoever_is_asked_about(users: pd.DataFrame) -> None:
    everybody, some = of_users(users, np.arange(1, 7)), of_users(users, np.array([2]))
    assert {name: values[1] for name, values in everybody.items()} == {name: values[0] for name, values in some.items()}


def test_what_is_known_of_nobody_is_left_out(users: pd.DataFrame) -> None:
    bare = users.assign(postcode=pd.Series(dtype="str"), age=pd.array([pd.NA] * 6, dtype="Int64"))
    assert list(of_users(bare, np.arange(1, 7))) == ["gender", "occupation"]
    assert of_users(empty("users"), np.arange(1, 7)) == {}


def test_a_group_has_a_name_for_the_viewer(users: pd.DataFrame) -> None:
    assert group_names(users, np.array([1, 2, 3, 4, 5, 6, 99])) == [
        "women aged 25–34",
        "men aged 25–34",
        "viewers aged 56 and over",
        "girls under 18",
        "men",
        "",
        "",
    ]


def test_who_said_neither_age_nor_gender_is_in_the_unknown_group(users: pd.DataFrame) -> None:
    found = groups(users, np.array([1, 2, 6, 99]))
    assert found[2] == found[3] == 0
    assert len(set(found[:2])) == 2
    assert is_known(users).tolist() == [True] * 5 + [False]


def test_free_text_for_a_gender_makes_no_more_groups_than_the_most_frequent_ones() -> None:
    genders = [f"text {i:04}" for i in range(1000)] + ["F"] * 3
    frame = pd.DataFrame({"user_id": range(1003), "age": 30, "gender": genders, "occupation": None})
    users = Dataset.of({"users": frame}).users
    found = groups(users, np.arange(1003))
    assert found.max() < (MAX_GENDERS + 1) * (len(AGE_BOUNDS) + 2)
    assert len(np.unique(found)) == MAX_GENDERS + 1
    # The rare ones are with those who said their age alone.
    silent = users.assign(gender=users["gender"].where(users["user_id"] != 999))
    assert found[999] == groups(silent, np.array([999]))[0] != found[1000]


def test_the_most_frequent_values_come_in_alphabetical_order() -> None:
    assert most_frequent(pd.Series(["b", "c", "c", "a", None, "d", "d"]), 3) == ["a", "c", "d"]
