"""A question to a person whose answer is kept, whatever it is."""

from typing import Any

from airflow.providers.standard.operators.hitl import ApprovalOperator

from movierec_connections import open_connection
from movierec_notices import Notify

ANSWER = "answer"


class Approval(ApprovalOperator):
    """Waits for a person to approve; a rejection ends Airflow's own operator before it returns who gave it.

    When the task is cleared, Airflow goes on showing the question of the first time, whatever it is by then. So the
    first question is kept, and the answer says which one would be asked now.
    """

    template_fields = (*ApprovalOperator.template_fields, "training_id")

    def __init__(self, *, training_id: Any, **kwargs: Any) -> None:
        """Ask as Airflow does about a training, and make a notice of it."""
        super().__init__(notifiers=[Notify("question")], **kwargs)
        self.training_id = training_id

    def execute(self, context: Any) -> Any:
        """Keep the question, then wait."""
        from movierec.promotion.questions import ask

        with open_connection() as conn:
            ask(conn, int(self.training_id), self._question)
        return super().execute(context)

    def execute_complete(self, context: Any, event: dict[str, Any]) -> Any:
        """Keep `is_approved`, `by`, who answered, None where the time was up, and `question`; then go on."""
        if "error" not in event:
            person = event["responded_by_user"]
            answer = {
                "is_approved": event["chosen_options"] == [self.APPROVE],
                "by": person["name"] if person else None,
                "question": self._question,
            }
            context["ti"].xcom_push(key=ANSWER, value=answer)
        return super().execute_complete(context, event)

    @property
    def _question(self) -> str:
        return f"{self.subject}\n{self.body}"
