"""
### Publish: from the champion to live lists

Runs whenever a champion has been chosen (asset `movierec_champion`), by hand, and at 05:00 and 07:00 UTC in case that
was missed; where the newest night's champion has its version already, that run is skipped.

1. **open_version** opens a new version of the lists; nobody sees it yet. It is made of the champion of the training
   that triggered the run; where the form names a training, of that one's; else of the newest accepted night's. What
   was trained in between, such as a past night, does not count.
2. **fit_champion** refits the winner on every rating. Of a training that the form names it takes the model as it was
   published, if it was.
3. **write_lists**, once per shard of viewers: the top movies of every active viewer, with the reason, and what follows
   them; beside it **write_similar** (20 movies like each movie), **write_fallback** (the list for viewers without one),
   **write_catalogue** (facts about movies, titles to search, shelves) and **write_item_weights** (how much a chosen
   movie speaks for others, for newcomers).
4. **audit_version** checks the whole version against the facts: every active viewer has the expected number of
   distinct, unseen, known movies, ranks 1, 2, 3, …, finite scores, evidence that they liked; the same for similar
   movies and newcomers.
5. **cover_feedback** makes new lists for viewers who have given feedback since the snapshot, as `movierec_feedback`
   does hourly.
6. **go_live** moves the pointer `serving.live` in one statement (asset `movierec_serving`) and writes who, when and why
   to `ops.pointer_move`; **prune** drops old versions, and **record_night** completes the night's row in `ops.night`
   and says what is unusual.

#### When it stops
A version that fails its audit is marked `rejected`, the task's message says which check failed and how often, and the
live version stays. A published version never changes: clear **open_version** to write a new one.

A run after which the old lists are still live is not green without a word:

* **go_live** is skipped where nothing was to be done: the version shows an earlier night than the live one, as a
  backfill's does. It is complete, audited and kept beside the live version; `movierec_rollback` can bring it live.
* **go_live** is red where the lists should have changed: a newer version of the same night is live, or somebody has
  taken back a version by the same ranker (`movierec_rollback`). The message says who and why. The new version is kept;
  bring it live with `movierec_rollback`, or run this with **why** filled in, and the nights after go live again.

Readers use `serving.live_recommendation`, `serving.live_similar_movie`, `serving.live_fallback`, `serving.freshness`
and the functions of `docs/serving.md`, such as `serving.recommend(viewer, k)`.
"""

from airflow.sdk import Param, TriggerRule, dag, get_current_context, task
from airflow.sdk.exceptions import AirflowSkipException

from movierec_connections import open_connection, settings
from movierec_dag import (
    CHAMPION,
    COMPUTING_SLOTS,
    NIGHT_DEFAULTS,
    SERVING,
    asset_or_time,
    foldable_group,
    id_param,
    who_param,
    why_param,
)
from movierec_nights import record_night
from movierec_reports import ListsLink, with_button
from movierec_run import is_scheduled, person, triggering_trainings


@dag(
    **NIGHT_DEFAULTS,
    description="Refit, write a version, audit it, move the pointer",
    doc_md=__doc__,
    schedule=asset_or_time(CHAMPION, "0 5,7 * * *"),
    tags=["movierec", "nightly"],
    params={
        "list_length": Param(
            None,
            type=["null", "integer"],
            minimum=1,
            maximum=1000,
            title="Movies per list",
            description="Empty: MOVIEREC_TOP_N, which is 50 unless set.",
        ),
        "shards": Param(
            2,
            type="integer",
            minimum=1,
            maximum=64,
            title="Shards",
            description="Into how many tasks the viewers are divided.",
        ),
        "training": id_param(
            "Training",
            "Whose champion is published (ml.champion). Empty: that of what triggered the run, or of the "
            "newest accepted night.",
        ),
        "why": why_param(
            "Filled in, the version goes live even if it shows an earlier night, or if a version by its "
            "ranker was taken back. Kept in ops.pointer_move."
        ),
        "who": who_param("In whose name, where Why is filled in. Empty: who triggered the run."),
    },
)
def movierec_publish():  # noqa: PLR0915 (a table of contents, a few lines a task)
    @task
    def open_version() -> int:
        from movierec.publishing.versions import is_due, open_version

        context = get_current_context()
        length = context["params"]["list_length"] or settings().top_n
        with open_connection() as conn:
            if is_scheduled() and not is_due(conn):
                raise AirflowSkipException("the champion of the newest night has its version")
            return open_version(conn, context["run_id"], length, triggering_trainings())

    @task
    def fit_champion(version_id: int) -> int:
        from movierec.kernels.parallel import all_cores
        from movierec.publishing.lists import fit_champion

        with open_connection() as conn, all_cores():
            is_named = get_current_context()["params"]["training"] is not None
            fit_champion(conn, version_id, settings(), take_published=is_named)
        return version_id

    @task
    def list_shards() -> list[int]:
        return list(range(get_current_context()["params"]["shards"]))

    @task(map_index_template="shard {{ shard }}", pool_slots=COMPUTING_SLOTS)
    def write_lists(shard: int, version_id: int) -> int:
        from movierec.publishing.lists import write_lists

        context = get_current_context()
        context["shard"] = shard
        with open_connection() as conn:
            return write_lists(conn, version_id, shard, context["params"]["shards"], settings())

    @task
    def write_similar(version_id: int) -> int:
        from movierec.publishing.lists import write_similar

        with open_connection() as conn:
            return write_similar(conn, version_id, settings())

    @task
    def write_fallback(version_id: int) -> int:
        from movierec.publishing.lists import write_fallback

        with open_connection() as conn:
            return write_fallback(conn, version_id, settings())

    @task
    def write_catalogue(version_id: int) -> int:
        from movierec.publishing.catalogue import write_catalogue

        with open_connection() as conn:
            return write_catalogue(conn, version_id)

    @task
    def write_item_weights(version_id: int) -> int:
        from movierec.publishing.catalogue import write_item_weights

        with open_connection() as conn:
            return write_item_weights(conn, version_id, settings())

    @task
    def audit_version(version_id: int) -> int:
        from movierec.publishing.versions import audit_version

        with open_connection() as conn:
            audit_version(conn, version_id)
        return version_id

    @task
    def cover_feedback(version_id: int) -> int:
        from movierec.publishing.deltas import cover_feedback

        with open_connection() as conn:
            cover_feedback(conn, get_current_context()["run_id"], version_id, settings())
        return version_id

    @task(outlets=[SERVING])
    def go_live(version_id: int) -> int:
        from movierec.monitoring.events import version_event
        from movierec.publishing.pointer import bring_live

        with open_connection() as conn:
            live = bring_live(conn, version_id, person(), get_current_context()["params"]["why"])
            get_current_context()["outlet_events"][SERVING].extra = version_event(conn, live)
        if live != version_id:
            raise AirflowSkipException(f"version {version_id} shows an earlier night; it is kept beside version {live}")
        return live

    @task(trigger_rule=TriggerRule.NONE_FAILED)
    def prune() -> dict[str, int]:
        from movierec.publishing.versions import prune

        with open_connection() as conn:
            return prune(conn, settings())

    version_id = fit_champion(open_version())
    with foldable_group("version", "What a version consists of"):
        lists = write_lists.partial(version_id=version_id).expand(shard=list_shards())
        weights = write_item_weights(version_id)
        write_similar(version_id) >> weights
        written = [lists, weights, write_fallback(version_id), write_catalogue(version_id)]
    audited = audit_version(version_id)
    written >> audited
    with_button(go_live(cover_feedback(audited)), ListsLink()) >> prune() >> record_night().as_teardown()


movierec_publish()
