"""A question to a person whose answer is kept, whatever it is."""

from typing import Any

from airflow.providers.standard.operators.hitl import ApprovalOperator

from movierec_notices import Notify

ANSWER = "answer"


class Approval(ApprovalOperator):
    """Waits for a person to approve; a rejection ends Airflow's own operator before it returns who gave it."""

    def __init__(self, **kwargs: Any) -> None:
        """Ask as Airflow does, and make a notice of it."""
        super().__init__(notifiers=[Notify("question")], **kwargs)

    def execute_complete(self, context: Any, event: dict[str, Any]) -> Any:
        """Keep `is_approved`, and `by`, the name of who answered, None where the time was up; then go on."""
        if "error" not in event:
            person = event["responded_by_user"]
            answer = {
                "is_approved": event["chosen_options"] == [self.APPROVE],
                "by": person["name"] if person else None,
            }
            context["ti"].xcom_push(key=ANSWER, value=answer)
        return super().execute_complete(context, event)
