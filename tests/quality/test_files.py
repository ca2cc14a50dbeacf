"""The project's files agree with each other, with the contracts and with the rules of the metrics."""

import json
import re

import pytest

from movierec.config import ROOT
from movierec.quality.measurement import SCHEMAS_OF_CHECKS
from movierec.quality.project import GATES
from movierec.sources.table_contracts import CONTRACTS

PROJECT = ROOT / "great_expectations"
PROJECT_FILE = PROJECT / "great_expectations.yml"
SUITES = sorted((PROJECT / "expectations").glob("*.json"))


def expectations():
    return [(path.stem, it) for path in SUITES for it in json.loads(path.read_text())["expectations"]]


def test_every_expectation_says_what_it_is_for():
    for suite, expectation in expectations():
        assert expectation["description"], suite
        assert expectation["severity"] in ("critical", "warning"), suite


@pytest.mark.parametrize("gate", GATES)
def test_every_suite_is_part_of_its_gate(gate):
    named = {
        it["name"]
        for it in json.loads((PROJECT / "checkpoints" / f"{gate}.json").read_text())["validation_definitions"]
    }
    assert named == {path.stem for path in SUITES if path.stem.startswith(f"{gate}_")}
    for suite in named:
        definition = json.loads((PROJECT / "validation_definitions" / f"{suite}.json").read_text())
        assert definition["suite"]["name"] == suite
        assert (definition["data"]["asset"]["name"].count(".") == 0) == (
            suite in ("core_movies", "core_users", "core_movie_person", "core_events")
        ), "tables of core are found by the search path"


def test_the_columns_of_raw_are_those_of_the_contracts():
    (schema,) = [it for suite, it in expectations() if suite == "raw_schema"]
    seen = set(re.findall(r"\('(\w+)', '(\w+)', '(\w+)'\)", schema["kwargs"]["unexpected_rows_query"]))
    own = [("slice_id", "integer"), ("position", "integer"), ("is_deleted", "boolean"), ("extra", "jsonb")]
    assert seen == {
        (table, *column)
        for table, contract in CONTRACTS.items()
        for column in [*own, *((name, "text") for name in contract.names)]
    }


def test_every_rule_of_a_metric_is_checked_by_an_expectation_and_every_expectation_has_a_rule(conn):
    described = {
        (measured["layer"], metric, measured["severity"])
        for _, it in expectations()
        if (measured := it["meta"].get("measured"))
        for metric in measured["metrics"]
    }
    assert described == set(conn.execute("select layer, metric, severity from ops.metric_rule"))
    for _, it in expectations():
        if measured := it["meta"].get("measured"):
            assert it["severity"] == measured["severity"]
            assert all(f"'{metric}'" in it["kwargs"]["unexpected_rows_query"] for metric in measured["metrics"])


def test_every_table_of_a_check_is_found_by_the_search_path(conn):
    assets = set(re.findall(r"^      ([\w.]+):\n        type: table", PROJECT_FILE.read_text(), flags=re.MULTILINE))
    qualified = {asset for asset in assets if "." in asset}
    assert assets - qualified == {"movies", "users", "movie_person", "events"}, "each schema of core has its own"
    schemas = ["public", "core", *SCHEMAS_OF_CHECKS]
    names = [asset.partition(".")[2] for asset in qualified]
    found = conn.execute(
        "select table_schema || '.' || table_name from information_schema.tables"
        " where table_schema = any(%s) and table_name = any(%s)",
        [schemas, names],
    )
    assert sorted(name for (name,) in found) == sorted(qualified)


def test_no_asset_names_its_schema_which_great_expectations_has_deprecated():
    assert "schema_name" not in PROJECT_FILE.read_text()


def test_the_project_holds_no_url_and_no_password():
    text = PROJECT_FILE.read_text()
    assert "connection_string: ${MOVIEREC_WAREHOUSE_URL}" in text
    assert "://" not in text
