"""The question to a person about a training: an answer counts for the question that was shown, and for no other."""

from collections.abc import Mapping
from typing import Any

from movierec.db import Connection, fetch, run_sql


def ask(conn: Connection, training_id: int, question: str) -> None:
    """Keep what a person is asked.

    Airflow goes on showing the first question of a run when its task is cleared and asks anew, so the first one stays.
    """
    run_sql(conn, "ml/record_question", {"training_id": training_id, "question": question})
    conn.commit()


def is_outdated(conn: Connection, training_id: int, answer: Mapping[str, Any]) -> bool:
    """Tell whether an answer was given to another question than the training asks by now.

    Args:
        conn: the warehouse.
        training_id: the training.
        answer: of the person; `question` is what would be asked now.
    """
    rows = fetch(conn, "ml/find_question", {"training_id": training_id})
    return bool(rows) and "question" in answer and rows[0]["question"] != answer["question"]
