from movierec import text_table


def test_columns_are_aligned_and_numbers_stand_to_the_right():
    rows = [{"source": "movielens", "rows": 7}, {"source": "app", "rows": 12345}]
    assert text_table.table(rows) == "source      rows\nmovielens      7\napp        12345"


def test_a_long_value_is_cut():
    assert text_table.table([{"title": "x" * 99}], widest=5).splitlines() == ["title", "xxxx…"]


def test_a_value_stays_on_its_line_whatever_it_holds():
    assert text_table.cell("a\nb\tc\x1b[31m\u202e") == "a\\nb\\tc\\x1b[31m\\u202e"


def test_lists_and_records_are_spelt_out():
    assert text_table.cell(["rating", "user_id"]) == "rating, user_id"
    assert text_table.cell({"rating": "9", "user_id": "11"}) == "rating=9 user_id=11"


def test_a_column_without_any_value_is_left_out():
    assert text_table.table([{"a": 1, "edited": None}]) == "a\n1"


def test_no_rows_are_said_to_be_none():
    assert text_table.table([]) == "(nothing)"
    assert text_table.row_counts({}) == "no rows"


def test_counts_are_words():
    assert text_table.row_counts({"ratings": 1, "movies": 1200}) == "1 row of ratings, 1,200 rows of movies"


def test_fractions_have_four_digits_and_thousands_a_comma_where_asked_for():
    rows = [{"ranker": "ease", "ndcg": 0.25, "rows": 12345}, {"ranker": "slim", "ndcg": None, "rows": 7}]
    assert text_table.table(rows, thousands=True).splitlines() == [
        "ranker    ndcg    rows",
        "ease    0.2500  12,345",
        "slim                 7",
    ]


def test_a_table_for_a_page_has_a_line_of_rules_below_its_heads():
    assert text_table.markdown(("ranker", "NDCG@10"), [["ease", "0.19"]]) == [
        "| ranker | NDCG@10 |",
        "| --- | ---: |",
        "| ease | 0.19 |",
    ]
