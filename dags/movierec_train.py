"""
### Train: from `core` to a champion

Runs whenever a night has passed its gates (asset `movierec_core`), and at 04:30 and 06:30 UTC in case that was missed.
It trains on the newest accepted night, whichever event started it. Where that has a champion already, as when a
backfill brings a past night, the run is skipped. To train on a past night, name it in **batch**, or tick **train** in
the form of `movierec_ingest`.

1. **open_training** opens a training on the accepted batch and **take_snapshot** copies `core` to Parquet, in one
   transaction; everything after learns from that copy.
2. **build_features** splits the ratings in time (per viewer: the first 80 % known, the last 20 % held out) and
   describes the movies from the known ratings alone.
3. **list_rankers** adds to those of the form those they are compared with: popularity and the reigning champion, and
   puts them into groups, a task each: what takes long by itself, and some together of those that take seconds.
4. **fit_ranker** tunes a ranker if the form says so, then fits it on the known ratings.
5. **prepare_training_set** makes what learned rankers learn from, once for each set of ratings that they will be fitted
   on: the base rankers, taken where they have been fitted, and their candidates as they looked before windows that are
   held back. No stage sees what it will be asked. **fit_learned_ranker** is *fit_ranker* for these. **prepare_refit**
   prepares the same for all ratings, from which the champion will be published; nothing before that waits for it.
6. **evaluate_ranker**: ranks the whole catalogue for every viewer of the held-out ratings, or for as many as
   `MOVIEREC_EVALUATED_VIEWERS` says, drawn from them; then the same for a split of everybody's ratings at one moment,
   for which it is fitted again. **draw_pictures** shows what came of it (its button *Pictures*).
7. **compare** compares the best ranker by NDCG@10 with the reigning champion of the same dataset, which has learned
   from the same ratings, and writes the verdict with its reason to `ml.decision`. **refit_leader** fits the ranker that
   leads on everything meanwhile: most often it is what will be published.
8. **choose_champion** writes the winner to `ml.champion` (asset `movierec_champion`), **record_night** what is known of
   the night by now to `ops.night`.

#### The verdict
- `promote`: the lead is beyond chance (95 % interval of the paired difference above 0, p below .05 after Holm's
  correction over all challengers) and all guardrails hold; of challengers that are refused, the next best is looked at.
  The first training has no champion to meet: the best whose guardrails hold and whose leak check could be made wins,
  else popularity.
- `keep`: the champion is the best; or the lead is within chance and below 1 %; or the challenger is **refused**: its
  scores are constant or no numbers, its lists are popularity's or not whole, it is not better than popularity, or it
  knows what it is asked about (**leak**: its lists change when the held-out ratings are hidden from all it is built
  from, or it leads on the test window and not on one before).
- A challenger is **refused**, too, if it is below popularity or the champion beyond chance under the split that does
  not decide. *Deciding protocol* says which one does; `docs/evaluation.md` has the reasons for either.
- `ask`: a lead of 1 % or more within chance, or a sure one that hurts one softer guardrail (coverage below half of the
  champion's, a group of viewers worse off). **ask_person** then waits in Airflow's *Required Actions* with the reason.
  *Approve* promotes the challenger, *Reject* or two hours without an answer keep the champion. So it goes
  where the champion itself could not be fitted, too. When a run is repeated, Airflow goes on showing its first
  question; an answer to that is refused if it would be another one by now.

A ranker that cannot be fitted, scores no numbers or is switched off is out of the comparison, with the reason in
`ml.refused`. A learned ranker goes on without a base ranker that cannot be fitted; which one, and why, is in
`ml.left_out`.

#### Tuning
`tuning_trials` is the budget of every ranker, baselines included; 0 goes on with the values in `ml.tuned`, which are
kept per dataset. The search (Optuna) sees only the known ratings, divided once more in time. It starts from the best
values so far and the defaults; what it tried is in `ml.trial`. With a budget expect trials × the time of a fit.

#### Feedback
Where a viewer gave no rating, a view, a click or a like counts as much as `ml.feedback_weight` says: 0 to 1, from 0.5
on the movie counts as liked. To change it: `make sql Q="update ml.feedback_weight set weight = 0.2 where kind =
'click'"`; the next training's snapshot uses it.

#### Numbers
- `select * from ml.leaderboard order by training_id desc, ndcg_at_k desc`: means at 10 under both splits, and which
  hyper-parameters were tuned.
- `select * from ml.metric where training_id = …`: every metric at 10, 20 and 50 with its interval, under both splits
  (`protocol`), over all viewers and by activity, gender, age, and cold or warm movies (`dimension`, `stratum`).
- `select ranker, parameters, value from ml.tuned order by training_id desc`.
- `select verdict, reason, guardrails, decided_by from ml.decision order by training_id desc`.

Whatever is fitted is kept in the training's folder under a key of ranker, hyper-parameters, facts and code, and taken
by whoever needs it again, also by the next night if nothing has changed (the log says *taken*).

A training can be repeated from any task; a run keeps its training id and replaces what it wrote before.
"""

from datetime import timedelta

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import Param, TriggerRule, dag, get_current_context, task
from airflow.sdk.exceptions import AirflowSkipException

from movierec.data.seed import SEED
from movierec.evaluation.protocols import EVERYTHING, PROTOCOLS
from movierec.promotion.approvals import APPROVALS, DEFAULT_APPROVAL
from movierec.rankers.names import RANKERS
from movierec_approval import Approval
from movierec_connections import open_connection, plain_errors, settings, training_folder
from movierec_dag import (
    ANSWER_TIMEOUT,
    CHAMPION,
    COMPUTING_SLOTS,
    CORE,
    NIGHT_DEFAULTS,
    asset_or_time,
    foldable_group,
    id_param,
)
from movierec_nights import record_night
from movierec_pictures import DrawPictures
from movierec_reports import LeaderboardLink, with_button
from movierec_run import answer_of, approval, deciding_protocol, is_automatic, protocols, requested_batches

SEARCH_TIMEOUT = timedelta(hours=8)
# Where nothing is to be fitted of one kind, what comes next goes on; where all was skipped, since there is no training,
# there is nothing to go on with.
UNLESS_SKIPPED = TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS


@dag(
    **NIGHT_DEFAULTS | {"dagrun_timeout": timedelta(hours=12)},
    description="Snapshot, features, rankers, honest evaluation, champion",
    doc_md=__doc__,
    schedule=asset_or_time(CORE, "30 4,6 * * *"),
    tags=["movierec", "nightly"],
    params={
        "rankers": Param(
            list(RANKERS),
            type="array",
            title="Rankers",
            items={"type": "string", "enum": list(RANKERS)},
            examples=list(RANKERS),
            minItems=1,
            uniqueItems=True,
            description="What to fit and compare, beside popularity and the reigning champion.",
        ),
        "tuning_trials": Param(
            0,
            type="integer",
            minimum=0,
            maximum=100,
            title="Tuning trials",
            description="Settings to try for every ranker. 0: go on with the values of the last search.",
        ),
        "approval": Param(
            DEFAULT_APPROVAL,
            type="string",
            enum=list(APPROVALS),
            title="Approval",
            description="When a person is asked before the champion changes. Unanswered, the champion stays.",
        ),
        "protocols": Param(
            list(PROTOCOLS),
            type="array",
            title="Protocols",
            items={"type": "string", "enum": list(PROTOCOLS)},
            examples=list(PROTOCOLS),
            minItems=1,
            uniqueItems=True,
            description="Splits to evaluate on. The one that decides is always used; the global one costs a fit.",
        ),
        "deciding_protocol": Param(
            None,
            type=["null", "string"],
            enum=[None, *PROTOCOLS],
            title="Deciding protocol",
            description="The split by which rankers are compared. Empty: as MOVIEREC_DECIDING_PROTOCOL says.",
        ),
        "batch": id_param(
            "Batch", "Batch to learn from (ops.batch). Empty: the night that triggered the run, or the newest."
        ),
        "seed": Param(
            SEED,
            type="integer",
            minimum=0,
            maximum=2**31 - 1,
            title="Seed",
            description="Settles the order of ratings with equal timestamps in the splits, and of the search.",
        ),
    },
)
def movierec_train():  # noqa: PLR0915 (a table of contents, a few lines a task)
    @task
    def open_training() -> int:
        from movierec.training.snapshot import batch_to_train_on, open_training
        from movierec.training.store_mark import claim_store

        context = get_current_context()
        deciding_protocol()  # a wrong setting should not cost a night
        with open_connection() as conn:
            batch_id = batch_to_train_on(conn, requested_batches(), is_automatic())
            if batch_id is None:
                raise AirflowSkipException("the newest night has a champion already; the form's batch names another")
            claim_store(conn, settings())
            return open_training(conn, context["run_id"], batch_id, context["params"]["seed"])

    @task
    def take_snapshot(training_id: int) -> int:
        from movierec.training.snapshot import take_snapshot

        with open_connection() as conn:
            take_snapshot(conn, training_folder(training_id))
        return training_id

    @task
    def build_features(training_id: int) -> int:
        from movierec.training.fit import build_features

        with plain_errors():
            build_features(training_folder(training_id), get_current_context()["params"]["seed"])
        return training_id

    @task
    def list_rankers(training_id: int) -> dict[str, list[list[str]]]:
        from movierec.promotion.champion import rankers_to_fit
        from movierec.training.plan import group_rankers

        with open_connection() as conn:
            return dict(group_rankers(rankers_to_fit(conn, training_id, get_current_context()["params"]["rankers"])))

    # What tasks are mapped over has to be all that one task returns.
    @task
    def plan_fits(groups: dict[str, list[list[str]]], part: str) -> list[list[str]]:
        return groups[part]

    @task(map_index_template="{{ side }}", pool_slots=COMPUTING_SLOTS, trigger_rule=UNLESS_SKIPPED)
    def prepare_training_set(side: str, learned: list[list[str]], training_id: int) -> int:
        from movierec.training.fit import prepare_training_set

        get_current_context()["side"] = side
        names, folder = [name for group in learned for name in group], training_folder(training_id)
        with open_connection() as conn:
            return prepare_training_set(conn, folder, names, side, protocols(), deciding_protocol())

    @task(
        map_index_template="{{ rankers }}",
        pool_slots=COMPUTING_SLOTS,
        execution_timeout=SEARCH_TIMEOUT,
    )
    def fit_ranker(names: list[str], training_id: int) -> list[dict[str, object]]:
        from movierec.training.fit import fit_tuned

        context = get_current_context()
        context["rankers"], params = ", ".join(names), context["params"]
        search = {"trials": params["tuning_trials"], "seed": params["seed"]}
        with open_connection() as conn:
            return fit_tuned(conn, training_folder(training_id), names, **search)

    # Without learned rankers nothing is mapped over them, and what is not mapped is skipped.
    @task(map_index_template="{{ rankers }}", pool_slots=COMPUTING_SLOTS, trigger_rule=UNLESS_SKIPPED)
    def evaluate_ranker(names: list[str], fitted: list[object], training_id: int) -> dict[str, object]:
        from movierec.training.data import TrainingData
        from movierec.training.evaluate import evaluate_rankers

        get_current_context()["rankers"] = ", ".join(names)
        groups = [group for task_groups in fitted for group in task_groups or ()]
        outcomes = [each for group in groups for each in group if each["ranker"] in names]
        with open_connection() as conn:
            data, most = TrainingData(training_folder(training_id)), settings().evaluated_viewers
            return evaluate_rankers(conn, data, outcomes, protocols(), most)

    @task(pool_slots=COMPUTING_SLOTS)
    def compare(training_id: int) -> dict[str, object]:
        from movierec.kernels.parallel import all_cores
        from movierec.promotion.champion import compare

        with open_connection() as conn, all_cores():
            seed = get_current_context()["params"]["seed"]
            return compare(conn, training_folder(training_id), seed, deciding_protocol())

    @task(pool_slots=COMPUTING_SLOTS)
    def refit_leader(training_id: int) -> str | None:
        from movierec.promotion.champion import refit_leader

        with open_connection() as conn:
            return refit_leader(conn, training_folder(training_id), deciding_protocol())

    @task.branch
    def ask_if_unsure(decision: dict[str, object]) -> str:
        from movierec.promotion.approvals import needs_person

        return "ask_person" if needs_person(decision, approval()) else "choose_champion"

    # The champion has to be written whatever the answer is; a rejection skips what comes right after the question.
    @task(outlets=[CHAMPION], trigger_rule=UNLESS_SKIPPED)
    def choose_champion(training_id: int) -> str:
        from movierec.monitoring.events import champion_event
        from movierec.promotion.champion import choose_champion

        with open_connection() as conn:
            champion = choose_champion(conn, training_id, answer_of("ask_person", branch="ask_if_unsure"))
            get_current_context()["outlet_events"][CHAMPION].extra = champion_event(conn, training_id)
            return champion

    with foldable_group("snapshot", "What is learned from, and by whom"):
        training_id = build_features(take_snapshot(open_training()))
        groups = list_rankers(training_id)
        fits = plan_fits(groups, "fit")
        learned = plan_fits.override(task_id="plan_learned_fits")(groups, "fit_learned")
        evaluations = plan_fits.override(task_id="plan_evaluations")(groups, "evaluate")
    with foldable_group("fits", "Every ranker, tuned and fitted"):
        prepare = prepare_training_set.partial(learned=learned, training_id=training_id)
        prepared = prepare.expand(side=list(PROTOCOLS))
        fitted = fit_ranker.partial(training_id=training_id).expand(names=fits)
        fit_learned = fit_ranker.override(task_id="fit_learned_ranker").partial(training_id=training_id)
        fitted_learned = fit_learned.expand(names=learned)
        # Learned rankers build on the others, whose fits are taken.
        fitted >> prepared >> fitted_learned
        # Needed last, so it fills whatever the others leave idle; it takes what was fitted for the known sides.
        refit = prepare_training_set.override(task_id="prepare_refit")(EVERYTHING, learned, training_id)
        prepared >> refit
    with foldable_group("evaluation", "Every ranker, evaluated and drawn"):
        evaluate = evaluate_ranker.partial(fitted=[fitted, fitted_learned], training_id=training_id)
        evaluated = evaluate.expand(names=evaluations)
        evaluated >> DrawPictures(task_id="draw_pictures", training_id=training_id)
    with foldable_group("promotion", "Challenger against champion"):
        decision = with_button(compare(training_id), LeaderboardLink())
        evaluated >> decision
        leader = refit_leader(training_id)
        [evaluated, refit] >> leader
        ask_person = Approval(
            task_id="ask_person",
            subject="Shall {{ ti.xcom_pull('compare')['challenger'] }} become champion?",
            body="Training {{ ti.xcom_pull('open_training') }}: {{ ti.xcom_pull('compare')['reason'] }}",
            training_id="{{ ti.xcom_pull('open_training') }}",
            defaults=Approval.REJECT,
            response_timeout=ANSWER_TIMEOUT,
        )
        champion = with_button(choose_champion(training_id), LeaderboardLink())
        ask_if_unsure(decision) >> [ask_person, champion]
        leader >> champion
        ask_person >> EmptyOperator(task_id="approved") >> champion
    champion >> record_night().as_teardown()


movierec_train()
