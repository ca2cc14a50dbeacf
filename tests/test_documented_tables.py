"""The tables of the documents say what the program says: contracts, options, rankers, columns, suites, settings."""

import argparse
import re

import pytest

from movierec.bench.quality.protocols import PROTOCOLS as MEASURED
from movierec.commands import options
from movierec.comparison.facts_files import MOVIE_COLUMNS, USER_COLUMNS
from movierec.config import ROOT
from movierec.db import read_sql
from movierec.evaluation.evaluate import METRICS, TOTALS
from movierec.evaluation.protocols import PROTOCOLS
from movierec.ingestion.core import TABLES
from movierec.local import summary
from movierec.local.download import ML_100K
from movierec.local.editions import EDITIONS
from movierec.quality.project import GATES, suites_of
from movierec.rankers.names import RANKERS
from movierec.sources.registry import SOURCES
from movierec.sources.table_contracts import CONTRACTS

from .interface import dags, fields, settings, targets
from .markdown import Document, names_in

DATA, EVALUATION, SERVING, OPERATIONS, BENCHMARKS = (
    Document.read(ROOT / "docs" / f"{name}.md")
    for name in ("data", "evaluation", "serving", "operations", "benchmarks")
)
README = Document.read(ROOT / "README.md")


def test_the_readme_is_short():
    assert len(README.text.splitlines()) < 120


def test_contracts():
    shown = {
        names_in(table)[0]: (names_in(required), names_in(optional))
        for table, required, optional, _ in DATA.table("table", "required", "optional")
    }
    assert shown == {
        contract.table: tuple(
            [column.name for column in contract.columns if column.required is required] for required in (True, False)
        )
        for contract in CONTRACTS.values()
    }


def test_what_columns_are_also_called():
    for table, _, _, others in DATA.table("table", "required", "optional"):
        contract = CONTRACTS[names_in(table)[0]]
        known = {alias for column in contract.columns for alias in column.aliases}
        assert set(names_in(others)) <= known, contract.table


def test_tables_of_core():
    (core,) = [holds for layer, holds in DATA.table("layer", "what it holds") if layer == "`core`"]
    assert sorted(names_in(core)) == sorted(TABLES)


def test_sources():
    named = [name for row in DATA.table("source", "setting") for name in names_in(row[0])]
    assert named == list(SOURCES.factories)


def test_editions():
    assert set(re.findall(r"`(ml-[\w-]+)`", DATA.section("Rating files").text)) == {ML_100K, *EDITIONS}


def test_weights_of_feedback(conn):
    shown = {names_in(kind)[0]: float(weight) for kind, weight, _ in DATA.table("kind", "weight")}
    kept = conn.execute("select kind, weight from ml.feedback_weight").fetchall()
    assert shown == {kind: pytest.approx(weight) for kind, weight in kept}


def test_rankers():
    assert [names_in(row[0])[0] for row in EVALUATION.table("name", "method")] == list(RANKERS)


def test_metrics():
    assert [names_in(row[0])[0] for row in EVALUATION.table("metric", "definition")] == [*METRICS, *TOTALS]


def test_protocols():
    assert [names_in(row[0])[0] for row in EVALUATION.table("protocol", "known")] == list(PROTOCOLS)
    assert [name for row in EVALUATION.table("name", "split") for name in names_in(row[0])] == list(MEASURED)


def test_options_of_evaluate():
    parser = argparse.ArgumentParser(add_help=False)
    options.evaluate(parser)
    meanings = {names_in(option)[0]: names_in(meaning) for option, meaning in EVALUATION.table("option")}
    assert set(meanings) == {string for action in parser._actions for string in action.option_strings}
    for action in parser._actions:
        assert set(action.choices or ()) <= set(meanings[action.option_strings[0]])


def test_files_about_movies_and_users():
    meanings = {names_in(option)[0]: names_in(meaning) for option, meaning in EVALUATION.table("option")}
    assert set(MOVIE_COLUMNS) <= set(meanings["--movies"])
    assert set(USER_COLUMNS) <= set(meanings["--users"])


@pytest.mark.parametrize("view", ["live_recommendation", "live_similar_movie", "live_fallback", "freshness"])
def test_columns_of_what_is_served(conn, view):
    rows = SERVING.section(f"serving.{view}").table("column", "type")
    columns = conn.execute(
        "select column_name, data_type from information_schema.columns "
        "where table_schema = 'serving' and table_name = %s order by ordinal_position",
        [view],
    ).fetchall()
    assert [(names_in(name)[0], kind) for name, kind, _ in rows] == columns


def test_every_view_is_described(conn):
    views = conn.execute("select table_name from information_schema.views where table_schema = 'serving'").fetchall()
    assert {name for (name,) in views} == set(re.findall(r"^### serving\.(\w+)$", SERVING.text, re.MULTILINE))


def test_gates_and_suites():
    shown = {names_in(gate)[0]: sorted(names_in(suites)) for gate, _, suites in OPERATIONS.table("gate", "after")}
    assert shown == {gate: suites_of(gate) for gate in GATES}


def test_settings():
    shown = {name for row in OPERATIONS.table("setting", "default") for name in names_in(row[0])}
    assert shown == {name for name in settings() if name.startswith("MOVIEREC_")}


def test_dags():
    assert [names_in(row[0])[0] for row in OPERATIONS.table("DAG", "starts")] == [
        *("movierec_ingest", "movierec_train", "movierec_publish", "movierec_feedback", "movierec_replay"),
        "movierec_rollback",
        "movierec_watch",
        *("movierec_maintenance", "movierec_forget"),
    ]
    assert len(dags()) == len(OPERATIONS.table("DAG", "starts"))


def test_fields_of_forms():
    for dag, names, _ in OPERATIONS.table("DAG", "field"):
        assert set(names_in(names)) <= fields(names_in(dag)[0])


def test_every_command_is_listed():
    shown = {span.split()[1] for row in OPERATIONS.table("command", "does") for span in names_in(row[0])}
    assert shown | {"help"} == targets() - {"installed"}


def test_the_readmes_figures_are_those_of_the_benchmarks():
    measured = {row[0]: row[1:4] for row in BENCHMARKS.section("MovieLens 100K, per-user temporal").table("ranker")}
    rows = README.table("ranker", "NDCG@10")
    assert rows
    for ranker, ndcg, interval, recall in rows:
        figures = measured[names_in(ranker)[0]]
        expected = [round(float(value), 3) for value in (figures[0], *figures[1].split(" to "), figures[2])]
        assert [float(value) for value in (ndcg, *interval.split(" to "), recall)] == expected, ranker


@pytest.mark.parametrize(("report", "first"), [("layers", "table"), ("leaderboard", "ranker")])
def test_the_readme_shows_the_columns_that_a_night_prints(conn, report, first):
    cursor = conn.execute(
        read_sql(f"report/{report}").encode(), {"batch_id": 1, "training_id": 1, **summary.EVALUATION}
    )
    (head,) = re.findall(rf"^  ({first} .*)$", README.text, re.MULTILINE)
    assert re.split(" {2,}", head) == [column.name.replace("_", " ") for column in cursor.description]
