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


def write_block(path: Path, heading: str, kind: str, name: str, lines: Sequence[str], order: Sequence[str]) -> None:
    """Put lines between the markers of their name, below a heading of the second level; other blocks stay.

    Args:
        path: the page.
        heading: of the section.
        kind: what the section's markers begin with.
        name: of the block, one of `order`.
        lines: of the block.
        order: the names of all blocks that the section may have, in the order in which they stand there.
    """
    section = read_section(path, heading)
    blocks = {other: block for other in order if (block := _block(section, kind, other))}
    blocks[name] = [*lines]
    body: list[str] = []
    for other in order:
        if other in blocks:
            body += [_marker(kind, other), *blocks[other], _marker(kind, other, ends=True), ""]
    write_section(path, heading, body[:-1])


def _block(section: Sequence[str], kind: str, name: str) -> list[str]:
    start, end = _marker(kind, name), _marker(kind, name, ends=True)
    return [*section[section.index(start) + 1 : section.index(end)]] if start in section and end in section else []


def _marker(kind: str, name: str, ends: bool = False) -> str:
    return f"<!-- {'/' if ends else ''}{kind}: {name} -->"
