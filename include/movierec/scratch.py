"""Files and folders that go with whoever works in them, in the temporary folder; a folder that is full is named."""

import errno
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from movierec.errors import DiskFullError

NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def scratch_folder(prefix: str = "movierec-") -> Iterator[Path]:
    """Make an empty folder for as long as it is worked in.

    Raises:
        DiskFullError: there was no room for what was written, as far as that was said by an OSError.
    """
    with naming_the_folder(), tempfile.TemporaryDirectory(prefix=prefix) as name:
        yield Path(name)


@contextmanager
def scratch_file() -> Iterator[IO[bytes]]:
    """Open a file without a name, to be written and then read.

    Raises:
        DiskFullError: there was no room for what was written.
    """
    with naming_the_folder(), tempfile.TemporaryFile() as file:
        yield file


@contextmanager
def naming_the_folder(folder: Path | None = None) -> Iterator[None]:
    """Let whoever writes into one folder, and nowhere else, say which one has no room; None: the temporary folder.

    Raises:
        DiskFullError: an OSError said that there is none.
    """
    try:
        yield
    except OSError as error:
        if isinstance(error, DiskFullError) or error.errno not in NO_ROOM:
            raise
        named, otherwise = (
            (f"the temporary folder {tempfile.gettempdir()}", ", or let TMPDIR name a larger one")
            if folder is None
            else (str(folder), "")
        )
        free = shutil.disk_usage(folder or tempfile.gettempdir()).free
        raise DiskFullError(
            f"no room in {named}, where {free:,} bytes are free now: make room there{otherwise}"
        ) from error
