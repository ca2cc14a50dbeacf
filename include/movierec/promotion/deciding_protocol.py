"""Which split of the ratings decides about the champion."""

from movierec.errors import ConfigError
from movierec.evaluation.protocols import PROTOCOLS


def deciding_protocol(form: str | None, setting: str) -> str:
    """Return what the trigger form says, else what the setting does.

    Raises:
        ConfigError: a night has no protocol of the setting's name.
    """
    if setting not in PROTOCOLS:
        raise ConfigError(f"MOVIEREC_DECIDING_PROTOCOL is '{setting}'; allowed is {' or '.join(PROTOCOLS)}")
    return form or setting
