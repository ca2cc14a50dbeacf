"""Parquet from a stream that can be read once lies on disk while it is read, and no longer."""

import gc
import io
import warnings

import pytest

from movierec.sources.text.tables_as_text import parquet_as_csv
from tests.written_tables import parquet_of


class Once(io.BytesIO):
    """Bytes in which nobody can go back."""

    def seekable(self):
        return False


@pytest.mark.filterwarnings("error::ResourceWarning", "error::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("sizes", [[1 << 20], [3], []], ids=["all of it", "its beginning", "nothing"])
def test_what_lies_on_disk_meanwhile_is_closed_however_much_was_read(sizes):
    with warnings.catch_warnings(action="ignore"):
        gc.collect()  # what other tests left
    stream = parquet_as_csv("here", Once(parquet_of({"user_id": [1, 2], "rating": [4.0, 3.5]})))
    read = b"".join(stream.read(size) for size in sizes)
    assert b"user_id,rating\n1,4\n2,3.5\n".startswith(read.replace(b'"', b""))
    del stream
    gc.collect()
