"""Bytes that ought to be UTF-8 text and sometimes are not."""

import codecs
import re
from typing import Protocol

INVALID = {"encoding": "invalid UTF-8"}
FOREIGN = {"encoding": "neither UTF-8 nor windows-1252"}  # nor is a byte of such a file certainly a letter of Latin-1
_WIDE = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_BEFORE_HEADER = re.compile(
    rb'[ \r\n]*(?:"?sep=."?\r?\n?)?[ \r\n]*', re.IGNORECASE
)  # blank lines, and how Excel names the delimiter
_START_BYTES = 1 << 18  # a value of many lines in the first rows is looked at whole
WIDE_MARKS = tuple(mark for mark, _ in _WIDE)
# In windows-1252: letters of Western languages but those of Iceland, which stand for others elsewhere; signs.
_WESTERN_LETTERS = frozenset(range(0xC0, 0x100)) - {0xD0, 0xD7, 0xDD, 0xDE, 0xF0, 0xF7, 0xFD, 0xFE}
_WESTERN_SIGNS = frozenset((0x80, 0x85, *range(0x91, 0x98), 0x99, 0xA0, 0xA1, 0xA9, 0xAB, 0xAE, 0xB0, 0xB7, 0xBB, 0xBF))
_ASCII = bytes(range(0x80))
_LETTERS = [bytes([byte]) for byte in range(0x80) if chr(byte).isalpha()]
MAX_WESTERN_SHARE = 0.35  # of the letters that are beyond ASCII; in other scripts nearly all are
MAX_FOREIGN_SHARE = 0.1  # of the lines beyond ASCII: a few of Iceland, or damaged, do not speak for another encoding


class Readable(Protocol):
    """Anything that bytes can be read from."""

    def read(self, size: int, /) -> bytes:
        """Return up to so many bytes, none at the end."""
        ...


def _read_start(stream: Readable) -> bytes:
    """Return the first bytes of a stream, however few it gives at a time: of what is packed, its head first."""
    parts: list[bytes] = []
    missing = _START_BYTES
    while missing and (data := stream.read(missing)):
        parts.append(data)
        missing -= len(data)
    return b"".join(parts)


class AsUtf8:
    """A stream as UTF-8 without a byte order mark, whatever mark it begins with, and with LF where lines end in CR."""

    def __init__(self, stream: Readable) -> None:
        """Look at how the stream begins."""
        self._stream = stream
        self._start = _read_start(stream)
        self._decoder: codecs.IncrementalDecoder | None = None
        wide = next((name for mark, name in _WIDE if self._start.startswith(mark)), None)
        if wide:
            self._decoder = codecs.getincrementaldecoder(wide)("backslashreplace")
        else:
            self._start = self._start.removeprefix(codecs.BOM_UTF8)
        self._has_cr_lines: bool | None = None

    def read(self, size: int) -> bytes:
        """Return some bytes, none at the end."""
        while data := self._next(size):
            text = data if self._decoder is None else self._decoder.decode(data).encode("utf-8", "backslashreplace")
            if self._has_cr_lines is None:
                # lines of old Macintosh programs end in CR alone
                self._has_cr_lines = b"\r" in text and b"\n" not in text
                text = _BEFORE_HEADER.sub(b"", text, count=1)
            if text:
                return text.replace(b"\r", b"\n") if self._has_cr_lines else text
        return self._decoder.decode(b"", True).encode("utf-8", "backslashreplace") if self._decoder else b""

    def _next(self, size: int) -> bytes:
        start, self._start = self._start, b""
        return start or self._stream.read(size)


def narrow(head: bytes) -> bytes:
    """Return the first bytes of a text as they are in UTF-8, without the mark of an encoding."""
    wide = next((name for mark, name in _WIDE if head.startswith(mark)), None)
    return head.decode(wide, "ignore").encode() if wide else head.removeprefix(codecs.BOM_UTF8)


def begins_with_header(head: bytes) -> bool:
    """Tell whether neither a blank line nor Excel's word for the delimiter stands before a text's header."""
    return _BEFORE_HEADER.match(head.removeprefix(codecs.BOM_UTF8)).end() == 0  # type: ignore[union-attr]


def is_utf8(data: bytes) -> bool:
    """Tell whether bytes are valid UTF-8."""
    if data.isascii():
        return True
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def decode(line: bytes, is_western: bool = False) -> tuple[str, bool]:
    """Return a line as text, and whether that is certain.

    Args:
        line: the bytes.
        is_western: the file is older than UTF-8: what is not valid is windows-1252, or latin-1 where that has no
            character. Otherwise a byte that is not text stays visible as `\\xNN`.
    """
    try:
        return line.decode(), True
    except UnicodeDecodeError:
        if not is_western:
            return line.decode("utf-8", "backslashreplace"), False
    try:
        return line.decode("cp1252"), True
    except UnicodeDecodeError:
        return line.decode("latin-1"), True


def western_as_utf8(block: bytes) -> bytes:
    """Return lines as UTF-8, of which some are windows-1252."""
    if is_utf8(block):
        return block
    lines = block.split(b"\n")
    return b"\n".join(line if line.isascii() else decode(line, is_western=True)[0].encode() for line in lines)


class WesternEvidence:
    """What lines with bytes beyond ASCII speak for, as they come.

    They are certainly windows-1252 if none of them is UTF-8, all bytes are letters and signs that Western languages
    use, and most letters are ASCII. They are of another encoding if none is UTF-8, and more than a few lines have bytes
    that Western languages do not use, or most letters are beyond ASCII.
    """

    def __init__(self) -> None:
        """Begin with no line."""
        self._western, self._letters = 0, 0
        self._lines, self._foreign_lines = 0, 0
        self._has_utf8 = False

    def add(self, block: bytes) -> None:
        """Look at the lines of a block."""
        if not self._has_utf8 and not block.isascii():
            self._has_utf8 = any(self._is_utf8(line) for line in block.split(b"\n") if not line.isascii())

    def _is_utf8(self, line: bytes) -> bool:
        if is_utf8(line):
            return True
        high = line.translate(None, _ASCII)
        self._lines += 1
        self._foreign_lines += not (_WESTERN_LETTERS | _WESTERN_SIGNS).issuperset(high)
        self._western += sum(byte in _WESTERN_LETTERS for byte in high)
        self._letters += sum(map(line.count, _LETTERS))
        return False

    @property
    def is_windows_1252(self) -> bool:
        """Whether all lines that came are certainly windows-1252."""
        has_letters = self._western + self._letters > 0
        return has_letters and not (self._has_utf8 or self._foreign_lines or self._is_another_script)

    @property
    def is_foreign(self) -> bool:
        """Whether the lines that came are of an encoding that is not read."""
        is_foreign = self._foreign_lines > MAX_FOREIGN_SHARE * self._lines or self._is_another_script
        return not self._has_utf8 and is_foreign

    @property
    def _is_another_script(self) -> bool:
        return self._western > MAX_WESTERN_SHARE * (self._western + self._letters)
