"""The installation's secrets: generated once, kept in the state folder, readable by its owner alone."""

import base64
import secrets
from pathlib import Path

from movierec import locks
from movierec.config import Settings
from movierec.errors import ConfigError
from movierec.local import state
from movierec.web import keys

ADMIN = "admin"
SECRET_NAMES = ("jwt_secret", "fernet_key", "api_secret_key", "password")


def load_secrets(settings: Settings) -> dict[str, str]:
    """Return the installation's secrets; the first call generates them.

    Raises:
        ConfigError: the file of secrets lacks one, as after an edit by hand.
    """
    path = settings.state_folder.secrets
    with locks.lock(settings.state_folder.lock("secrets")):
        stored = state.read_json(path)
        if stored is None:
            stored = _generate()
            state.write_private(path, stored)
    stored = stored if isinstance(stored, dict) else {}
    missing = [name for name in SECRET_NAMES if not stored.get(name)]
    if missing:
        raise ConfigError(f"{path} lacks {', '.join(missing)}; restore it, or `make clean` and start anew")
    return {name: str(stored[name]) for name in SECRET_NAMES}


def password_file(settings: Settings) -> Path:
    """Return the path of the file with the administrator's password, for Airflow and for the person who logs in."""
    return settings.state_folder.airflow_passwords


def write_password_file(settings: Settings) -> None:
    """Write the password file. It must be there before Airflow starts, or Airflow invents a password and logs it."""
    path = password_file(settings)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    content = {ADMIN: load_secrets(settings)["password"]}
    if state.read_record(path) != content:
        state.write_private(path, content)


def write_web_keys(settings: Settings) -> Path:
    """Return the path of the web application's secrets; the first call generates them."""
    path = settings.state_folder.web_keys
    keys.write_missing(path)
    return path


def _generate() -> dict[str, str]:
    return {
        "jwt_secret": secrets.token_urlsafe(48),
        "fernet_key": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "api_secret_key": secrets.token_urlsafe(48),
        "password": secrets.token_urlsafe(15),
    }
