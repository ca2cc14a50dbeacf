"""What the OpenAPI document promises holds, for requests that nobody thought of."""

import json

import jsonschema
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.specs.openapi.checks import ignored_auth

from .conftest import WRITER

HEADERS = {"authorization": f"Bearer {WRITER}"}
QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much]


@pytest.fixture
def document(site):
    return schemathesis.openapi.from_url(f"{site.url}/api/v1/openapi.json")


def check(document, examples):
    for operation in document.get_all_operations():
        run(operation.ok(), examples)


def run(operation, examples):
    @given(case=operation.as_strategy())
    @settings(max_examples=examples, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=QUIET)
    def send(case):
        case.call_and_validate(headers=HEADERS, excluded_checks=[ignored_auth])  # test_api asks without a key

    send()


def test_made_up_requests_are_answered_as_described(document):
    check(document, 6)


@pytest.mark.slow
def test_many_made_up_requests_are_answered_as_described(document):
    check(document, 300)


def examples(part):
    """Return every schema that is described somewhere in a part of the document, with each of its examples."""
    if isinstance(part, dict):
        found = [(part, example) for example in part.get("examples", ()) if {"type", "anyOf", "enum"} & set(part)]
        return found + [pair for each in part.values() for pair in examples(each)]
    return [pair for each in part for pair in examples(each)] if isinstance(part, list) else []


def test_every_example_is_as_the_description_says(document):
    found = examples(document.raw_schema)
    assert len(found) > 40
    for schema, example in found:
        jsonschema.validate(example, {**schema, "components": document.raw_schema["components"]})


def test_every_operation_has_an_example_and_its_problems(document):
    paths = document.raw_schema["paths"]
    assert len(paths) >= 10
    for path, operations in paths.items():
        for operation in operations.values():
            assert "503" in operation["responses"], path
            assert operation["responses"]["200"]["content"]["application/json"]["schema"]
            if path.startswith("/api/v1/") and path not in ("/api/v1/health", "/api/v1/version"):
                assert operation["security"] == [{"API key": []}], path
    assert json.dumps(document.raw_schema).count('"examples"') > 40
