"""Text in lines, read in blocks: what is not text in lines is noticed before it fills the memory."""

from codecs import BOM_UTF8
from collections.abc import Iterator

from movierec.errors import SourceError
from movierec.sources.text.encoding import AsUtf8, Readable, western_as_utf8

BLOCK_BYTES = 1 << 20
MAX_LINE_BYTES = 64 << 20


def text_blocks(where: str, stream: Readable, is_western: bool = False) -> Iterator[bytes]:
    """Yield a stream of text as UTF-8 in blocks of whole lines, whatever it is encoded in.

    Args:
        where: what messages call it.
        stream: its bytes, with a mark at their start where they are UTF-16 or UTF-32.
        is_western: lines that are not UTF-8 are windows-1252.

    Raises:
        SourceError: a line is too long to be one.
    """
    blocks = line_blocks(where, AsUtf8(stream))
    return map(western_as_utf8, blocks) if is_western else blocks


def line_blocks(where: str, stream: Readable) -> Iterator[bytes]:
    """Yield a stream in blocks of whole lines; a last line without an end gets one.

    Raises:
        SourceError: a line is too long to be one.
    """
    parts: list[bytes] = []
    size = 0
    while data := stream.read(BLOCK_BYTES):
        end = data.rfind(b"\n") + 1
        if end:
            yield _without_marks(b"".join([*parts, data[:end]]))
            parts, size = [], 0
        parts.append(data[end:])
        size += len(data) - end
        if size > MAX_LINE_BYTES:
            raise SourceError(f"{where}: a line is longer than {MAX_LINE_BYTES >> 20} MB; allowed is text in lines")
    if rest := b"".join(parts):
        yield _without_marks(rest) + b"\n"


def _without_marks(block: bytes) -> bytes:
    """Return lines without the mark of UTF-8 that each part of a file has at its start which was put together."""
    if BOM_UTF8 not in block:
        return block
    return block.removeprefix(BOM_UTF8).replace(b"\n" + BOM_UTF8, b"\n")
