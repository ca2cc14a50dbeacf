from dataclasses import replace

import pytest
from fsspec.registry import known_implementations

from movierec.errors import ConfigError
from movierec.local import state
from movierec.local.environment import airflow_environment
from movierec.local.store_client import require_client


@pytest.mark.parametrize("store", ["/srv/artifacts", "file:///srv/artifacts", "memory://artifacts"])
def test_a_store_that_can_be_reached_is_no_trouble(settings, store):
    require_client(replace(settings, artifacts=store))


@pytest.mark.parametrize(
    ("store", "reason"), [("nowhere://models", "Protocol not known: nowhere"), ("absent://models", "Install absentfs")]
)
def test_a_store_whose_package_is_missing_is_refused_before_anything_starts(settings, monkeypatch, store, reason):
    absent = {"class": "absentfs.AbsentFileSystem", "err": "Install absentfs to access this"}
    monkeypatch.setitem(known_implementations, "absent", absent)
    state.prepare(settings.home)
    with pytest.raises(ConfigError, match=rf"^MOVIEREC_ARTIFACTS is '{store}'.*{reason}.*requirements-services"):
        airflow_environment(replace(settings, artifacts=store))
