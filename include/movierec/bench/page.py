"""`docs/benchmarks.md`, one section for each benchmark; writing one leaves the others as they are."""

from collections.abc import Sequence
from pathlib import Path

from movierec.config import ROOT

PAGE = ROOT / "docs" / "benchmarks.md"


def write_section(path: Path, heading: str, lines: Sequence[str]) -> None:
    """Put the lines below a heading of the second level in place of what is there; a new section goes to the end."""
    text = path.read_text(encoding="utf-8") if path.exists() else "# Benchmarks\n"
    before, has_section, rest = text.partition(f"{heading}\n")
    after = rest[rest.index("\n## ") + 1 :] if has_section and "\n## " in rest else ""
    section = "\n".join([heading, "", *lines, ""])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{before.rstrip()}\n\n{section}{chr(10) + after if after else ''}", encoding="utf-8")


def read_section(path: Path, heading: str) -> list[str]:
    """Return the lines below a heading of the second level, none where there is no such section."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    return text.partition(f"{heading}\n")[2].partition("\n## ")[0].splitlines()
