"""`movierec rollback` on an installation with two versions."""

import getpass

import pytest

from movierec import cli
from movierec.db import connect
from movierec.local.postgres import embedded_server
from movierec.publishing.pointer import go_live
from tests.dags.test_rollback import NIGHT


@pytest.fixture
def two_versions(installation):
    """Make two nights live, one after the other, and return what asks the warehouse."""
    with connect(embedded_server.conninfo(installation, "warehouse")) as conn:
        for day, ranker in ((1, "ease"), (2, "hybrid")):
            (version_id,) = conn.execute(NIGHT, {"as_of": f"2026-03-0{day} 02:00Z", "ranker": ranker}).fetchone()
            go_live(conn, version_id)
        yield lambda sql: conn.execute(sql).fetchall()


def test_versions_are_listed_and_one_is_made_live_from_the_command_line(two_versions, capsys):
    capsys.readouterr()
    assert cli.main(["rollback", ""]) == 0
    heads, newest, older, *_ = capsys.readouterr().out.splitlines()
    assert heads.split()[:4] == ["version", "status", "ranker", "training"]
    assert (newest.split()[:3], older.split()[:3]) == (["2", "live", "hybrid"], ["1", "published", "ease"])

    assert cli.main(["rollback", "--to 1 --why 'too many sequels' --by 'Ada L'"]) == 0
    assert capsys.readouterr().out == "version 1 is live instead of 2\n"
    assert cli.main(["rollback", "--to", "2", "--why", "they were fine"]) == 0
    moves = two_versions("select to_version_id, moved_by, reason from ops.pointer_move order by move_id")
    assert moves[-2:] == [(1, "Ada L", "too many sequels"), (2, getpass.getuser(), "they were fine")]

    for line, sentence in (
        ("--to 1", "a move needs --to or --training, and --why"),
        ("--why 'no idea'", "a move needs --to or --training, and --why"),
        ("--to 9 --why 'a typo'", "version 9 does not exist; allowed are 1"),
        ("--training 9 --why 'a typo'", "training 9 has chosen no champion"),
    ):
        assert cli.main(["rollback", line]) == 1
        complaint = capsys.readouterr().err
        assert complaint.startswith(f"movierec: {sentence}")
        assert complaint.count("\n") == 1
    assert two_versions("select version_id from serving.live") == [(2,)]
