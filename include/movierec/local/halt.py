"""What `make down` says to a start that is under way, so that nothing starts any more once it has returned.

A start that sets up or downloads for minutes holds no lock meanwhile. It remembers which `make down` was the last one
when it began, and looks again before each thing that it starts.

`python -m movierec.local.halt` begins a start before set-up, on the standard library alone, and prints the option by
which `up` and `run` know of it.
"""

import logging
import re
import secrets
import sys
from functools import cache
from pathlib import Path

from movierec import locks
from movierec.config import Settings, read_env_file
from movierec.errors import MovierecError
from movierec.local import state
from movierec.state_folder import StateFolder

log = logging.getLogger(__name__)

LETTERS = re.compile(r"[0-9a-f]{16}")
HALTED = "make down was called after this had begun, so nothing more is started"


def begin(home: Path) -> str:
    """Make the state folder, if it is not there, and return which `make down` was the last one, as letters.

    Raises:
        ConfigError: the folder cannot be used.
    """
    state.prepare(home)
    with locks.lock(StateFolder(home).lock("halt")):  # two first starts at once would each take the other for a halt
        if not _last(home):
            _note(home)
        return _last(home)


def halt(home: Path) -> None:
    """Let nothing start because of what has begun so far. Where the disk cannot be written to, that is only logged."""
    try:
        _note(home)
    except OSError as error:
        _warn(f"what is being started now goes on: {StateFolder(home).halt} cannot be written: {error.strerror}")


@cache
def _warn(sentence: str) -> None:
    """Say a sentence once: `make down` looks several times."""
    log.warning("%s", sentence)


def is_halted(home: Path, last_halt: str) -> bool:
    """Tell whether there was a `make down`, or a `make clean`, since `begin` returned `last_halt`."""
    return _last(home) != last_halt


def require_going(home: Path, last_halt: str) -> None:
    """Go on only if there was none.

    Raises:
        MovierecError: there was one.
    """
    if is_halted(home, last_halt):
        raise MovierecError(HALTED)


def _last(home: Path) -> str:
    path = StateFolder(home).halt
    text = path.read_bytes().decode("ascii", "replace") if path.is_file() else ""
    return text if LETTERS.fullmatch(text) else ""  # whatever else it holds, nobody can be told of it on a command line


def _note(home: Path) -> None:
    state.write_private_text(StateFolder(home).halt, secrets.token_hex(8))


def main() -> int:
    """Print the option; without it, whatever is wrong is told by the command that would have had it."""
    try:
        read_env_file()
        print(f"--last-halt {begin(Settings.from_env().home)}")
    except (MovierecError, OSError):
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
