import json
from dataclasses import replace

import pytest

from movierec.errors import ConfigError
from movierec.local import openlineage, state
from movierec.local.environment import airflow_environment


def transport(settings, place):
    variables = openlineage.environment(replace(settings, openlineage=place))
    return json.loads(variables["AIRFLOW__OPENLINEAGE__TRANSPORT"])


def test_it_is_off_unless_a_place_is_named(settings):
    state.prepare(settings.home)
    assert openlineage.environment(settings) == {}
    assert "AIRFLOW__OPENLINEAGE__TRANSPORT" not in airflow_environment(settings)


def test_a_server_or_a_file_gets_the_events(settings, tmp_path):
    assert transport(settings, "http://localhost:5000") == {"type": "http", "url": "http://localhost:5000"}
    assert transport(settings, "https://lineage.example.com/base")["url"] == "https://lineage.example.com/base"
    file = tmp_path / "events.jsonl"
    assert transport(settings, str(file)) == {"type": "file", "log_file_path": str(file), "append": True}


@pytest.mark.parametrize(
    "place",
    [
        *("localhost:5000", "yes", "events.jsonl", "/nowhere/at/all.jsonl", "/", "ftp://host/x", "http://"),
        *("http://me:pass@host:5000", "http://host:5000?api_key=s3cret"),
    ],
)
def test_anything_else_is_refused_with_a_sentence(settings, place):
    with pytest.raises(ConfigError, match=r"^MOVIEREC_OPENLINEAGE is '.*'; allowed is the address of a server"):
        openlineage.environment(replace(settings, openlineage=place))
