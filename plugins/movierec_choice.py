"""A question to a person whose answers a task has listed; those of Airflow's own operator are fixed beforehand."""

from typing import Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk.exceptions import AirflowSkipException

LEAVE = "leave as it is"


class Choice(HITLOperator):
    """Asks for one of the `choices` that the task `listed_by` returned, and for the fields of its form, all needed."""

    def __init__(self, *, listed_by: str, **kwargs: Any) -> None:
        """Take the name of the task that lists the choices; who answers may leave everything as it is, as time does."""
        super().__init__(options=[LEAVE], defaults=LEAVE, **kwargs)
        self.listed_by = listed_by

    @property
    def serialized_params(self) -> dict[str, dict[str, Any]]:
        """The fields as the interface is shown them: it takes no answer while one is empty.

        They have no value until somebody answers, so the operator's own fields have to take none.
        """
        fields = super().serialized_params
        return {
            name: {**field, "value": None, "schema": {**field["schema"], "type": "string"}}
            for name, field in fields.items()
        }

    def execute(self, context: Any) -> Any:
        """Ask, with the choices of this run."""
        self.options = self._options(context)
        return super().execute(context)

    def execute_complete(self, context: Any, event: dict[str, Any]) -> dict[str, Any]:
        """Return `choice`, what the form says, and `by`, the name of who answered.

        Raises:
            AirflowSkipException: everything is left as it is, on request or because nobody answered in time.
        """
        self.options = self._options(context)
        super().execute_complete(context, event)
        person = event["responded_by_user"]
        (choice,) = event["chosen_options"]
        if choice == LEAVE:
            raise AirflowSkipException(f"left as it is by {person['name']}" if person else "nobody answered in time")
        return {"choice": choice, "by": person["name"] if person else None, **(event["params_input"] or {})}

    def _options(self, context: Any) -> list[str]:
        return [*context["ti"].xcom_pull(task_ids=self.listed_by)["choices"], LEAVE]
