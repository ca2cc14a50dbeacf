import pytest

from movierec.local import postgres
from tests.installation import QUICK


@pytest.fixture
def server(settings):
    postgres.start(settings, QUICK)
    return settings
