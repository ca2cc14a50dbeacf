"""
### Train: from `core` to a champion

Runs whenever a night has passed its gates (asset `movierec_core`).

1. **open_training** opens a training on the accepted batch and **take_snapshot** copies `core` to Parquet, in one
   transaction; everything after learns from that copy.
2. **build_features** splits the ratings in time (per viewer: the first 80 % known, the last 20 % held out) and
   describes the movies (genres, people, release, countries, TF-IDF of the titles).
3. **fit_ranker**, once per ranker: fits it on the known side. The hybrid splits that side again by itself, so that its
   second stage never sees what it will be asked.
4. **evaluate_ranker**, once per ranker: ranks the whole catalogue for every viewer of the held-out side; metrics go to
   `ml.evaluation`, per viewer to `ml.user_metric`.
5. **choose_champion** keeps the best NDCG@10 with the reason in words in `ml.champion` (asset `movierec_champion`).

Numbers: `select * from ml.evaluation order by training_id desc, ndcg_at_k desc`.
A training can be repeated from any task; a run keeps its training id and replaces what it wrote before.
"""

from airflow.sdk import Param, dag, get_current_context, task

from movierec_airflow import CHAMPION, CORE, DAG_DEFAULTS, artifacts, connected, offered_nights, plain_errors

RANKERS = ["popularity", "item_knn", "user_knn", "ease", "content", "hybrid"]


@dag(
    **DAG_DEFAULTS,
    description="Snapshot, features, rankers, honest evaluation, champion",
    doc_md=__doc__,
    schedule=[CORE],
    tags=["movierec", "nightly"],
    params={
        "rankers": Param(
            RANKERS,
            type="array",
            title="Rankers",
            items={"type": "string", "enum": RANKERS},
            examples=RANKERS,
            minItems=1,
            uniqueItems=True,
            description="What to fit and compare; the best becomes the champion.",
        ),
        "batch": Param(
            None,
            type=["null", "integer"],
            minimum=1,
            title="Night",
            description="Batch to learn from (ops.batch). Empty: the night that triggered the run, or the newest.",
        ),
        "seed": Param(
            2026,
            type="integer",
            minimum=0,
            maximum=2**31 - 1,
            title="Seed",
            description="Settles the order of ratings with equal timestamps in the split.",
        ),
    },
)
def movierec_train():
    @task
    def open_training() -> int:
        from movierec import snapshot, training

        context = get_current_context()
        with connected() as conn:
            night = snapshot.night_to_learn(conn, offered_nights())
            return training.open_training(conn, context["run_id"], night, context["params"]["seed"])

    @task
    def take_snapshot(training_id: int) -> int:
        from movierec.snapshot import take_snapshot

        with connected() as conn:
            take_snapshot(conn, training_id, artifacts(training_id) / "snapshot")
        return training_id

    @task
    def build_features(training_id: int) -> int:
        from movierec.training import build_features

        with plain_errors():
            build_features(artifacts(training_id), get_current_context()["params"]["seed"])
        return training_id

    @task
    def list_rankers() -> list[str]:
        return get_current_context()["params"]["rankers"]

    @task(map_index_template="{{ ranker }}", max_active_tis_per_dagrun=2)
    def fit_ranker(ranker: str, training_id: int) -> dict[str, object]:
        from movierec.training import fit_ranker

        get_current_context()["ranker"] = ranker
        with plain_errors():
            return {"training_id": training_id, **fit_ranker(artifacts(training_id), ranker)}

    @task(map_index_template="{{ ranker }}", max_active_tis_per_dagrun=2)
    def evaluate_ranker(fitted: dict[str, object]) -> dict[str, float]:
        from movierec.training import evaluate_ranker

        get_current_context()["ranker"] = fitted["ranker"]
        with connected() as conn:
            return evaluate_ranker(conn, artifacts(fitted["training_id"]), fitted)

    @task(outlets=[CHAMPION])
    def choose_champion(training_id: int) -> str:
        from movierec.training import choose_champion

        with connected() as conn:
            return choose_champion(conn, training_id)

    training_id = build_features(take_snapshot(open_training()))
    fitted = fit_ranker.partial(training_id=training_id).expand(ranker=list_rankers())
    evaluate_ranker.expand(fitted=fitted) >> choose_champion(training_id)


movierec_train()
