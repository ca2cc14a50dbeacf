"""What the program offers to people, as its files say it: targets of make, settings, DAGs and their forms."""

import ast
import re
from functools import cache

from movierec.config import ROOT


def targets() -> set[str]:
    """Return the targets of the Makefile."""
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def settings() -> set[str]:
    """Return the settings that the example of `.env` explains, and those of Airflow named there."""
    return set(re.findall(r"^#([A-Z_]+)=", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE))


def dags() -> list[str]:
    """Return the ids of the DAGs, which are the names of their files."""
    return sorted(path.stem for path in (ROOT / "dags").glob("*.py"))


def manual(dag: str) -> str:
    """Return the operator's manual of a DAG."""
    return ast.get_docstring(ast.parse((ROOT / "dags" / f"{dag}.py").read_text(encoding="utf-8"))) or ""


def fields(dag: str) -> set[str]:
    """Return the fields of a DAG's trigger form."""
    tree = ast.parse((ROOT / "dags" / f"{dag}.py").read_text(encoding="utf-8"))
    forms = [node.value for node in ast.walk(tree) if isinstance(node, ast.keyword) and node.arg == "params"]
    return {str(ast.literal_eval(key)) for form in forms if isinstance(form, ast.Dict) for key in form.keys if key}


@cache
def words_of_the_program() -> set[str]:
    """Return every identifier that stands in the code."""
    suffixes = (".py", ".sql", ".json", ".yml")
    folders = ("include", "dags", "plugins", "great_expectations")
    paths = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.suffix in suffixes]
    suites = {path.stem for path in paths if path.suffix == ".json"}
    return suites.union(*(re.findall(r"[a-z]+(?:_[a-z0-9]+)+", path.read_text(encoding="utf-8")) for path in paths))
