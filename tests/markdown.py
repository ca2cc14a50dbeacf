"""Documents as the tests read them: their code, tables, links and headings, and the `make` commands that they show."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from movierec.commands.options import EXAMPLES
from movierec.config import ROOT

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_CELL = re.compile(r"(?<!\\)\|")
_ASSIGNMENT = re.compile(r"([A-Z_]+)=(.*)", re.DOTALL)


@dataclass(frozen=True)
class Document:
    """A Markdown file, or a section of one: its path from the root of the repository, and its text."""

    name: str
    text: str

    @classmethod
    def read(cls, path: Path) -> "Document":
        """Read a file."""
        return cls(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))

    @cached_property
    def prose(self) -> str:
        """The text without its blocks of code."""
        return _FENCE.sub("", self.text)

    def blocks(self, *languages: str) -> list[str]:
        """Return the fenced blocks in these languages."""
        return [body for language, body in _FENCE.findall(self.text) if language in languages]

    @property
    def spans(self) -> list[str]:
        """The code inside lines."""
        return [span.replace("\\|", "|") for span in _SPAN.findall(self.prose)]

    @property
    def links(self) -> list[str]:
        """The targets of links and pictures."""
        return _LINK.findall(self.prose)

    @property
    def anchors(self) -> set[str]:
        """What a link may name after `#`, formed from the headings as GitHub does."""
        headings = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in _HEADING.findall(self.prose))
        return {heading.replace(" ", "-") for heading in headings}

    def table(self, *heads: str) -> list[list[str]]:
        """Return the rows of the tables whose heads begin with these words."""
        rows: list[list[str]] = []
        for block in re.split(r"\n\s*\n", self.prose):
            lines = [_cells(line) for line in block.splitlines() if line.startswith("|")]
            if lines and lines[0][: len(heads)] == list(heads):
                rows += lines[2:]
        return rows

    def section(self, heading: str) -> "Document":
        """Return what stands under a heading, up to the next one of any level."""
        _, found, rest = self.text.partition(f"# {heading}\n")
        assert found, f"{self.name} has no heading '{heading}'"
        return Document(self.name, rest.partition("\n#")[0])


@dataclass(frozen=True)
class Command:
    """A `make` command and where it stands."""

    where: str
    target: str
    variables: dict[str, str]

    @classmethod
    def parse(cls, where: str, line: str) -> "Command":
        """Read a line as the shell and make would."""
        words = shlex.split(line, comments=True)
        assert words.pop(0) == "make", line
        assigned = [(word, _ASSIGNMENT.fullmatch(word)) for word in words]
        targets = [word for word, match in assigned if not match]
        assert len(targets) == 1, f"{where}: '{line}' names {len(targets)} targets"
        return cls(where, targets[0], {match[1]: match[2] for _, match in assigned if match})


def documents() -> list[Document]:
    """Return the documents that say how things are."""
    names = ("README.md", "ARCHITECTURE.md")
    return [Document.read(path) for path in (*(ROOT / name for name in names), *sorted(ROOT.glob("docs/*.md")))]


def names_in(cell: str) -> list[str]:
    """Return the code in a cell."""
    return _SPAN.findall(cell)


def shown_commands() -> Iterator[Command]:
    """Find every `make` command in documents, and in the texts of the program: its help, manuals and messages."""
    for document in documents():
        lines = [line for block in document.blocks("sh", "") for line in block.splitlines()]
        for line in [*lines, *document.spans]:
            if line.startswith("make "):
                yield Command.parse(document.name, line)
    paths = (ROOT / name for name in ("Makefile", ".env.example", "docker-compose.yaml"))
    for path in [
        *paths,
        *(path for folder in ("include", "dags", "plugins") for path in (ROOT / folder).rglob("*.py")),
    ]:
        yield from commands_in(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))
    for command, examples in EXAMPLES.items():
        for words in (shlex.split(example)[2:] for example in examples):
            variables = {"Q": words[0]} if command == "sql" else {"ARGS": shlex.join(words)}
            yield Command(f"movierec {command} --help", command, variables)


def commands_in(where: str, text: str) -> Iterator[Command]:
    """Find commands with arguments, such as `make check ARGS="raw", …"core"`, and targets between backticks."""
    for target, variable, first, more in re.findall(r'make ([a-z-]+) (ARGS|Q)="([^"]+)"((?:, …"[^"]+")*)', text):
        for value in [first, *re.findall(r'"([^"]+)"', more)]:
            yield Command(where, target, {variable: " ".join(value.split())})
    for target in re.findall(r"`make ([a-z-]+)`", text):
        yield Command(where, target, {})


def _cells(line: str) -> list[str]:
    return [cell.strip().replace("\\|", "|") for cell in _CELL.split(line.strip())[1:-1]]
