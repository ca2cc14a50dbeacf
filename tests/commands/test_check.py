"""`movierec check` on an installation with one rating off its scale."""

from movierec import cli
from movierec.db import connect
from movierec.local.postgres import embedded_server


def test_expectations_are_checked_by_hand(rejected, capsys):
    capsys.readouterr()
    assert cli.main(["check", "staging"]) == 0
    *_, total = capsys.readouterr().out.splitlines()
    assert total.endswith(" warnings")
    assert " 0 failed" in total


def test_an_unknown_suite_is_one_sentence(rejected, capsys):
    capsys.readouterr()
    assert cli.main(["check", "--suite colours"]) == 1
    assert "colours" in capsys.readouterr().err


def test_a_suite_of_a_gate_is_checked_alone(rejected, capsys):
    capsys.readouterr()
    assert cli.main(["check", "core --suite core_keys"]) == 0
    *lines, total = capsys.readouterr().out.splitlines()
    assert all("core_keys: " in line for line in lines if line.startswith(("ok", "FAILED", "warning")))
    assert total.startswith("1 expectations: 0 failed")


def test_a_failure_is_shown_with_what_was_seen_and_ends_with_status_one(rejected, installation, capsys):
    with connect(embedded_server.conninfo(installation, "warehouse")) as conn:
        conn.execute("update core.ratings set rating = 7 where user_id = 10")
    capsys.readouterr()
    assert cli.main(["check", "core"]) == 1
    shown = capsys.readouterr().out
    assert "FAILED" in shown
    assert "every rating lies between 0.5 and 5; seen: " in shown
