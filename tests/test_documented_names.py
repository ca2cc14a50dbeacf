"""Every link of the documents leads somewhere, and every table, setting, file and identifier that they name exists."""

import re

import pytest

from movierec.config import ROOT

from .interface import settings, words_of_the_program
from .markdown import Document, documents

DOCUMENTS = {document.name: document for document in documents()}
CHANGELOG = Document.read(ROOT / "CHANGELOG.md")  # names what is no more, too: only its links are followed
SCHEMAS = ("raw", "staging", "quarantine", "core", "past", "ops", "ml", "serving")
SETTING = re.compile(r"\bMOVIEREC_[A-Z_]+\b")
ELSEWHERE = (
    *("MOVIEREC_ADMIN_PASSWORD", "MOVIEREC_EXECUTOR", "MOVIEREC_WORKER_CONCURRENCY", "MOVIEREC_SOURCES"),
    *("MOVIEREC_GROUPLENS", "MOVIEREC_WEB_DATABASE"),
)
by_document = pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)


@by_document
def test_every_table_view_and_function_exists(conn, document):
    relations = {f"{schema}.{name}" for schema, name in conn.execute(RELATIONS, [list(SCHEMAS)] * 2).fetchall()}
    named = rf"(?<![\w./])((?:{'|'.join(SCHEMAS)})\.(?!py\b|sql\b)[a-z_]+)"
    found = {name for span in document.spans for name in re.findall(named, span)}
    assert found - relations == set()


RELATIONS = """
    select table_schema, table_name from information_schema.tables where table_schema = any(%s)
    union
    select routine_schema, routine_name from information_schema.routines where routine_schema = any(%s)
"""


@pytest.mark.parametrize("document", [*DOCUMENTS.values(), CHANGELOG], ids=lambda document: document.name)
def test_links_lead_somewhere(document):
    for link in document.links:
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (ROOT / document.name).parent / path if path else ROOT / document.name
        assert target.exists(), link
        assert not anchor or anchor in Document.read(target.resolve()).anchors, link


@by_document
def test_every_setting_exists(document):
    assert set(SETTING.findall(document.text)) - settings() - set(ELSEWHERE) == set()


def test_settings_of_special_cases_are_read_somewhere():
    read = "".join((ROOT / name).read_text() for name in ("docker-compose.yaml", "include/movierec/local/editions.py"))
    assert [name for name in ELSEWHERE if name not in read] == []


@by_document
def test_every_file_that_is_named_exists(document):
    roots = "|".join(("dags", "docs", "great_expectations", "include", "plugins", "tests", r"docker-compose\.yaml"))
    for span in document.spans:
        if re.match(rf"({roots})(/|$)", span):
            assert list(ROOT.glob(re.sub(r"<\w+>", "*", span.rstrip("/")))), span


@by_document
def test_every_identifier_is_one_of_the_program(document):
    # `like_this`: names of columns, tasks, rankers, suites, form fields, functions
    found = {span for span in document.spans if re.fullmatch(r"[a-z]+(_[a-z0-9]+)+", span)}
    assert found - words_of_the_program() == set()
