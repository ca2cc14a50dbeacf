import errno
import os
import tarfile
import zipfile
import zlib

import pytest

from movierec.errors import DiskFullError, SourceError
from movierec.sources.text.read_errors import plain_read_errors


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(errno.EIO, os.strerror(errno.EIO)), "Input/output error"),
        (zipfile.BadZipFile("Bad CRC-32"), "Bad CRC-32"),
        (zlib.error("invalid block type"), "invalid block type"),
        (tarfile.ReadError("unexpected end of data"), "unexpected end of data"),
        (EOFError(), "EOFError"),
    ],
)
def test_what_keeps_a_file_from_being_read_is_said_of_the_file(error, reason):
    sentence = "r.csv cannot be read"
    with pytest.raises(SourceError, match=f"^{sentence}: {reason}$"), plain_read_errors(sentence):
        raise error


@pytest.mark.parametrize("errors", [(), ((ValueError, OSError),)])
def test_a_full_disk_is_not_said_of_the_file(errors):
    with pytest.raises(DiskFullError, match=r"^no room$"), plain_read_errors("r.csv cannot be read", *errors):
        raise DiskFullError("no room")


def test_an_error_of_ours_is_passed_on():
    with pytest.raises(AssertionError), plain_read_errors("r.csv cannot be read"):
        raise AssertionError
    with pytest.raises(KeyError), plain_read_errors("r.csv cannot be read", (ValueError,)):
        raise KeyError
