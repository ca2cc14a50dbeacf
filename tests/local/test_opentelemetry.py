import pytest

from movierec.errors import ConfigError
from movierec.local import opentelemetry, state
from movierec.local.environment import airflow_environment


@pytest.mark.parametrize("section", ["METRICS", "TRACES"])
def test_a_setting_that_would_hang_airflow_is_refused_by_its_name(settings, monkeypatch, section):
    state.prepare(settings.home)
    monkeypatch.setenv(f"AIRFLOW__{section}__OTEL_ON", "True")
    with pytest.raises(ConfigError, match=f"^AIRFLOW__{section}__OTEL_ON is 'True'; allowed is False: .* hangs"):
        airflow_environment(settings)


def test_it_is_refused_in_airflows_own_file_too(tmp_path):
    (tmp_path / "airflow.cfg").write_text("[traces]\notel_on = t\n")
    with pytest.raises(ConfigError, match=r"^otel_on under \[traces\] in .*airflow.cfg is 't'"):
        opentelemetry.require_off({}, tmp_path / "airflow.cfg")


def test_where_it_is_off_nothing_is_said(tmp_path):
    (tmp_path / "airflow.cfg").write_text("[traces]\notel_on = False\n")
    opentelemetry.require_off({"AIRFLOW__METRICS__OTEL_ON": "false"}, tmp_path / "airflow.cfg")
