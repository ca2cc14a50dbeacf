import hashlib

import pytest

from movierec.checksum import sha256_of


@pytest.mark.parametrize("content", [b"", b"1\t2\n", bytes(3_000_000)], ids=["empty", "small", "of many blocks"])
def test_a_file_is_told_by_its_bytes(tmp_path, content):
    path = tmp_path / "u.data"
    path.write_bytes(content)
    assert sha256_of(path) == hashlib.sha256(content).hexdigest()


def test_a_file_that_is_not_there_has_no_checksum(tmp_path):
    with pytest.raises(FileNotFoundError):
        sha256_of(tmp_path / "none")
