"""What goes wrong while a file is read, as one sentence about the file."""

import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from movierec.errors import DiskFullError, SourceError

# What the operating system, gzip, bzip2, xz, zip and tar raise where a file is damaged, encrypted or not what it seems.
READ_ERRORS: tuple[type[Exception], ...] = (
    *(OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, tarfile.TarError),
    *(RuntimeError, NotImplementedError),
)


@contextmanager
def plain_read_errors(sentence: str, errors: tuple[type[Exception], ...] = READ_ERRORS) -> Iterator[None]:
    """Say of a file what keeps it from being read, such as `x.csv cannot be read`, and then why.

    A full disk, an OSError too, goes through as it is: it is that of a copy or of rows that are made on the way, and
    the file is well.

    Raises:
        SourceError: one of `errors` was raised.
    """
    try:
        yield
    except DiskFullError:
        raise
    except errors as error:
        raise SourceError(f"{sentence}: {reason_of(error)}") from error


def reason_of(error: BaseException) -> str:
    """Return what an error says, or at least its name."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
