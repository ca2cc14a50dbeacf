"""What brings locked requirements into `.venv`: uv where it can be had, pip where it cannot.

Both check the hashes of the lock. uv is itself one of the locked requirements, installed first, by pip; it then does
in seconds what takes pip minutes. It is told where pip has been told to look, so a machine that is set up for pip (an
index of its own, further indexes, certificates, a proxy) needs no second configuration. What of pip's configuration has
no counterpart makes it pip's turn, and so does any failure of uv.

Standard library alone: nothing is installed yet when this runs.
"""

from __future__ import annotations

import ast
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

PIP = ("-m", "pip", "--no-input", "--disable-pip-version-check")
PIP_INSTALL = (*PIP, "install", "--quiet", "--root-user-action=ignore")
SECTIONS = ("global", "install", ":env:")  # of pip's configuration, the strongest last
# Options of pip that change nothing about what is installed from where. A lock is not in need of constraints.
WITHOUT_EFFECT = (
    *("break-system-packages", "cache-dir", "constraint", "disable-pip-version-check", "log", "no-cache-dir"),
    *("no-color", "no-input", "no-python-version-warning", "no-warn-script-location", "progress-bar", "quiet"),
    *("require-virtualenv", "retries", "root-user-action", "verbose"),
)
VARIABLES = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
    "client-cert": "SSL_CLIENT_CERT",
    "timeout": "UV_HTTP_TIMEOUT",
    "default-timeout": "UV_HTTP_TIMEOUT",
    "proxy": "ALL_PROXY",
}
SECONDS_A_LINE = 10

Say = Callable[[str], None]


class InstallError(Exception):
    """What an installer said last, when it failed."""


def install(python: Path, requirements: Sequence[Path], environment: Mapping[str, str], say: Say) -> None:
    """Install locked requirements for a Python that has pip.

    Args:
        python: of the environment to install into.
        requirements: files of pinned requirements with hashes.
        environment: in which the installers run.
        say: is told, every ten seconds, what is being waited for.

    Raises:
        InstallError: neither uv nor pip could install them.
    """
    files = [argument for path in requirements for argument in ("--requirement", str(path))]
    packages = sum(path.read_text(encoding="utf-8").count("==") for path in requirements)
    variables = _uv(python, requirements, environment, say)
    if variables is not None:
        try:
            command = (str(python), "-m", "uv", "pip", "install", "--quiet", "--python", str(python), *files)
            run(command, {**environment, **variables}, say, f"uv installs {packages} packages")
            return
        except InstallError as error:
            say(f"uv could not install them ({last_line(error)}); pip tries")
    command = (str(python), *PIP_INSTALL, *files)
    run(command, environment, say, f"pip installs {packages} packages, which takes some minutes")


def uv_variables(configuration: str) -> dict[str, str] | None:
    """Return the environment in which uv looks where pip does, or None where pip's configuration has no counterpart.

    Args:
        configuration: what `pip config list` prints: a line `section.option='value'` for each.
    """
    options: dict[str, str] = {}
    for section in SECTIONS:
        for line in configuration.splitlines():
            key, _, value = line.partition("=")
            if key.startswith(f"{section}."):
                options[key[len(section) + 1 :]] = str(ast.literal_eval(value))
    # Every index counts, as for pip: which one a file comes from does not matter, since its hash is known.
    variables = {"UV_INDEX_STRATEGY": "unsafe-best-match"}
    for option, value in options.items():
        if option in WITHOUT_EFFECT or (option == "no-index" and value.lower() in ("0", "false", "no", "off")):
            continue
        if option not in VARIABLES:
            return None
        separator = "," if option == "find-links" else " "
        variables[VARIABLES[option]] = separator.join(value.split())
    return variables


def run(command: Sequence[str], environment: Mapping[str, str], say: Say, doing: str) -> str:
    """Run a command to its end, saying every ten seconds what it is doing, and return what it printed.

    Raises:
        InstallError: it failed; the error holds what it printed.
    """
    started = time.monotonic()
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as printed:
        process = subprocess.Popen(command, stdout=printed, stderr=subprocess.STDOUT, env=dict(environment))
        while True:
            try:
                code = process.wait(timeout=SECONDS_A_LINE)
                break
            except subprocess.TimeoutExpired:
                say(f"{doing}: {time.monotonic() - started:.0f} s")
            except BaseException:
                process.kill()
                raise
        printed.seek(0)
        text = printed.read()
    if code:
        raise InstallError(text)
    return text


def start_in_background(command: Sequence[str], environment: Mapping[str, str], folder: Path, log: Path) -> None:
    """Start a program in a folder, with its output in a file; it goes on when this one has ended."""
    with log.open("w", encoding="utf-8") as output:
        detached = ("/bin/sh", "-c", '"$@" &', "sh", *command)
        subprocess.run(
            detached,
            stdout=output,
            stderr=output,
            cwd=folder,
            env=dict(environment),
            start_new_session=True,
            check=True,
        )


def _uv(python: Path, requirements: Sequence[Path], environment: Mapping[str, str], say: Say) -> dict[str, str] | None:
    """Install the uv that the requirements name, and return the variables it needs; None where it cannot be had."""
    block = locked_block("uv", requirements)
    if not block:
        return None
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        file.write(block)
        file.flush()
        command = (str(python), *PIP_INSTALL, "--requirement", file.name)
        try:
            run(command, environment, say, "pip installs uv")
            return uv_variables(run((str(python), *PIP, "config", "list"), environment, say, "reading pip's settings"))
        except InstallError as error:
            say(f"uv cannot be had here ({last_line(error)}); pip installs instead")
            return None


def locked_block(name: str, requirements: Sequence[Path]) -> str:
    """Return the lines of a lock that pin one package, with its hashes; empty where it is not among them."""
    for path in requirements:
        lines = path.read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines):
            if line.startswith(f"{name}=="):
                last = next(index for index in range(number, len(lines)) if not lines[index].endswith("\\"))
                return "\n".join(lines[number : last + 1]) + "\n"
    return ""


def last_line(error: InstallError) -> str:
    """Return the end of what an installer said."""
    lines = str(error).strip().splitlines()
    return lines[-1].strip() if lines else "it said nothing"
