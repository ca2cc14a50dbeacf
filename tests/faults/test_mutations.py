"""Rows spoilt at random against a key: what has to be caught is caught, by the right rule, and nothing else."""

from dataclasses import asdict

import pytest

from tests.faults.datasets import LAYOUTS, TABLES, Rows, clean, dice_of
from tests.faults.mutations import MUTATIONS, spoil
from tests.night import ingest, staged

NAMES = {"users": "user_profile"}
QUARANTINED = "select table_name, position, broken_rules from quarantine.row"
UNRECONCILED = (
    "select table_name, raw_rows from ops.slice where raw_rows <> staging_rows + quarantine_rows or staged_at is null"
)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("seed", "share"), [(1, 0.02), (2, 0.1), (3, 0.4)])
def test_quarantine_holds_what_the_key_says_and_nothing_else(conn, app, tmp_path, layout, seed, share):
    tables = {table: rows for table, rows in asdict(clean(seed)).items() if table in TABLES[layout]}
    key = spoil(dice_of(f"{layout} {seed}"), tables, layout, share)
    staged(conn, app, LAYOUTS[layout](tmp_path, Rows(**tables)), sources=["movielens"])
    expected = {(NAMES.get(table, table), place): rules for (table, place), rules in key.broken.items()}
    done = {(NAMES.get(table, table), place): mutation.name for (table, place), mutation in key.done.items()}
    found = {(table, place): set(rules) for table, place, rules in conn.execute(QUARANTINED)}
    wrong = {
        place: (done.get(place), expected.get(place), found.get(place)) for place in expected.keys() | found.keys()
    }
    assert {place: what for place, what in wrong.items() if what[1] != what[2]} == {}
    assert conn.execute(UNRECONCILED).fetchall() == []


@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_is_written_otherwise_means_the_same(conn, app, tmp_path, layout):
    rows = clean(4)
    ingest(conn, app, LAYOUTS[layout](tmp_path / "clean", rows), "clean", sources=["movielens"])
    plain = conn.execute("select * from core.ratings order by user_id, movie_id").fetchall()
    tables = {table: lines for table, lines in asdict(rows).items() if table in TABLES[layout]}
    others = [mutation for mutation in MUTATIONS if not mutation.broken and mutation.name not in ("orphan", "no year")]
    spoil(dice_of(layout), tables, layout, 0.5, others)
    ingest(conn, app, LAYOUTS[layout](tmp_path / "other", Rows(**tables)), "other", sources=["movielens"])
    assert conn.execute("select * from core.ratings order by user_id, movie_id").fetchall() == plain
    assert conn.execute("select count(*) from quarantine.row").fetchone() == (0,)
    assert conn.execute("select count(*) from core.movies where release_year <> 1950 + movie_id % 60").fetchone() == (
        0,
    )


def test_a_title_is_repaired_where_that_is_certain_and_kept_as_text_otherwise(conn, app, tmp_path):
    titles = {
        "AmÃ©lie": "Amélie",
        "LÃ©on: The Professional": "Léon: The Professional",
        "CitÃ© des enfants perdus, La": "La Cité des enfants perdus",
        "Donâ€™t Look Now": "Don’t Look Now",
        "AmÃƒÂ©lie": "Amélie",
        "Ð¡Ñ‚Ð°Ð»ÐºÐµÑ€": "Сталкер",
        "ã\x82·ã\x82§ã\x83«ã\x82¦": "シェルウ",
        "Am\udce9lie": "Amélie",
        "Le\u0301on": "Léon",
        "SÃO PAULO": "SÃO PAULO",
        "CAFÉ’S": "CAFÉ’S",
        "Viel Spaß…": "Viel Spaß…",
        "LE CAFÉ…": "LE CAFÉ…",
        "<b>Film</b> &amp; <script>alert(1)</script>": "<b>Film</b> &amp; <script>alert(1)</script>",
        "=HYPERLINK(A1)": "=HYPERLINK(A1)",
        "\u202eملف\u202c": "ملف",
        "Zero\u200bwidth": "Zerowidth",
    }
    movies = [(str(movie), f"{title} (1999)", "Drama") for movie, title in enumerate(titles, 1)]
    folder = LAYOUTS["csv"](tmp_path, Rows(movies=movies, ratings=[("1", "1", "5", "1000000000")]))
    ingest(conn, app, folder, sources=["movielens"])
    core = [title for (title,) in conn.execute("select title from core.movies order by movie_id")]
    assert core == list(titles.values())
    assert conn.execute("select count(*) from core.movies where release_year = 1999").fetchone() == (len(titles),)
