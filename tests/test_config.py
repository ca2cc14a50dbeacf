import pytest

from movierec.config import Settings
from movierec.errors import ConfigError


def test_defaults_bind_to_loopback():
    assert Settings.from_env({}).host == "127.0.0.1"


def test_everything_moves_with_the_home():
    settings = Settings.from_env({"MOVIEREC_HOME": "/srv/night"})
    assert settings.artifacts == "/srv/night/artifacts"


def test_a_path_is_as_seen_from_the_current_folder_and_a_url_as_it_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/ada")
    settings = Settings.from_env(
        {
            "MOVIEREC_ARTIFACTS": "models",
            "MOVIEREC_BACKUPS": "~/backups",
            "MOVIEREC_EVENTS": "../events",
            "MOVIEREC_IMDB": "https://example.com/imdb",
        }
    )
    assert (settings.artifacts, settings.backups) == (f"{tmp_path}/models", "/home/ada/backups")
    assert settings.locations == {"imdb": "https://example.com/imdb", "events": f"{tmp_path}/../events"}
    assert Settings.from_env({"MOVIEREC_ARTIFACTS": "s3://models/nightly"}).artifacts == "s3://models/nightly"


def test_an_empty_variable_counts_as_absent():
    assert Settings.from_env({"MOVIEREC_PORT": ""}).port == 8080


@pytest.mark.parametrize("port", ["eighty", "0", "70000", "-1", "80.5"])
def test_a_wrong_port_is_named_with_what_is_allowed(port):
    with pytest.raises(ConfigError, match=f"MOVIEREC_PORT is '{port}'; allowed is a whole number from 1 to 65535"):
        Settings.from_env({"MOVIEREC_PORT": port})
