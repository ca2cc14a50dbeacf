import io
import json
import os
import pty
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from movierec import cli
from movierec.commands import options
from movierec.config import LARGEST_ID, OPTIONAL_SOURCES, ROOT, Settings, read_env_file
from movierec.ingestion.quarantine import ACTIONS
from movierec.local import state
from movierec.local.postgres import embedded_server
from tests.conftest import fill
from tests.installation import QUICK, installed

QUERY = """select 'it''s', "a" || $$b$(c)`d`$$, '#%*' -- \\n"""


@pytest.fixture
def settings(tmp_path):
    yield from installed(tmp_path / "state folder")


@pytest.fixture
def home(settings, monkeypatch):
    monkeypatch.setenv("MOVIEREC_HOME", str(settings.home))
    return settings.home


def test_a_query_reaches_the_database_through_make_as_it_was_typed(tmp_path):
    assert make(tmp_path, "sql", f"Q={QUERY}") == ["-m", "movierec", "sql", QUERY]


def test_a_query_may_stand_in_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("Q", QUERY)
    assert make(tmp_path, "sql") == ["-m", "movierec", "sql", QUERY]


def test_airflows_arguments_reach_it_through_make_as_one_line(tmp_path):
    line = """dags trigger x --conf '{"a": "$b"}'"""
    assert make(tmp_path, "airflow", f"ARGS={line}") == ["-m", "movierec", "airflow", line]


def test_rows_come_bare_for_scripts(home, settings, capfd):
    embedded_server.start(settings, QUICK)
    assert cli.main(["sql", "select 'it''s', 2 union all select 'b', null order by 1"]) == 0
    assert capfd.readouterr().out == "b|\nit's|2\n"


def test_a_wrong_query_fails(home, settings, capfd):
    embedded_server.start(settings, QUICK)
    assert cli.main(["sql", "select 1/0"]) == 1
    assert "division by zero" in capfd.readouterr().err


def test_an_error_is_one_sentence(monkeypatch, capsys):
    monkeypatch.setenv("MOVIEREC_PORT", "eighty")
    assert cli.main(["status"]) == 1
    assert capsys.readouterr().err == "movierec: MOVIEREC_PORT is 'eighty'; allowed is a whole number from 1 to 65535\n"


def test_a_full_disk_is_one_sentence(home, monkeypatch, capsys):
    def fill_disk(*_):
        raise OSError(28, "No space left on device", "/full/file")

    monkeypatch.setattr(cli.Settings, "from_env", fill_disk)
    assert cli.main(["status"]) == 1
    assert capsys.readouterr().err == "movierec: disk full: /full/file\n"


def test_an_interruption_ends_with_its_own_status(monkeypatch, capsys):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli.Settings, "from_env", interrupted)
    assert cli.main(["status"]) == 130
    assert capsys.readouterr().err.count("\n") == 1


def test_an_unknown_command_is_wrong_usage():
    with pytest.raises(SystemExit) as ended:
        cli.main(["dance"])
    assert ended.value.code == 2


def test_clean_deletes_only_what_movierec_made(tmp_path, monkeypatch, capsys):
    (tmp_path / "letters").mkdir()
    monkeypatch.setenv("MOVIEREC_HOME", str(tmp_path))
    assert cli.main(["clean"]) == 1
    assert "was not made by movierec" in capsys.readouterr().err
    assert (tmp_path / "letters").exists()


def test_clean_takes_a_running_database_down_first(home, settings):
    embedded_server.start(settings, QUICK)
    assert cli.main(["clean"]) == 0
    assert not home.exists()


@pytest.fixture
def terminal(monkeypatch):
    """Let a person sit at the keyboard, who types what is written into it."""
    keyboard, screen = pty.openpty()
    with os.fdopen(screen, encoding="utf-8") as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        yield lambda line: os.write(keyboard, line)
    os.close(keyboard)


@pytest.fixture
def night(home):
    """Make a state folder that holds the models of a night."""
    state.prepare(home)
    (home / "artifacts" / "trainings").mkdir(parents=True)


def test_clean_asks_before_it_deletes_data(night, home, terminal, capsys):
    terminal(b"yes\n")
    assert cli.main(["clean"]) == 0
    assert f"{home} holds artifacts, all of which would be deleted." in capsys.readouterr().out
    assert not home.exists()


@pytest.mark.parametrize("answer", [b"no\n", b"\n", b"\x04"])
def test_clean_deletes_nothing_where_the_answer_is_not_yes(night, home, terminal, answer, capsys):
    terminal(answer)
    assert cli.main(["clean"]) == 1
    assert capsys.readouterr().err == "movierec: nothing was stopped or deleted\n"
    assert home.exists()


def test_clean_refuses_to_delete_data_where_nobody_can_be_asked(night, home, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("yes\n"))
    (home / "backups" / "2030-01-06T04-30-00Z").mkdir(parents=True)
    assert cli.main(["clean"]) == 1
    told = capsys.readouterr().err
    assert told.startswith(f"movierec: {home} holds artifacts, backups and was left alone")
    assert told.count("\n") == 1
    assert home.exists()


def test_clean_deletes_data_where_a_script_says_yes_beforehand(night, home):
    assert cli.main(["clean", "--yes"]) == 0
    assert not home.exists()


def test_clean_takes_databases_with_a_warehouse_for_data_though_the_server_is_down(home, settings, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO())
    embedded_server.start(settings, QUICK)
    embedded_server.ensure_databases(settings)
    embedded_server.stop(settings)
    assert cli.main(["clean"]) == 1
    assert embedded_server.data_directory(settings).exists()


def test_the_agreement_to_clean_reaches_it_through_make(tmp_path):
    assert make(tmp_path, "-o", "installed", "clean", "ARGS=--yes") == ["-m", "movierec", "clean", "--yes"]


def test_status_tells_what_runs(home, settings, capsys):
    state.prepare(home)
    assert cli.main(["status"]) == 0
    assert capsys.readouterr().out == f"state folder: {home}\nPostgreSQL: stopped\nAirflow: stopped\n"


def test_the_env_file_fills_in_what_the_environment_lacks(tmp_path, monkeypatch):
    (tmp_path / ".env").write_text("#MOVIEREC_HOST=x\nMOVIEREC_PORT=9001\nMOVIEREC_TOP_N = '7'\n")
    monkeypatch.setattr(os, "environ", {"MOVIEREC_PORT": "9002"})
    read_env_file(tmp_path)
    assert Settings.from_env().top_n == 7
    assert Settings.from_env().port == 9002


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"MOVIEREC_TOP_N=7\nMOVIEREC_PORT 9001\n", ", line 2 is not a variable; allowed are lines such as"),
        (b"MOVIEREC_TOP_N=7\0\n", ", line 1 is not a variable"),
        (b"=7\n", ", line 1 is not a variable"),
        (b"MOVIEREC_TOP_N=7\n\xff\xfe\n", " is not text in UTF-8 (byte 17)"),
    ],
)
def test_an_env_file_that_is_none_stops_every_command_with_a_sentence(tmp_path, monkeypatch, capsys, content, what):
    (tmp_path / ".env").write_bytes(content)
    monkeypatch.setattr(cli, "read_env_file", lambda: read_env_file(tmp_path))
    monkeypatch.setattr(os, "environ", dict(os.environ))
    assert cli.main(["status"]) == 1
    assert capsys.readouterr().err.startswith(f"movierec: {tmp_path}/.env{what}")


def test_an_env_file_may_be_written_for_a_shell(tmp_path, monkeypatch):
    (tmp_path / ".env").write_text("  # ours\n\nexport MOVIEREC_TOP_N=7\n")
    monkeypatch.setattr(os, "environ", {})
    read_env_file(tmp_path)
    assert Settings.from_env().top_n == 7


def test_the_example_names_every_setting():
    example = (ROOT / ".env.example").read_text()
    fields = (name for name in Settings.__dataclass_fields__ if name not in ("locations", "scales"))
    names = (*fields, "rating_scale", *OPTIONAL_SOURCES)
    assert [name for name in names if f"#MOVIEREC_{name.upper()}=" not in example] == []


def test_the_command_line_starts_quickly():
    code = "import sys, movierec.cli; sys.exit(bool({'pandas', 'psycopg', 'airflow'} & set(sys.modules)))"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("command", options.EXAMPLES)
def test_every_example_of_the_help_is_understood(command, capsys):
    for example in options.EXAMPLES[command]:
        program, name, *words = shlex.split(example)
        assert (program, name) == ("movierec", command)
        assert cli._parser().parse_args([name, *words]).command.__name__ == command
    if command != "airflow":  # whose --help is Airflow's own
        with pytest.raises(SystemExit):
            cli.main([command, "--help"])
        shown = capsys.readouterr().out
        assert all(example in shown for example in options.EXAMPLES[command])


@pytest.mark.parametrize("number", ["-1", "4.5", "9223372036854775808", "9" * 5000, "fifty"])
@pytest.mark.parametrize(
    "line",
    [
        *("why --user", "why --user 42 --movie", "forget --user", "check --batch", "quarantine --batch"),
        *("rollback --to", "rollback --training"),
    ],
)
def test_a_number_that_no_id_can_be_is_one_sentence(capsys, line, number):
    with pytest.raises(SystemExit) as ended:
        cli.main([*line.split(), number])
    assert ended.value.code == 2
    *_, sentence = capsys.readouterr().err.splitlines()
    assert re.search(rf"{line.split()[-1]}: '{number}'; allowed is a whole number from [01] to {LARGEST_ID}$", sentence)


def test_the_options_offer_every_action():
    assert tuple(options.ACTIONS) == ("list", "show", *ACTIONS)


def make(folder: Path, *arguments, shown: str = "sys.argv[1:]"):
    """Run make with a Python that prints its arguments, or what else is to be shown, instead of obeying them."""
    python = folder / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "import json, sys; print(json.dumps({shown}))" "$@"\n')
    python.chmod(0o755)
    command = ["make", "--no-print-directory", "-C", str(ROOT), "-o", "setup", f"BIN={folder}", *arguments]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def test_compiled_modules_are_kept_whatever_the_environment_says(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    assert make(tmp_path, "status", shown="sys.dont_write_bytecode") is False


def test_a_full_disk_is_named_whoever_ran_into_it(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("MOVIEREC_HOME", str(tmp_path / "state"))
    cli._complain("FATAL: could not write init file: No space left on device")
    assert capsys.readouterr().err.startswith(f"movierec: disk full: {tmp_path} has ")


def test_a_full_temporary_folder_is_named_where_the_state_folder_has_room(capsys, tmp_path, monkeypatch, disk_of):
    monkeypatch.setenv("MOVIEREC_HOME", str(tmp_path / "state"))
    disk = disk_of("16m")
    monkeypatch.setenv("TMPDIR", str(disk))
    fill(disk)
    cli._complain("pip failed: No space left on device")
    assert capsys.readouterr().err.startswith(f"movierec: disk full: {disk} has 0 MB left. pip failed")
    monkeypatch.setattr(cli.Settings, "from_env", lambda: (disk / "more").write_bytes(bytes(9_999)))
    cli.main(["status"])  # a write says what, but not of which file
    assert capsys.readouterr().err.startswith(f"movierec: disk full: {disk} has 0 MB left. ")
    cli._complain("no room in the temporary folder")
    assert capsys.readouterr().err == "movierec: no room in the temporary folder\n"


def test_other_errors_do_not_speak_of_the_disk(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("MOVIEREC_HOME", str(tmp_path / "state"))
    cli._complain("port 8080 is taken")
    assert capsys.readouterr().err == "movierec: port 8080 is taken\n"


def test_an_unclosed_quote_in_args_is_one_sentence(capsys):
    assert cli.main(["airflow", "dags list 'x"]) == 1
    assert "ARGS is 'dags list 'x', which the shell could not read: No closing quotation" in capsys.readouterr().err


def test_airflows_own_options_are_handed_over():
    assert cli._parser().parse_args(["airflow", "--help"]).words == ["--help"]


def test_airflows_help_needs_no_installation(tmp_path, monkeypatch, capfd):
    monkeypatch.setenv("MOVIEREC_HOME", str(tmp_path / "state"))
    assert cli.main(["airflow", "dags", "--help"]) == 0
    assert "Manage DAGs" in capfd.readouterr().out
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("split", [False, True])
def test_an_evaluation_is_described_in_words_or_as_one_line(tmp_path, monkeypatch, capsys, split):
    monkeypatch.chdir(tmp_path)
    line = "--train T.csv --test S.csv --out results.json"
    assert cli.main(["evaluate", *(line.split() if split else [line])]) == 1
    assert capsys.readouterr().err == "movierec: T.csv cannot be read: No such file or directory\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("line", ["", "--train T.csv --test S.csv", "--train T --test S --out R --windows never"])
def test_wrong_usage_of_evaluate_ends_with_status_two(line):
    with pytest.raises(SystemExit) as ended:
        cli.main(["evaluate", *line.split()])
    assert ended.value.code == 2


def test_the_help_of_evaluate_names_every_option(capsys):
    with pytest.raises(SystemExit):
        cli.main(["evaluate", "--help"])
    shown = capsys.readouterr().out
    names = "train test valid fold-in movies users rankers k relevant-from exclude windows tune seed out per-user"
    assert [name for name in names.split() if f"--{name}" not in shown] == []
