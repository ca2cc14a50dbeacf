"""The stages of training, publication and feedback, by the names of their tasks."""

from movierec.config import Settings
from movierec.db import connect
from movierec.evaluation.protocols import PROTOCOLS
from movierec.promotion import champion
from movierec.publishing import catalogue, deltas, lists, pointer, versions
from movierec.training import evaluate, fit, snapshot
from movierec.training.data import TrainingData
from movierec.training.folder import TrainingFolder
from tests.faults.stages import Stages
from tests.publishing.conftest import LENGTH

SHARDS = 2
SEED = 1
RANKERS = ("popularity", "item_knn", "ease")


def training(warehouse: str, settings: Settings, run_id: str) -> Stages:
    """Open the training of a run on the newest batch, and return the stages that follow."""
    with connect(warehouse) as conn:
        batch_id = snapshot.batch_to_learn_from(conn)
        folder = TrainingFolder.of(settings, snapshot.open_training(conn, run_id, batch_id, SEED))
    fitted = [{"ranker": name, "fit_seconds": 0.0} for name in RANKERS]
    return {
        "take_snapshot": lambda conn: snapshot.take_snapshot(conn, folder),
        "build_features": lambda _: fit.build_features(folder, SEED),
        "fit_ranker": lambda conn: fit.fit_tuned(conn, folder, RANKERS, trials=0, seed=SEED),
        "evaluate_ranker": lambda conn: evaluate.evaluate_rankers(conn, TrainingData(folder), fitted, PROTOCOLS),
        "compare": lambda conn: champion.compare(conn, folder, SEED),
        "choose_champion": lambda conn: champion.choose_champion(conn, folder.training_id),
    }


def publication(warehouse: str, settings: Settings, run_id: str) -> Stages:
    """Open the version of a run, and return the stages that follow."""
    with connect(warehouse) as conn:
        version_id = versions.open_version(conn, run_id, LENGTH)
    return {
        "fit_champion": lambda conn: lists.fit_champion(conn, version_id, settings),
        "write_lists": lambda conn: [
            lists.write_lists(conn, version_id, shard, SHARDS, settings) for shard in range(SHARDS)
        ],
        "write_similar": lambda conn: lists.write_similar(conn, version_id, settings),
        "write_fallback": lambda conn: lists.write_fallback(conn, version_id, settings),
        "write_catalogue": lambda conn: catalogue.write_catalogue(conn, version_id),
        "write_item_weights": lambda conn: catalogue.write_item_weights(conn, version_id, settings),
        "audit_version": lambda conn: versions.audit_version(conn, version_id),
        "go_live": lambda conn: pointer.go_live(conn, version_id),
        "prune": lambda conn: versions.prune(conn, settings),
    }


def feedback(warehouse: str, settings: Settings, run_id: str) -> Stages:
    """Open the delta of a run for the live version, and return the stages that follow."""
    with connect(warehouse) as conn:
        delta_id = deltas.open_delta(conn, run_id)
    return {
        "write_delta": lambda conn: deltas.write_delta(conn, delta_id, settings),
        "audit_delta": lambda conn: deltas.audit_delta(conn, delta_id),
        "go_live": lambda conn: deltas.delta_go_live(conn, delta_id),
    }
