"""The key of a fit holds the code that decides what is learned."""

import pytest

from movierec.rankers.building_blocks import fits


@pytest.mark.parametrize("room", fits.ROOMS)
def test_the_code_of_a_room_is_part_of_every_key(room, monkeypatch):
    modules = list((fits.PACKAGE / room).rglob("*.py"))
    assert modules
    before = fits.fitting_code.__wrapped__()
    monkeypatch.setattr(fits, "ROOMS", tuple(other for other in fits.ROOMS if other != room))
    assert fits.fitting_code.__wrapped__() != before
