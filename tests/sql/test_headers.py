"""Every statement says what it is for, what its rows are, what tells them apart, what it reads and what it needs."""

import re

import pytest

from movierec.config import SQL

STATEMENTS = [path for path in sorted(SQL.glob("*/*.sql")) if path.parent.name not in ("ddl", "app")]


def header(text):
    return re.match(r"(--.*\n)*", text)[0]


@pytest.mark.parametrize("path", STATEMENTS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_header_has_its_parts_and_names_every_parameter(path):
    text = path.read_text(encoding="utf-8")
    head = header(text)
    for part in ("Purpose", "Grain( and key)?", "(Grain and )?key", "Inputs", "Parameters"):
        assert re.search(rf"\b{part}:", head, re.IGNORECASE), part
    if "one per column" not in head:
        named = set(re.findall(r"\w+", head.partition("Parameters:")[2]))
        assert set(re.findall(r"%\((\w+)\)s", text)) - named == set()
