"""What is to be known of a night: every warning in one sentence, with its table, rule, count, place and value."""

import json

from movierec.ingestion.extract import extract
from movierec.ingestion.stage import stage
from movierec.local import summary
from movierec.quality import sentences
from movierec.sources.events_folder import EventsFolder
from tests import movielens
from tests.night import ingest


def test_every_warning_is_a_sentence_with_an_example(conn, warehouse, app, tmp_path):
    batch_id = ingest(
        conn,
        app,
        movielens.write(
            tmp_path,
            inter=["10\t1\t5\t881250949", "10\t1\t99\t881250950", "x@example.org\t1\t4\t881250951"],
            user=["10\t24\tdiverse\ttechnician\t85711"],
        ),
    )
    said = sentences.warnings(conn, batch_id)
    (rating,) = [sentence for sentence in said if "rule rating" in sentence]
    assert rating.startswith("movielens: 1 of 3 rows of tiny.inter (ratings) are rejected, against the rule rating")
    assert rating.endswith("holds '99'")
    text = "\n".join(said)
    assert "are kept, against the rule gender_known" in text
    assert "against the rule user_id" in text
    assert "example.org" not in text
    assert "diverse" not in text


def test_the_note_of_a_run_has_the_scales_and_the_warnings(conn, warehouse, app, tmp_path):
    assert summary.note_of_newest_batch(warehouse) is None
    ingest(conn, app, movielens.write(tmp_path, inter=["10\t1\t5\t881250949", "10\t1\t99\t881250950"]), "tonight")
    run_id, note = summary.note_of_newest_batch(warehouse)
    assert run_id == "tonight"
    assert "Ratings of movielens go from 0.5 to 5 (inferred, few ratings; 2 ratings)." in note
    assert "against the rule rating" in note


def test_the_place_and_the_value_of_an_example_are_of_one_row(conn, app, tmp_path):
    batch_id = ingest(conn, app, movielens.write(tmp_path / "data"))
    (tmp_path / "events").mkdir()
    for number, kind in enumerate(("zapped", "applauded"), start=1):
        event = {"event_id": f"e{number}", "user_id": 10, "movie_id": 1, "kind": kind, "created_at": 964_982_703}
        (tmp_path / "events" / f"{number}.jsonl").write_text(json.dumps(event) + "\n")
    extract(conn, batch_id, "events", EventsFolder(tmp_path / "events"))
    stage(conn, batch_id)
    (said,) = [sentence for sentence in sentences.warnings(conn, batch_id) if "rule kind" in sentence]
    (row,) = conn.execute("select min(slice_id) from ops.slice where source = 'events'").fetchone()
    assert said.startswith("events: 2 of 2 rows of events (feedback_event) are rejected")
    assert said.endswith(f"; row {row}:1 holds 'zapped'")
