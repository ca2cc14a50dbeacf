"""What the artifact store is reached with: a package of its own, where it is no folder."""

from importlib import import_module
from typing import Any

from movierec.config import Settings
from movierec.errors import ConfigError

INSTALL = ".venv/bin/uv pip install --require-hashes --requirement requirements-services.txt"


def require_client(settings: Settings) -> None:
    """See to it that the store's package is there, before a night needs it.

    Raises:
        ConfigError: it is not installed, or nothing reaches such a store.
    """
    scheme, separator, _ = settings.artifacts.partition("://")
    if not separator:
        return
    fsspec: Any = import_module("fsspec")  # a folder needs none of it; it has no types
    try:
        fsspec.get_filesystem_class(scheme)
    except (ImportError, ValueError) as error:
        raise ConfigError(
            f"MOVIEREC_ARTIFACTS is '{settings.artifacts}', and what reaches it is not installed ({error}); for S3: "
            f"{INSTALL}"
        ) from error
