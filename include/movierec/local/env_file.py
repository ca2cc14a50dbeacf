"""`python -m movierec.local.env_file`: put the secrets that containers need into `.env`; what `make env` does.

Runs under any Python, on the standard library alone.
"""

from __future__ import annotations

import base64
import os
import re
import secrets
import sys
from pathlib import Path

from movierec.local import commit, streams

ROOT = Path(__file__).resolve().parents[3]
COMMIT = "MOVIEREC_COMMIT"  # goes into the image, which has no git
ASSIGNMENT = re.compile(r"([A-Z_]+)\s*=\s*(.*)")


def _password() -> str:
    return secrets.token_urlsafe(24)  # nothing in it has a meaning in a URL or for Compose


def _key() -> str:
    return secrets.token_urlsafe(48)


def _fernet_key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


SECRETS = {
    "MOVIEREC_DB_PASSWORD": _password,
    "MOVIEREC_ETL_PASSWORD": _password,
    "MOVIEREC_WEB_PASSWORD": _password,
    "MOVIEREC_READER_PASSWORD": _password,
    "MOVIEREC_ADMIN_PASSWORD": _password,
    "MOVIEREC_REDIS_PASSWORD": _password,
    "MOVIEREC_MYSQL_PASSWORD": _password,
    "MOVIEREC_JWT_SECRET": _key,
    "MOVIEREC_API_SECRET_KEY": _key,
    "MOVIEREC_FERNET_KEY": _fernet_key,
}


def complete(path: Path, root: Path = ROOT) -> list[str]:
    """Add the secrets that a file lacks, note the commit, and return the names of what was added.

    Every other line stays as it is. Afterwards only its owner may read the file.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    except UnicodeDecodeError as error:
        sys.exit(f"movierec: {path} is not text in UTF-8 (byte {error.start}); mend it or move it away")
    present = {match[1] for line in lines if (match := ASSIGNMENT.match(line)) and match[2]}
    missing = [name for name in SECRETS if name not in present]
    unset = tuple(f"{name}=" for name in (*missing, COMMIT))
    kept = [line for line in lines if not line.replace(" ", "").startswith(unset)]
    added = [f"{name}={SECRETS[name]()}" for name in missing]
    _write(path, [*kept, *added, f"{COMMIT}={commit.commit_of(root)}"])
    return missing


def _write(path: Path, lines: list[str]) -> None:
    """Write the file whole or not at all."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write("\n".join([*lines, ""]))
    draft.replace(path)


def main(arguments: list[str]) -> None:
    """Complete a file, `.env` of this tree unless another one is named."""
    path = Path(arguments[0]) if arguments else ROOT / ".env"
    added = complete(path)
    print(f"{path}: {len(added)} secrets added, {len(SECRETS) - len(added)} were there")


if __name__ == "__main__":
    streams.outlive_readers()
    main(sys.argv[1:])
