"""Output that nobody reads any more, as behind `make status | head -3`: it is lost, and what writes it goes on.

A command that ended there would leave half done what it had begun, such as a start or a restore, with a message about a
pipe and a status that says nothing of its work. Standard library alone, under any Python: set-up prints as well.
"""

from __future__ import annotations

import io
import os
import stat
import subprocess
import sys
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from collections.abc import Sequence

BLOCK_BYTES = 65_536


class _OutlivingFile(io.FileIO):
    """A pipe that swallows what is written once its reader has gone."""

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())  # for programs that are started later, too
            os.close(nowhere)
            return super().write(data)


def outlive_readers() -> None:
    """Let this process go on where whoever reads its output has gone; called once, at the start of a program."""
    sys.stdout, sys.stderr = _outliving(sys.stdout), _outliving(sys.stderr)


def call(command: Sequence[str], **options: Any) -> int:
    """Run a program whose output goes where ours goes, and return its status; it outlives readers as we do.

    Args:
        command: the program and its arguments.
        options: further ones of `subprocess.Popen`.
    """
    if sys.stdout.isatty():
        return subprocess.call(command, **options)
    sys.stdout.flush()
    with subprocess.Popen(command, stdout=subprocess.PIPE, **options) as process:
        while process.stdout and (block := os.read(process.stdout.fileno(), BLOCK_BYTES)):
            sys.stdout.buffer.write(block)
            sys.stdout.buffer.flush()
        return process.wait()


def _outliving(stream: TextIO) -> TextIO:
    if not _is_pipe(stream):
        return stream
    return io.TextIOWrapper(
        io.BufferedWriter(_OutlivingFile(stream.fileno(), "w", closefd=False)),
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=bool(stream.line_buffering or getattr(stream, "write_through", False)),
    )


def _is_pipe(stream: TextIO | None) -> bool:
    try:
        mode = os.fstat(stream.fileno()).st_mode if stream else 0
    except (OSError, ValueError):  # none of the system's, or closed
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)
