"""
### Forget: a person leaves the pipeline

Run by hand when somebody asks to be forgotten. The form takes the viewer's id. From that moment on, what sources send
of the viewer is refused, row by row, while it is loaded: nothing of it is stored, `ops.slice` has the count.

1. **forget_rows** deletes the viewer's rows from raw, staging, quarantine, core, past, metrics, lists, deltas,
   placements and feedback, and writes snapshots, splits, lists and the histories of models anew without them. It ends
   by searching for what may be left, and fails where something is. What stays is how many rows there were, in
   `ops.forgotten_user`.
2. **forget_in_application** does the same in the demo application. An application of your own is yours to clean.

Models that learned from the viewer are marked (`ml.training.refit_due_at`): the next night learns without the viewer,
and its last gate searches every table again (suite `core_forgotten`). Lists of everybody else stay as they are.

The action *allow* lets sources send the viewer again: they are read anew on the next night.

#### What Airflow keeps
The form's values belong to the run, so this DAG removes the id from its run and from Airflow's audit log when it ends,
whichever way. `make forget ARGS="--user 42 --by ada"` does the same from the command line, without a run.

#### When it stops
* *"something is left"*: a task wrote while rows were deleted. Run it again; it can be repeated at any time.
* *"is not refused"*: the viewer to be allowed was never forgotten, or has been allowed before.
* It waits while sources are loaded, and while core is built.
"""

from airflow.sdk import Param, dag, get_current_context, task

from movierec_connections import application_conninfo, open_connection, settings
from movierec_dag import DAG_DEFAULTS, id_param, who_param

ACTIONS = ("forget", "allow")


@dag(
    **DAG_DEFAULTS,
    description="Delete a viewer from every table and artifact, and refuse what sources go on sending",
    doc_md=__doc__,
    schedule=None,
    tags=["movierec", "by hand"],
    params={
        "action": Param(
            "forget",
            type="string",
            enum=list(ACTIONS),
            title="What to do",
            description="forget: delete the viewer everywhere, and refuse what sources go on sending; there is no way "
            "back. allow: sources may send the viewer again.",
        ),
        "viewer": id_param("Viewer", "The id, which is needed; it is kept nowhere.", minimum=0),
        "who": who_param("Who asks for it. Empty: who triggered the run."),
    },
)
def movierec_forget():
    @task
    def forget_rows() -> int:
        from movierec.forgetting.forget import forget_from_form

        context = get_current_context()
        with open_connection() as conn:
            return forget_from_form(conn, settings(), context["params"], context["dag_run"].triggering_user_name)

    @task
    def forget_in_application() -> bool:
        from movierec.local.demo_app import forget

        params, application = get_current_context()["params"], application_conninfo()
        return bool(application) and params["action"] == "forget" and forget(application, params["viewer"])

    forget_rows() >> forget_in_application()


movierec_forget()
