"""When the clock has to start a publication, because the event of a champion was missed."""

from movierec.publishing.versions import is_due, open_version


def choose(conn, run_id):
    """Accept a batch and choose a champion on it, as far as the choice of what to publish is concerned."""
    conn.execute(
        "with batch as (insert into ops.batch (run_id, dataset, as_of, status)"
        " values (%(run_id)s, 'folder', now(), 'accepted') returning batch_id),"
        " training as (insert into ml.training (run_id, batch_id, seed) select %(run_id)s, batch_id, 1 from batch"
        " returning training_id) insert into ml.champion (training_id, ranker, reason)"
        " select training_id, 'ease', 'best' from training",
        {"run_id": run_id},
    )
    conn.commit()


def test_a_champion_is_due_until_a_version_of_it_has_been_written(conn):
    assert not is_due(conn)
    choose(conn, "one")
    assert is_due(conn)
    version_id = open_version(conn, "run", 50)
    assert is_due(conn)  # the run that opened it may have failed
    conn.execute("update serving.version set status = 'rejected' where version_id = %s", [version_id])
    assert is_due(conn)
    conn.execute("update serving.version set status = 'audited' where version_id = %s", [version_id])
    assert not is_due(conn)
    choose(conn, "two")
    assert is_due(conn)
