import pytest

from tests.installation import installed


@pytest.fixture
def settings(tmp_path):
    yield from installed(tmp_path / "state folder")
