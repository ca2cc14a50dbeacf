"""What each task reads and writes, for OpenLineage: Airflow's provider sees nothing of what psycopg does.

Where MOVIEREC_OPENLINEAGE is set, the provider asks `DeclaredLineage` about every task; where it is not, nothing of
this is ever called, and OpenLineage is not imported.
"""

from typing import TYPE_CHECKING, Any, NamedTuple

from movierec import dag_ids
from movierec.sources.connections import WAREHOUSE
from movierec_connections import settings

if TYPE_CHECKING:
    from airflow.providers.openlineage.extractors import OperatorLineage
    from openlineage.client.event_v2 import Dataset

STORE = "artifacts/"  # what is in the folder of each training, by the names that TrainingFolder has for it


class Ports(NamedTuple):
    """Inlets and outlets of a task: tables, `schema.*` for all that a layer has, and `artifacts/…`."""

    reads: str = ""
    writes: str = ""


_EXTRACT = Ports("", "raw.* ops.slice ops.batch_slice ops.batch_source ops.rating_tally ops.batch_scale ops.remark")
_CHECKED = "ops.metric ops.quality_result"
_FITS = "artifacts/fits artifacts/models"
_VERSION = "serving.recommendation serving.candidate"
_LISTS = f"{_VERSION} serving.similar_movie serving.fallback serving.catalogue serving.item_weight"
_DELTA = "serving.delta serving.delta_viewer serving.delta_recommendation"
_NIGHT = Ports(
    "ops.batch ops.slice ops.metric ops.night_stage ml.training ml.champion ml.decision ml.metric serving.version "
    "serving.recommendation serving.catalogue",
    "ops.night ops.night_share",
)

TASKS: dict[str, dict[str, Ports]] = {
    dag_ids.INGEST: {
        "open_batch": Ports("", "ops.batch"),
        "extract": _EXTRACT,
        "extract_late": _EXTRACT,
        "check_raw": Ports("raw.* ops.slice", f"{_CHECKED} ops.batch_slice ops.batch_source ops.remark"),
        "stage": Ports("raw.* ops.row_rule", "staging.* quarantine.row quarantine.decision ops.slice ops.rule_count"),
        "check_staging": Ports("staging.* quarantine.row ops.rule_count", _CHECKED),
        "build_core": Ports(
            "staging.* serving.viewer_event",
            "core.* serving.unlearned_event serving.renamed_movie ops.shown_batch ops.shown_slice ops.lost_entity",
        ),
        "check_core": Ports("core.*", _CHECKED),
        "accept_batch": Ports("", "ops.batch"),
        "record_night": _NIGHT,
    },
    dag_ids.TRAIN: {
        "open_training": Ports("ops.batch ml.store_mark", "ml.training ml.store_mark"),
        "take_snapshot": Ports("core.* ml.feedback_weight", "artifacts/snapshot"),
        "build_features": Ports("artifacts/snapshot", "artifacts/features"),
        "prepare_training_set": Ports("artifacts/snapshot artifacts/features", "artifacts/fits"),
        "prepare_refit": Ports("artifacts/snapshot artifacts/fits", "artifacts/fits"),
        "fit_ranker": Ports("artifacts/snapshot artifacts/features", f"{_FITS} ml.trial ml.tuned"),
        "fit_learned_ranker": Ports("artifacts/snapshot artifacts/fits", f"{_FITS} ml.trial ml.tuned"),
        "evaluate_ranker": Ports(
            f"artifacts/snapshot {_FITS}",
            "artifacts/lists ml.evaluation ml.metric ml.user_metric ml.refused ml.left_out",
        ),
        "compare": Ports("artifacts/snapshot artifacts/lists ml.user_metric ml.evaluation ml.champion", "ml.decision"),
        "refit_leader": Ports("artifacts/snapshot artifacts/fits ml.user_metric", "artifacts/fits"),
        "choose_champion": Ports("ml.decision ml.question", "ml.champion ml.decision"),
        "record_night": _NIGHT,
    },
    dag_ids.PUBLISH: {
        "open_version": Ports("ml.champion ml.training ops.batch", "serving.version"),
        "fit_champion": Ports("artifacts/snapshot artifacts/fits ml.tuned", "artifacts/final serving.version"),
        "write_lists": Ports("artifacts/final artifacts/snapshot", _VERSION),
        "write_similar": Ports("artifacts/final artifacts/snapshot", "serving.similar_movie"),
        "write_fallback": Ports("artifacts/final artifacts/snapshot", "serving.fallback"),
        "write_catalogue": Ports(
            "core.*",
            "serving.catalogue serving.genre serving.title_trigram serving.shelf serving.shelf_entry "
            "serving.renamed_movie",
        ),
        "write_item_weights": Ports("artifacts/final serving.similar_movie", "serving.item_weight"),
        "audit_version": Ports(f"core.* {_LISTS}", "serving.version"),
        "cover_feedback": Ports("artifacts/final serving.viewer_event serving.incoming_event", _DELTA),
        "go_live": Ports(
            "serving.version serving.delta", "serving.live serving.version serving.delta ops.pointer_move"
        ),
        "record_night": _NIGHT,
    },
    dag_ids.FEEDBACK: {
        "read_incoming": Ports("", "serving.incoming_event"),
        "open_delta": Ports("serving.live serving.version", "serving.delta"),
        "write_delta": Ports("artifacts/final serving.viewer_event serving.incoming_event core.ratings", _DELTA),
        "audit_delta": Ports("serving.delta_viewer serving.delta_recommendation", "serving.delta"),
        "go_live": Ports("serving.delta", "serving.live serving.delta"),
    },
    dag_ids.REPLAY: {"decide": Ports("quarantine.row", "quarantine.decision quarantine.row")},
    dag_ids.ROLLBACK: {"move_pointer": Ports("serving.version", "serving.live ops.pointer_move")},
}


class DeclaredLineage:
    """Tells the provider what a task of ours reads and writes, by `TASKS`."""

    def __init__(self, operator: Any) -> None:
        """Remember the task."""
        self.operator = operator
        self.source_code_enabled = False

    @classmethod
    def get_operator_classnames(cls) -> list[str]:
        """Return the class of tasks that are functions."""
        return ["_PythonDecoratedOperator"]

    def extract(self) -> "OperatorLineage[Any, Any]":
        """Return the datasets of a task that starts; one that is not declared has none."""
        from airflow.providers.openlineage.extractors import OperatorLineage

        ports = TASKS.get(self.operator.dag_id, {}).get(self.operator.task_id, Ports())
        return OperatorLineage(inputs=_datasets(ports.reads), outputs=_datasets(ports.writes))

    def extract_on_complete(self, _: Any) -> "OperatorLineage[Any, Any]":
        """Return the same for a task that has ended."""
        return self.extract()

    def extract_on_failure(self, _: Any) -> "OperatorLineage[Any, Any]":
        """Return the same for a task that has failed, as far as it came."""
        return self.extract()


def names_of(ports: str) -> list[str]:
    """Return the names of inlets or outlets, whole layers table by table."""
    from movierec.config import SQL
    from movierec.ingestion.core import TABLES

    staged = sorted(path.stem for path in (SQL / "staging").glob("*.sql"))
    layers = {"raw.*": staged, "staging.*": staged, "core.*": TABLES}
    return [
        name
        for port in ports.split()
        for name in ([f"{port[:-1]}{table}" for table in layers[port]] if port in layers else [port])
    ]


def _datasets(ports: str) -> "list[Dataset]":
    """Name tables and files as OpenLineage's conventions do: where they are, and which one it is."""
    from airflow.sdk import Connection
    from openlineage.client.event_v2 import Dataset

    from movierec.training.folder import TrainingFolder, trainings

    warehouse = Connection.get(WAREHOUSE)
    host = "localhost" if (warehouse.host or "/").startswith("/") else warehouse.host
    server = f"postgres://{host}:{warehouse.port or 5432}"
    store = trainings(settings())
    namespace = f"{store.protocol}://{store.drive}" if store.protocol else "file"
    of_any_training = TrainingFolder(0, store / "*")
    return [
        Dataset(namespace=namespace, name=getattr(of_any_training, name.removeprefix(STORE)).path)
        if name.startswith(STORE)
        else Dataset(namespace=server, name=f"{warehouse.schema}.{name}")
        for name in names_of(ports)
    ]
