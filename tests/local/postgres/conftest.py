import pytest

from movierec.local.postgres import embedded_server
from tests.installation import QUICK


@pytest.fixture
def server(settings):
    embedded_server.start(settings, QUICK)
    return settings
