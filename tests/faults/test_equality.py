"""The same facts, however a schema came to them: night by night, built anew, or jumping between nights."""

from datetime import timedelta

import pytest

from movierec.ingestion import core
from tests.faults.datasets import dice_of
from tests.faults.world import DAYS, START, World, facts
from tests.night import ingest

NIGHTS = 10


def as_of(night):
    return START + timedelta(days=1 + night * DAYS / NIGHTS)


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (2, 3))])
def test_core_moved_night_by_night_equals_core_built_anew(conn, app, tmp_path, seed):
    world = World(dice_of(seed), tmp_path / "data", app)
    held = {}
    for night in range(NIGHTS):
        choices = {"as_of": as_of(night), "is_full": world.dice.random() < 0.2}
        batch_id = ingest(conn, app, world.folder, f"night {night}", accept=False, **choices)
        held[batch_id] = facts(conn)
        core.move_core(conn, "past", batch_id, is_rebuild=True)
        assert facts(conn, "past") == held[batch_id], f"night {night}"
        world.day()
    visits = [*held, *held]
    world.dice.shuffle(visits)
    for batch_id in visits:
        with core.core_as_of(conn, batch_id) as schema:
            assert facts(conn, schema) == held[batch_id], f"batch {batch_id} in {schema}"
