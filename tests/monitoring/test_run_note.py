from movierec.monitoring.run_note import MAX_NOTE, note_text


def test_a_note_that_is_too_long_for_airflow_says_where_the_rest_is():
    note = note_text([f"sentence {number} " + "x" * 90 for number in range(50)])
    assert len(note) <= MAX_NOTE
    assert note.splitlines()[-1] == "- … and 42 more: see the log of record_night"


def test_a_sentence_that_would_fill_a_note_is_cut():
    note = note_text(["a header of " + "many names, " * 200, "a second sentence"])
    assert len(note) <= MAX_NOTE
    assert "a header of many names" in note
    assert note.endswith("- a second sentence")
