"""One table of column names serves the sources and the files of `evaluate`."""

from pathlib import Path

import pytest

from movierec.comparison.delimited import read_layout
from movierec.comparison.facts_files import MOVIE_COLUMNS, USER_COLUMNS
from movierec.data.aliases import SYNONYMS, aliases_of, is_name_of, normalise_name
from movierec.sources.table_contracts import CREDITS, MOVIES, RATINGS, USER_PROFILE

OF_EVALUATE = ("user_id", "movie_id", "rating", "weight", "timestamp", *MOVIE_COLUMNS, *USER_COLUMNS)


def test_no_word_has_two_meanings() -> None:
    words = [word for row in SYNONYMS for word in dict.fromkeys(map(normalise_name, row))]
    assert len(set(words)) == len(words)


@pytest.mark.parametrize("name", ["user_id", "userId", "User ID", "user_id:token", " viewer-id ", "UID"])
def test_case_and_signs_make_no_difference(name: str) -> None:
    assert is_name_of("user_id", name)


def test_a_column_without_synonyms_has_only_its_own_name() -> None:
    assert aliases_of("age") == ()
    assert is_name_of("age", "Age")
    assert not is_name_of("age", "sex")


@pytest.mark.parametrize("row", SYNONYMS, ids=lambda row: row[0])
def test_evaluate_knows_every_synonym(row: tuple[str, ...], tmp_path: Path) -> None:
    (column,) = [name for name in OF_EVALUATE if name in row]
    for word in row:
        path = tmp_path / "file.csv"
        path.write_text(f"{word},other\n1,2\n", encoding="utf-8")
        assert read_layout(path, (column,), (column,)).words == {column: word}


@pytest.mark.parametrize("row", SYNONYMS, ids=lambda row: row[0])
def test_the_sources_know_every_synonym(row: tuple[str, ...]) -> None:
    for contract in (RATINGS, MOVIES, USER_PROFILE, CREDITS):
        for column in set(row) & set(contract.names):
            assert [contract.resolve([word]) for word in row] == [[column]] * len(row)
