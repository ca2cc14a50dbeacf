import pytest

from movierec.bench import upkeep


@pytest.mark.slow
def test_backup_restore_and_forgetting_are_measured_for_each_number_of_viewers(capsys):
    assert upkeep.main(["--viewers", "30", "60", "--movies", "80"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "| | 30 viewers | 60 viewers | ×, of 2.0 |" in lines
    names = [line.split("|")[1].strip() for line in lines[4:]]
    assert names == [
        "warehouse, MB",
        "make backup, s",
        "its dump, MB",
        "make restore, s",
        "make forget, first, s",
        "make forget, next, s",
        "the gate's search of everything, s",
    ]
