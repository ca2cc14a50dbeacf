"""`movierec quarantine` on an installation with one rating off its scale."""

import pytest

from movierec import cli
from movierec.commands.quarantine import _changes
from movierec.errors import ConfigError


def test_rejected_rows_are_listed_shown_edited_and_replayed_from_the_command_line(rejected, capsys):
    capsys.readouterr()
    assert cli.main(["quarantine"]) == 0
    heads, group, _, total = capsys.readouterr().out.splitlines()
    assert heads.split()[:2] == ["batch", "source"]
    assert "rating=9 user_id=11 movie_id=2" in group
    assert total == "rows: 1, groups: 1; show lists rows one by one"

    assert cli.main(["quarantine", "show --table ratings"]) == 0
    row = capsys.readouterr().out.splitlines()[1].split()[0]
    assert cli.main(["quarantine", f"edit --row {row} --set rating=4 --by 'Ada L'"]) == 0
    assert capsys.readouterr().out == "edit: 1 row of ratings; they arrive with the next night\n"
    assert rejected("second") == rejected("third") == [(4,)]

    capsys.readouterr()
    assert cli.main(["quarantine", "list"]) == 0
    assert capsys.readouterr().out.startswith("(nothing)\n")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("accept --table ratings", "accept may not waive ratings.rating"),
        ("edit --table ratings --set stars=4", "ratings has no column stars; allowed is user_id, movie_id, rating"),
        ("edit --table ratings --set stars", "--set is 'stars'; allowed is column=value"),
        ("dismiss", "dismiss needs to know which rows"),
        ("list --table films", "table is 'films'; allowed is movies"),
        ("list --set rating=4", "list changes nothing; edit takes --set"),
        ("list 'x", "ARGS is 'list 'x', which the shell could not read"),
    ],
)
def test_what_the_quarantine_refuses_is_one_sentence(rejected, capsys, line, sentence):
    capsys.readouterr()
    assert cli.main(["quarantine", line]) == 1
    complaint = capsys.readouterr().err
    assert complaint.startswith(f"movierec: {sentence}")
    assert complaint.count("\n") == 1


@pytest.mark.parametrize("line", ["burn", "show --limit 0", "list --batch one"])
def test_wrong_usage_of_the_quarantine_ends_with_status_two(line):
    with pytest.raises(SystemExit) as ended:
        cli.main(["quarantine", line])
    assert ended.value.code == 2


def test_the_help_names_what_can_be_done_with_rejected_rows(capsys):
    with pytest.raises(SystemExit):
        cli.main(["quarantine", "--help"])
    assert "dismiss: leave them out for good" in " ".join(capsys.readouterr().out.split())


def test_a_value_may_hold_an_equals_sign_and_may_be_empty():
    assert _changes(["title=E=mc²", "genres="]) == {"title": "E=mc²", "genres": ""}


def test_a_change_without_a_column_is_refused():
    with pytest.raises(ConfigError, match="--set is '=4'; allowed is column=value"):
        _changes(["=4"])
