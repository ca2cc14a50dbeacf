"""What is to be known of a night: every warning in one sentence, with its table, rule, count, place and value."""

from movierec.local import summary
from movierec.quality import sentences
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
