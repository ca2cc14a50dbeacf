"""What only the whole of a text file can tell: how it is escaped and encoded, and its checksum, in one pass."""

import hashlib
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from movierec.errors import SourceError
from movierec.sources.text.delimited import Checksum
from movierec.sources.text.encoding import AsUtf8, Readable, WesternEvidence, decode
from movierec.sources.text.file import File
from movierec.sources.text.lines import line_blocks
from movierec.sources.text.quoting import Evidence, weigh


@dataclass(frozen=True)
class Survey:
    """What a text file is like.

    Attributes:
        backslashes: what its backslashes speak for.
        is_western: it is windows-1252.
        is_foreign: it is of an encoding that is not read.
        checksum: its version and its checksum; None where it is damaged, which whoever reads its rows reports.
    """

    backslashes: Evidence
    is_western: bool
    is_foreign: bool
    checksum: Checksum | None


class _Digested:
    """Bytes whose checksum is taken while they are read."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self.digest = hashlib.sha256()

    def read(self, size: int, /) -> bytes:
        data = self._stream.read(size)
        self.digest.update(data)
        return data


def survey(file: File, delimiter: str, width: int, is_quoted: bool) -> Survey:
    """Read a text file to its end, or to where it is damaged.

    Args:
        file: text as it is stored, packed or not, that is not made here of another form.
        delimiter: of its fields.
        width: how many fields a row has.
        is_quoted: fields may be in double quotes.
    """
    version = file.version()
    western = WesternEvidence()
    evidence = Evidence()
    try:
        with file.open() as stream:
            digested = _Digested(stream)
            lines = _lines_around(b"\\", line_blocks(file.where, AsUtf8(digested)), western)
            evidence = weigh(lines, delimiter, width, is_quoted)
            deque(lines, maxlen=0)  # what need not be weighed is looked at, too
    except SourceError:
        return Survey(evidence, western.is_windows_1252, western.is_foreign, None)
    return Survey(evidence, western.is_windows_1252, western.is_foreign, (version, digested.digest.hexdigest()))


def is_windows_1252(file: File) -> bool:
    """Tell whether a text file, as far as it can be read, is windows-1252."""
    western = WesternEvidence()
    try:
        with file.open() as stream:
            for block in line_blocks(file.where, AsUtf8(stream)):
                western.add(block)
    except SourceError:
        pass
    return western.is_windows_1252


def _lines_around(sign: bytes, blocks: Iterator[bytes], western: WesternEvidence) -> Iterator[str]:
    """Yield the lines that hold a sign, and the line behind each; `western` gets to see all lines."""
    is_behind = False
    for block in blocks:
        western.add(block)
        for line in block.split(b"\n")[:-1] if is_behind or sign in block else ():
            has_sign = sign in line
            if has_sign or is_behind:
                yield decode(line.removesuffix(b"\r"), is_western=True)[0]
            is_behind = has_sign
