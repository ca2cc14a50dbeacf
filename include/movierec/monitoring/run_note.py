"""The note of a run: what is to be known of it, for whoever looks at the run in Airflow."""

from collections.abc import Sequence

HEADING = "To be known of this run:"
MAX_NOTE = 1_000  # letters that Airflow keeps of a note
MAX_SENTENCE = 400  # letters of a sentence in a note, so that one alone does not fill it


def note_text(sentences: Sequence[str]) -> str:
    """Return the note of a run, as many of the sentences as Airflow has room for; a long one is cut."""
    lines = [HEADING]
    for number, sentence in enumerate(sentences):
        rest = f"- … and {len(sentences) - number} more: see the log of record_night"
        line = f"- {sentence}" if len(sentence) <= MAX_SENTENCE else f"- {sentence[:MAX_SENTENCE]} …"
        if len("\n".join([*lines, line, rest])) > MAX_NOTE:
            return "\n".join([*lines, rest])
        lines.append(line)
    return "\n".join(lines)
