"""Every example that help, manuals and documents show works: real parsers read it, a real warehouse runs it."""

import json
import os
import shlex
import subprocess
import sys

import psycopg
import pytest

from movierec import cli
from movierec.commands import evaluate as evaluate_command
from movierec.commands.quarantine import filters_of
from movierec.ingestion.quarantine_filters import STATUSES, select_rows
from movierec.quality.project import gate_of
from movierec.sources.registry import SOURCES
from movierec.sources.table_contracts import CONTRACTS

from .interface import dags, fields, manual, settings, targets
from .markdown import Command, Document, commands_in, documents, shown_commands


def commands(*targets: str) -> list[Command]:
    """Return the shown commands of these targets that have arguments."""
    return [command for command in shown_commands() if command.target in targets and command.variables]


def test_every_target_that_is_shown_exists():
    assert {command.target for command in shown_commands()} <= targets()


def test_every_variable_that_is_shown_is_one_of_make_or_a_setting():
    names = {name for command in shown_commands() for name in command.variables}
    assert names - {"ARGS", "Q"} <= settings()


def test_the_examples_of_subcommands_are_understood(conn):
    for command in commands("quarantine", "check", "evaluate"):
        check_subcommand(conn, command)


@pytest.mark.parametrize(
    "wrong",
    [
        'make check ARGS="core --suite core_ratings"',
        'make check ARGS="raw --suite core_keys"',
        'make check ARGS="gold"',
        'make quarantine ARGS="edit --row 17-4 --set rating=4"',
        'make quarantine ARGS="edit --row 17:4 --set stars=4"',
        'make quarantine ARGS="list --rule rated"',
        'make quarantine ARGS="list --source netflix"',
        'make evaluate ARGS="--train T.csv --test S.csv"',
        'make evaluate ARGS="--train T.csv --test S.csv --out r.json --rankers svd"',
    ],
)
def test_a_wrong_example_would_be_noticed(conn, wrong):
    (command,) = commands_in("here", wrong)
    with pytest.raises((AssertionError, SystemExit, cli.MovierecError)):
        check_subcommand(conn, command)


def check_subcommand(conn, command: Command) -> None:
    """Read the arguments as the program does, and look up what they name."""
    options = cli._parser().parse_args(cli._words([command.target, command.variables["ARGS"]]))
    if command.target == "check":
        assert all(options.gate in (None, gate_of(suite)) for suite in options.suite), command
    elif command.target == "evaluate":
        evaluate_command._names(options.rankers)
        evaluate_command._ks(options.k)
        evaluate_command._relevant_from(options.relevant_from)
    else:
        select_rows(conn, filters_of(options), STATUSES)
        conn.rollback()
        assert options.source in (None, *SOURCES.factories), command
        columns = {column for contract in CONTRACTS.values() for column in contract.names}
        assert {change.partition("=")[0] for change in options.changes} <= columns, command


@pytest.mark.parametrize("bench", ["quality", "speed", "ingest", "night", "web"])
def test_the_examples_of_benches_are_understood(bench):
    module = {"ingest": "ingestion"}.get(bench, bench)
    parser = __import__(f"movierec.bench.{module}.__main__", fromlist=["_parser"])._parser()
    for command in commands(f"bench-{bench}"):
        parser.parse_args(shlex.split(command.variables["ARGS"]))


def test_airflows_command_line_understands_the_examples(tmp_path):
    lines = [shlex.split(command.variables["ARGS"]) for command in commands("airflow")]
    parse = (
        "import json, sys; from airflow.cli.cli_parser import get_parser; parser = get_parser();"
        "[parser.parse_args(words) for words in json.load(sys.stdin)]"
    )
    done = subprocess.run(
        [sys.executable, "-c", parse],
        input=json.dumps(lines),
        env={**os.environ, "AIRFLOW_HOME": str(tmp_path), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-500:]
    for words in lines:
        assert {word for word in words if word.startswith("movierec_")} <= set(dags())
        if "--conf" in words:
            assert set(json.loads(words[words.index("--conf") + 1])) <= fields(words[words.index("trigger") + 1])


def statements() -> list[tuple[str, str]]:
    """Return the SQL that is shown, with where it stands; a placeholder stands for a number."""
    found = [(it.name, block) for it in documents() for block in it.blocks("sql")]
    found += [(command.where, command.variables["Q"]) for command in commands("sql")]
    manuals = [Document(name, manual(name)) for name in dags()]
    for document in (*documents(), *manuals):
        found += [(document.name, span) for span in document.spans if span.startswith("select ")]
    return [(where, text.replace("= …", "= 1")) for where, text in found if "select …" not in text]


def test_the_sql_that_is_shown_runs_on_an_empty_warehouse(conn):
    assert len(statements()) > 10
    for where, text in statements():
        try:
            conn.execute(text.encode())
        except psycopg.Error as error:
            pytest.fail(f"{where}: {error}\n{text}")
    conn.rollback()
