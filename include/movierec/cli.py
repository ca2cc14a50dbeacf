"""A nightly movie-recommendation pipeline on this machine: run it, look into it, compare its rankers."""

import argparse
import errno
import importlib.util
import os
import shlex
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from movierec.commands import options as options_of
from movierec.config import Settings, read_env_file
from movierec.errors import ConfigError, MovierecError
from movierec.local import state, streams

INTERRUPTED = 130
WHOLE_LINE_COMMANDS = ("clean", "airflow", "quarantine", "rollback", "check", "why", "forget", "restore", "evaluate")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status; an error that a person can act on is one sentence.

    Args:
        arguments: the words behind the program's name; None: those that this process was started with.
    """
    if arguments is None:
        streams.outlive_readers()
        arguments = sys.argv[1:]
    try:
        options = _parser().parse_args(_words(arguments))
        read_env_file()
        return int(options.command(Settings.from_env(), options) or 0)
    except MovierecError as error:
        return _complain(str(error))
    except OSError as error:
        if error.errno == errno.ENOSPC:
            return _complain(f"disk full: {error.filename}" if error.filename else str(error))
        return _complain(f"{error.strerror or error}: {error.filename}" if error.filename else str(error))
    except KeyboardInterrupt:
        _complain("interrupted; what runs in the background goes on (`make down` ends it)")
        return INTERRUPTED
    except Exception as error:
        if type(error).__module__.partition(".")[0] != "psycopg":  # not imported here for its half a second
            raise
        kind = "disk full" if type(error).__name__ == "DiskFull" else "the database refused"
        return _complain(f"{kind}: {str(error).strip()}")


def run(settings: Settings, options: argparse.Namespace) -> None:
    """Run one night and show what came of it."""
    from movierec.local import night  # noqa: PLC0415

    night.run(settings, options.last_halt)


def up(settings: Settings, options: argparse.Namespace) -> None:
    """Start PostgreSQL, Airflow and the web application in the background."""
    from movierec.local import night, web  # noqa: PLC0415
    from movierec.local.airflow import group  # noqa: PLC0415

    group.up(settings, last_halt=options.last_halt)
    print(night.login_line(settings))
    print(web.web_line(settings))


def down(settings: Settings, _: argparse.Namespace) -> None:
    """Stop what runs in the background."""
    if state.is_ours(settings.home):
        _let_nothing_start(settings)
    elif settings.home.is_dir() and any(settings.home.iterdir()):
        raise ConfigError(state.not_ours(settings.home))
    elif not importlib.util.find_spec("psutil"):
        return  # nothing has been set up, so nothing runs
    from movierec.local.airflow import group  # noqa: PLC0415

    group.down(settings)


def _let_nothing_start(settings: Settings) -> None:
    """Halt what is being started, before anything is imported that set-up may have yet to install."""
    from movierec.local import halt  # noqa: PLC0415

    halt.halt(settings.home)
    missing = [name for name in ("psutil", "psycopg") if not importlib.util.find_spec(name)]
    if missing:
        raise MovierecError(
            f"set-up has not ended, {missing[0]} is missing: what waits for it starts nothing any more; if something "
            "runs in the background already, make down again once set-up has ended"
        )


def status(settings: Settings, _: argparse.Namespace) -> None:
    """Show what is running."""
    from movierec.local.status import status_text  # noqa: PLC0415

    print(status_text(settings))


def clean(settings: Settings, options: argparse.Namespace) -> None:
    """Stop everything and delete the state folder; ask first where data would be lost."""
    from movierec.commands import clean as command  # noqa: PLC0415

    command.clean(settings, options.yes)


def sql(settings: Settings, options: argparse.Namespace) -> int:
    """Query the warehouse; without a query, open a prompt."""
    from movierec.local.postgres import embedded_server, programs  # noqa: PLC0415

    embedded_server.start(settings)
    embedded_server.ensure_databases(settings)
    command = [str(programs.program_path("psql")), "-X", embedded_server.conninfo(settings, "warehouse")]
    if options.query:
        command += ["-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", options.query]
    return streams.call(command)


def airflow(settings: Settings, options: argparse.Namespace) -> int:
    """Run Airflow's own command line on this installation."""
    from movierec.local import databases, environment  # noqa: PLC0415

    if not options.words:
        raise ConfigError('make airflow needs ARGS, such as make airflow ARGS="dags list"')
    command = [sys.executable, "-m", "airflow", *options.words]
    if not {"-h", "--help"}.isdisjoint(options.words):  # which needs no installation
        with tempfile.TemporaryDirectory() as folder:
            return streams.call(command, env={**os.environ, "AIRFLOW_HOME": folder}, cwd=folder)
    databases.prepare_airflow(settings)
    return streams.call(
        command, env=environment.airflow_environment(settings), cwd=settings.state_folder.airflow, umask=0o077
    )


def quarantine(settings: Settings, options: argparse.Namespace) -> None:
    """List rejected rows; edit, accept, dismiss or replay them."""
    from movierec.commands import quarantine as command  # noqa: PLC0415

    print(command.run(settings, options))


def rollback(settings: Settings, options: argparse.Namespace) -> None:
    """List the kept versions of the lists, or make one of them live."""
    from movierec.commands import rollback as command  # noqa: PLC0415

    print(command.run(settings, options))


def check(settings: Settings, options: argparse.Namespace) -> int:
    """Check the expectations of a gate by hand."""
    from movierec.commands import check as command  # noqa: PLC0415

    text, has_passed = command.run(settings, options)
    print(text)
    return 0 if has_passed else 1


def why(settings: Settings, options: argparse.Namespace) -> None:
    """Tell why a viewer is shown a movie, or is not."""
    from movierec.commands import why as command  # noqa: PLC0415

    print(command.run(settings, options))


def forget(settings: Settings, options: argparse.Namespace) -> None:
    """Delete a viewer from every table and every artifact, and refuse what sources go on sending."""
    from movierec.commands import forget as command  # noqa: PLC0415

    print(command.run(settings, options))


def backup(settings: Settings, _: argparse.Namespace) -> None:
    """Dump the warehouse, copy the artifacts, and write a manifest of digests."""
    from movierec.commands import maintenance as command  # noqa: PLC0415

    print(command.back_up(settings))


def restore(settings: Settings, options: argparse.Namespace) -> None:
    """Bring a backup back, into an empty warehouse or in place of this one."""
    from movierec.commands import maintenance as command  # noqa: PLC0415

    print(command.restore(settings, options))


def evaluate(_: Settings, options: argparse.Namespace) -> int:
    """Compare rankers on your own files, with intervals and p-values."""
    from movierec.commands import evaluate as command  # noqa: PLC0415

    text, has_passed = command.run(options)
    print(text)
    return 0 if has_passed else 1


def pictures(settings: Settings, options: argparse.Namespace) -> None:
    """Draw the screenshots of the documentation again, from the latest night."""
    from movierec.local import page_pictures, screenshots  # noqa: PLC0415

    for draw in (screenshots.draw_graphs, page_pictures.draw_pages):
        for path in draw(settings, Path(options.folder)):
            print(path)


COMMANDS = (
    *(run, up, down, status, clean, sql, airflow, quarantine, rollback, check, why, forget, backup, restore, evaluate),
    pictures,
)


def _words(arguments: Sequence[str]) -> list[str]:
    """Split the single argument that make hands over: it is a whole command line."""
    if len(arguments) != 2 or arguments[0] not in WHOLE_LINE_COMMANDS:  # noqa: PLR2004
        return list(arguments)
    try:
        return [arguments[0], *shlex.split(arguments[1])]
    except ValueError as error:
        raise ConfigError(f"ARGS is '{arguments[1]}', which the shell could not read: {error}") from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="movierec", description=__doc__, epilog="`movierec COMMAND --help` describes a command."
    )
    commands = parser.add_subparsers(required=True, title="commands", metavar="COMMAND")
    for command in COMMANDS:
        # Airflow's own options are plain words here, wherever they stand.
        prefix, has_help = ("\0", False) if command is airflow else ("-", True)
        sub = commands.add_parser(
            command.__name__,
            help=(command.__doc__ or "").rstrip("."),
            description=command.__doc__,
            epilog=options_of.examples(command.__name__),
            formatter_class=_Formatter,
            add_help=has_help,
            prefix_chars=prefix,
        )
        sub.set_defaults(command=command)
        if describe := options_of.COMMANDS.get(command.__name__):
            describe(sub)
    return parser


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Keeps the lines of examples, and the text of groups within the terminal."""

    def _format_text(self, text: str) -> str:
        return super()._format_text(text if text.startswith("examples:") else self._fill(text))

    def _fill(self, text: str) -> str:
        width = max(self._width - self._current_indent, 11)
        return argparse.HelpFormatter._fill_text(self, text, width, "")


def _complain(sentence: str) -> int:
    print(f"movierec: {_disk_full(sentence)}{sentence}", file=sys.stderr)
    return 1


def _disk_full(sentence: str) -> str:
    """Return a clause that names a full disk: the cause behind many an error of PostgreSQL and Airflow."""
    if "disk full" in sentence or "no room" in sentence:
        return ""
    home = Path(os.environ.get("MOVIEREC_HOME") or Settings.home).expanduser().absolute()
    folder = next(path for path in (home, *home.parents) if path.exists())
    if not state.is_nearly_full(folder):
        if os.strerror(errno.ENOSPC) not in sentence:
            return ""
        temporary = Path(os.environ.get("TMPDIR") or "/tmp")  # noqa: S108 (what programs take that we call)
        folder = temporary if temporary.is_dir() and state.is_nearly_full(temporary) else folder
    return f"disk full: {folder} has {shutil.disk_usage(folder).free / 1e6:.0f} MB left. "
