import time

import pytest

from movierec.local.airflow.clock import Clock

DAY = 86_400.0


class Machine:
    """Clocks that move when they are told to: the one that is set, and the one that nobody sets."""

    def __init__(self, monkeypatch):
        self.wall, self.steady, self.followed = 1_800_000_000.0, 1_000.0, []
        monkeypatch.setattr(time, "monotonic", lambda: self.steady)
        self.clock = Clock(self.follow, lambda: self.wall)

    def follow(self):
        self.followed.append(self.steady)
        return 1

    def looks(self, seconds, set_by=0.0):
        """Set the clock, let time pass in steps of ten seconds, and return how often something was let go on."""
        self.wall += set_by
        before = len(self.followed)
        for _ in range(int(seconds / 10)):
            self.clock.look()
            self.wall, self.steady = self.wall + 10, self.steady + 10
        return len(self.followed) - before


@pytest.fixture
def machine(monkeypatch):
    return Machine(monkeypatch)


def test_a_clock_that_goes_as_ever_is_left_alone(machine, capsys):
    assert machine.looks(600) == 0
    assert machine.looks(600, set_by=-30) == 0  # as a time server does
    assert machine.looks(600, set_by=DAY) == 0
    assert capsys.readouterr().out == ""


def test_a_clock_that_was_set_back_is_followed_until_its_moments_have_come(machine, capsys):
    machine.looks(60)
    assert machine.looks(600, set_by=-3_600) == 20
    said = "the machine's clock was set back by 3600 s; runs go on by the new time"
    assert capsys.readouterr().out.splitlines()[:2] == [
        said,
        "runs and tasks that go on, which the clock had left in the future: 1",
    ]
    assert machine.looks(3_060) == 101
    assert machine.looks(600) == 0


def test_what_cannot_be_followed_now_is_tried_again(machine, capsys):
    def fail():
        machine.followed.append(machine.steady)
        raise ConnectionError("the database is away")

    machine.clock.follow = fail
    assert machine.looks(60, set_by=-DAY) == 2
    assert "what the clock has left in the future waits: the database is away" in capsys.readouterr().out
