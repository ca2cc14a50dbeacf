"""In whose name a command acts where its options do not say."""

import getpass


def user_of_this_machine() -> str:
    """Return the name of the user who typed the command."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return "command line"
