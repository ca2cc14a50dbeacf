"""Secrets of one installation: generated once, kept in the state folder, readable by this user alone."""

import base64
import secrets
from pathlib import Path

from movierec.config import Settings
from movierec.errors import ConfigError
from movierec.local import state

USER = "admin"
NAMES = ("jwt_secret", "fernet_key", "api_secret_key", "password")


def secrets_of(settings: Settings) -> dict[str, str]:
    """Return the installation's secrets; the first call generates them.

    Raises:
        ConfigError: the file was changed by hand and lacks one.
    """
    path = settings.home / "secrets.json"
    with state.lock(settings.home / "secrets.lock"):
        found = state.read_json(path)
        if found is None:
            found = _generate()
            state.write_private(path, found)
    missing = [name for name in NAMES if not found.get(name)]
    if missing:
        raise ConfigError(f"{path} lacks {', '.join(missing)}; restore it, or `make clean` and start anew")
    return {name: str(found[name]) for name in NAMES}


def password_file(settings: Settings) -> Path:
    """Return the file that holds the web user's password, for Airflow and for the person who logs in."""
    return settings.home / "airflow" / "passwords.json"


def write_password_file(settings: Settings) -> None:
    """Write the password before Airflow starts, or Airflow invents one and prints it into its log."""
    path = password_file(settings)
    path.parent.mkdir(exist_ok=True)
    content = {USER: secrets_of(settings)["password"]}
    if not path.exists() or state.read_json(path) != content:
        state.write_private(path, content)


def _generate() -> dict[str, str]:
    return {
        "jwt_secret": secrets.token_urlsafe(48),
        "fernet_key": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "api_secret_key": secrets.token_urlsafe(48),
        "password": secrets.token_urlsafe(15),
    }
