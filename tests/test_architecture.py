"""ARCHITECTURE.md names every room of the house, and only rooms that there are."""

import re
import tomllib
from pathlib import Path

from movierec.config import ROOT

from .markdown import Document

PAGE = Document.read(ROOT / "ARCHITECTURE.md")
PACKAGE = ROOT / "include" / "movierec"
OTHERS = ("dags/", "plugins/", "great_expectations/", "tests/", "docs/")


def test_every_folder_of_the_package_is_named():
    assert folders(PACKAGE, "*.py", "movierec") - set(PAGE.spans) == set()


def test_every_folder_of_sql_is_named():
    assert folders(ROOT / "include" / "sql", "*.sql", "include/sql") - set(PAGE.spans) == set()


def test_every_other_room_is_named():
    assert set(OTHERS) - set(PAGE.spans) == set()


def test_every_room_and_file_that_is_named_exists():
    assert absent(PAGE) == []


def test_a_room_that_is_gone_would_be_noticed():
    page = Document("ARCHITECTURE.md", "`movierec/attic/`, `include/sql/cellar/`, `dags/` and `movierec/cli.py`")
    assert absent(page) == ["movierec/attic/", "include/sql/cellar/"]


def test_every_module_at_the_root_is_named():
    row = next(row for row in PAGE.table("room") if row[0] == "`movierec/`")
    modules = {path.stem for path in PACKAGE.glob("*.py") if not path.stem.startswith("__")}
    assert modules == set(re.findall(r"`(\w+)`", row[1]))


def test_rooms_stand_in_the_order_of_their_layers():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    (layers,) = [contract["layers"] for contract in contracts if contract["type"] == "layers"]
    height = {room: floor for floor, layer in enumerate(reversed(layers)) for room in layer.split(" | ")}
    shown = [row[0].split("/")[1] for row in PAGE.table("room") if re.fullmatch(r"`movierec/\w+/`", row[0])]
    assert [height[room] for room in shown] == sorted(height[room] for room in shown)


def folders(root: Path, pattern: str, name: str) -> set[str]:
    """Return the folders below `root` that hold such files, each as the page writes it."""
    found = {path.parent.relative_to(root).as_posix() for path in root.rglob(pattern)}
    return {f"{name}/{folder}/" for folder in found - {"."}}


def absent(page: Document) -> list[str]:
    """Return the paths that a page names and that do not exist."""
    paths = [span for span in page.spans if re.fullmatch(r"[\w.-]+(/[\w.-]+)*/?", span) and "/" in span]
    return [path for path in paths if not any((base / path).exists() for base in (ROOT, ROOT / "include"))]
