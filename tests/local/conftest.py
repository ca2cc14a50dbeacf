import pytest

from movierec.local import postgres
from tests.installation import QUICK, installed


@pytest.fixture
def settings(tmp_path):
    yield from installed(tmp_path / "state folder")


@pytest.fixture
def server(settings):
    postgres.start(settings, QUICK)
    return settings
