import socket

import pytest

from movierec.errors import ConfigError
from movierec.local.airflow import group


def test_a_busy_port_is_one_sentence_that_names_it(settings):
    with socket.socket() as other:
        other.bind((settings.host, settings.port))
        other.listen()
        with pytest.raises(ConfigError, match=f"127.0.0.1:{settings.port} .*in use.*set MOVIEREC_PORT"):
            group.check_port(settings)


def test_a_free_port_is_accepted(settings):
    group.check_port(settings)


def test_processes_started_with_another_plugin_have_another_fingerprint(tmp_path, monkeypatch):
    monkeypatch.setattr(group, "ROOT", tmp_path)
    (tmp_path / "plugins").mkdir()
    before = group.fingerprint({"MOVIEREC_HOME": "here"})
    assert group.fingerprint({"MOVIEREC_HOME": "here", "LANG": "C"}) == before
    (tmp_path / "plugins" / "ours.py").write_text("NAME = 'new'")
    assert group.fingerprint({"MOVIEREC_HOME": "here"}) != before
