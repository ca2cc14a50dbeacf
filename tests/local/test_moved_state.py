"""A state folder that lies elsewhere than before: the history of the dataset in its cache goes on."""

from dataclasses import replace
from pathlib import Path

import pytest

from movierec.local.databases import follow_cache
from movierec.local.download import dataset_path

HISTORY = """
    with batch as (
        insert into ops.batch (run_id, dataset, as_of, status)
        values (gen_random_uuid()::text, %(dataset)s, now(), 'accepted') returning batch_id, dataset, as_of
    ), night as (
        insert into ops.night (batch_id, as_of, dataset, status, is_change_accepted)
        select batch_id, as_of, dataset, 'accepted', false from batch
    ), training as (
        insert into ml.training (run_id, batch_id, seed)
        select gen_random_uuid()::text, batch_id, 1 from batch returning training_id
    )
    insert into ml.tuned (dataset, ranker, training_id, parameters, trials)
    select %(dataset)s, 'ease', training_id, '{}', 20 from training
"""
NAMES = """
    select batch.dataset, night.dataset, tuned.dataset
    from ops.batch
    inner join ops.night using (batch_id)
    inner join ml.training using (batch_id)
    inner join ml.tuned on training.training_id = tuned.training_id
    order by batch.batch_id
"""


@pytest.fixture
def history(conn):
    """Return what makes a night of a dataset, and the names that the warehouse then has for the nights' datasets."""

    def history(*datasets):
        for dataset in datasets:
            conn.execute(HISTORY, {"dataset": dataset})
        conn.commit()

    return history


def names(conn):
    rows = conn.execute(NAMES).fetchall()
    assert all(len(set(row)) == 1 for row in rows)
    return [row[0] for row in rows]


@pytest.mark.parametrize("edition", ["ml-100k", "ml-1m", "https://files.example.com/data.zip"])
def test_a_fetched_dataset_goes_on_under_its_new_path(warehouse, conn, settings, history, edition):
    before = dataset_path(replace(settings, dataset=edition, home=Path("/home/ada/movie rec/.movierec")))
    others = ["/srv/movies/ml-100k", f"{before}-mine"]
    history(str(before), *others)
    now = dataset_path(replace(settings, dataset=edition))
    for _ in range(2):
        follow_cache(warehouse, settings, now)
        assert names(conn) == [str(now), *others]
        conn.commit()


def test_a_dataset_of_ones_own_keeps_the_name_that_it_had(warehouse, conn, settings, history):
    history("/home/ada/.movierec/cache/ml-100k")
    follow_cache(warehouse, settings, Path("/srv/cache/ml-100k"))
    assert names(conn) == ["/home/ada/.movierec/cache/ml-100k"]
