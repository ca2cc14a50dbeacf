"""The application's secrets: the session secret, and the API keys with what each of them may do.

They lie in `web.json` in the state folder, which its owner alone can read. A key is added or withdrawn by editing the
file; it is read again when it changes.
"""

import hmac
import json
import logging
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from movierec import locks
from movierec.errors import ConfigError
from movierec.state_folder import StateFolder

READ, WRITE = "read", "write"
SCOPES = (READ, WRITE)
PER_MINUTE = 6000  # requests that a new key may send
MIN_SECRET_LENGTH = 32
NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")  # stands before a colon and the ids of an application's events
SENDABLE = re.compile(r"[!-~]*")
PAGES = "page"  # what stands there for events of our own pages

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ApiKey:
    """One application: its name, what it may do, and how many requests a minute it may send."""

    name: str
    key: str
    scopes: frozenset[str]
    per_minute: int = PER_MINUTE


@dataclass(frozen=True)
class Keys:
    """What `web.json` holds: the secret that signs sessions, and the API keys by their text."""

    session_secret: str
    api_keys: Mapping[str, ApiKey]

    def find(self, text: str) -> ApiKey | None:
        """Return the key that an application sent, or None; how long it takes says nothing about the keys."""
        found = None
        for key in self.api_keys.values():
            if hmac.compare_digest(key.key.encode(), text.encode()):
                found = key
        return found


class KeyFile:
    """Reads `web.json`, and reads it again when it has changed."""

    def __init__(self, path: Path) -> None:
        """Read the file.

        Raises:
            ConfigError: it is missing or not as it must be.
        """
        self.path = path
        self._stamp = self._stat()
        self._keys = read(path)
        self._fault = ""

    def keys(self) -> Keys:
        """Return what the file holds now; an edit that cannot be read changes nothing, and the log says so."""
        try:
            stamp = self._stat()
            if stamp != self._stamp:
                self._keys = read(self.path)
                self._stamp = stamp
        except ConfigError as error:
            if str(error) != self._fault:
                log.error("the earlier keys stay valid: %s", error)
            self._fault = str(error)
        else:
            self._fault = ""
        return self._keys

    def _stat(self) -> tuple[int, int]:
        try:
            stat = self.path.stat()
        except FileNotFoundError as error:
            raise ConfigError(f"{self.path} is missing; make up writes it") from error
        return stat.st_mtime_ns, stat.st_ino


def generate() -> dict[str, Any]:
    """Return the content of a new `web.json`: a session secret and one key that may read and write."""
    application = {"name": "application", "key": secrets.token_urlsafe(32), "scopes": list(SCOPES)}
    return {"session_secret": secrets.token_urlsafe(48), "api_keys": [{**application, "per_minute": PER_MINUTE}]}


def write_missing(path: Path) -> bool:
    """Write a new `web.json` where there is none, whole or not at all, for its owner alone; return whether it did.

    Raises:
        OSError: its folder does not exist, cannot be written, or has no room.
    """
    if path.exists():
        return False
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    with locks.lock(StateFolder(path.parent).lock("secrets")):
        if path.exists():
            return False
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                file.write(f"{json.dumps(generate(), indent=2)}\n")
            draft.replace(path)
        except OSError:
            draft.unlink(missing_ok=True)  # half of it, where the disk is full
            raise
    return True


def read(path: Path) -> Keys:
    """Read the secrets.

    Raises:
        ConfigError: the file is missing or not as it must be; no secret is repeated in the message.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        keys = [_api_key(each) for each in content["api_keys"]]
        session_secret = str(content["session_secret"])
    except FileNotFoundError as error:
        raise ConfigError(f"{path} is missing; make up writes it") from error
    except (ValueError, TypeError, KeyError) as error:
        raise ConfigError(f"{path} cannot be read: {type(error).__name__} at {error}; see docs/web.md") from error
    if min(map(len, (session_secret, *(each.key for each in keys)))) < MIN_SECRET_LENGTH:
        raise ConfigError(f"{path} has a secret of fewer than {MIN_SECRET_LENGTH} characters; use longer ones")
    for kind, values in (("name", [each.name for each in keys]), ("key", [each.key for each in keys])):
        if len(set(values)) < len(values):
            raise ConfigError(f"{path} has a {kind} twice; each application has one of its own")
    return Keys(session_secret, {each.key: each for each in keys})


def _api_key(content: Mapping[str, Any]) -> ApiKey:
    scopes = frozenset(content["scopes"])
    if not scopes <= set(SCOPES):
        raise ValueError(f"scopes {sorted(scopes)}, allowed are {', '.join(SCOPES)}")
    name, per_minute = str(content["name"]), int(content.get("per_minute", PER_MINUTE))
    if not NAME.fullmatch(name) or name == PAGES:
        raise ValueError(f"name {name[:60]!r}, allowed are 1 to 40 letters, digits, _ and -, other than {PAGES}")
    if per_minute < 1:
        raise ValueError(f"per_minute {per_minute}, allowed is 1 or more")
    key = str(content["key"])
    if not SENDABLE.fullmatch(key):
        raise ValueError(f"the key of {name} has characters that no header carries, allowed are ASCII's without spaces")
    return ApiKey(name, key, scopes, per_minute)
