"""Texts of a column, counted in COPY lines on their way into the database."""

from movierec.ingestion.text_counts import MAX_TEXTS, TextCounts

COLUMNS = ("user_id", "rating", "rated_at")


def counts_of(*lines: str, column: str = "rating", columns: tuple[str, ...] = COLUMNS) -> dict[str, int] | None:
    """Count the texts of lines, each in a chunk of its own and all in one."""
    apart, together = TextCounts(column), TextCounts(column)
    for line in lines:
        apart.add(f"{line}\n".encode(), columns)
    together.add("".join(f"{line}\n" for line in lines).encode(), columns)
    assert apart.texts() == together.texts()
    return together.texts()


def test_every_text_is_counted_whatever_its_length():
    assert counts_of(
        "1\t4.5\t9", "2\t4.5\t9", "3\t\t9", "4\t12345678\t9", "5\t4,500000001\t9", "6\t4,500000001\t9"
    ) == {
        "4.5": 2,
        "": 1,
        "12345678": 1,
        "4,500000001": 2,
    }


def test_the_first_and_the_last_column_are_counted():
    lines = ("7\t4\t900", "7\t4\t9000000000", "11\t4\té")
    assert counts_of(*lines, column="user_id") == {"7": 2, "11": 1}
    assert counts_of(*lines, column="rated_at") == {"900": 1, "9000000000": 1, "é": 1}


def test_null_and_what_is_escaped_are_no_texts():
    assert counts_of("1\t\\N\t9", "2\t4\\\\5\t9", "3\t\\t\t9", "4\t3\t9") == {"3": 1}


def test_too_many_texts_and_deletions_are_left_to_the_database():
    assert counts_of(*(f"1\t{number}\t9" for number in range(MAX_TEXTS + 1))) is None
    assert counts_of("1\t4\tf", columns=("user_id", "rating", "is_deleted")) is None
    assert counts_of("1\t4", columns=("user_id", "rated_at")) is None
