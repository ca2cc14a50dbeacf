"""Errors that a person can act on: one message that names the thing, what was seen and what is allowed."""


class MovierecError(Exception):
    """Trying again cannot help: bad input, bad configuration, a failed check. Tasks fail without retries."""


class ConfigError(MovierecError):
    """A setting is missing or out of range."""


class SourceError(MovierecError):
    """A source is missing, unreadable or breaks its contract."""


class QualityError(MovierecError):
    """A critical expectation failed: the layer must not go on."""


class ModelError(MovierecError):
    """A model or its input cannot be used: wrong format, wrong version, nothing to learn from."""


class DiskFullError(MovierecError, OSError):
    """There is no room for what has to be written; once there is, the task can be cleared.

    It is an OSError as well: whoever was writing is not at fault, so no ranker is left out of a night for it.
    """


class PublishError(MovierecError):
    """A version of the lists failed its audit or may not change any more."""
