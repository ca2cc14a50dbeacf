"""Choose a training's champion: the rules decide, or a person where they are unsure (`ml.decision`, `ml.champion`)."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from typing import Any

import pandas as pd
from psycopg.types.json import Jsonb

from movierec.data.columns import USER
from movierec.db import Connection, fetch, fetch_frame, run_sql
from movierec.errors import ModelError
from movierec.evaluation.protocols import CUTOFF, PER_USER_TEMPORAL, PROTOCOLS
from movierec.promotion.challenger import check_guardrails
from movierec.promotion.decision import POPULARITY, Decision, decide
from movierec.promotion.lead import rank_by_mean
from movierec.promotion.questions import is_outdated
from movierec.rankers import registry
from movierec.rankers.building_blocks.fitting_together import log_failure
from movierec.training.data import TrainingData
from movierec.training.folder import TrainingFolder

log = logging.getLogger(__name__)


def rankers_to_fit(conn: Connection, training_id: int, selected: Sequence[str]) -> list[str]:
    """Return the selected rankers and those they are compared with: popularity and the reigning champion."""
    opponents = [name for name in (POPULARITY, reigning_champion(conn, training_id)) if name in registry.RANKERS]
    return list(dict.fromkeys([*selected, *opponents]))


def reigning_champion(conn: Connection, training_id: int) -> str | None:
    """Return the champion that was chosen last, before this training, for the same dataset; None before the first."""
    key = {"training_id": training_id, **fetch(conn, "ml/training_dataset", {"training_id": training_id})[0]}
    rows = fetch(conn, "ml/reigning_champion", key)
    return str(rows[0]["ranker"]) if rows else None


def compare(
    conn: Connection, folder: TrainingFolder, seed: int = 0, protocol: str = PER_USER_TEMPORAL
) -> dict[str, Any]:
    """Compare the best ranker with the reigning champion, store the verdict, and return it with its reason.

    Args:
        conn: the warehouse.
        folder: of the training.
        seed: of the excerpt in which leaks are searched for.
        protocol: under which rankers are compared; under the other one, where it was evaluated, a challenger must not
            be below popularity or the champion.
    """
    key = {"training_id": folder.training_id}
    ndcg = {name: _ndcg(conn, folder.training_id, name) for name in PROTOCOLS}
    values = ndcg[protocol]
    coverage = {row["ranker"]: row["coverage_at_k"] for row in fetch(conn, "ml/ranker_coverage", {**key, "k": CUTOFF})}
    refused = {row["ranker"]: row["reason"] for row in fetch(conn, "ml/refusals", key)}
    unevaluated = [str(name) for table in ndcg.values() for name in table if name not in values]
    refused |= dict.fromkeys(unevaluated, f"it could not be evaluated under {protocol}")
    champion = reigning_champion(conn, folder.training_id)
    conn.commit()  # what follows takes a while
    evaluated_champion = champion if champion in values else None
    check = partial(
        check_guardrails, TrainingData(folder), ndcg, coverage, protocol, champion=evaluated_champion, seed=seed
    )
    decision = decide(values, champion, check, refused)
    if protocol != PER_USER_TEMPORAL:
        decision = replace(decision, reason=f"{decision.reason}; compared under {protocol}")
    run_sql(conn, "ml/record_decision", {**key, "protocol": protocol, **_decision_row(decision)})
    conn.commit()
    log.info("%s: %s", decision.verdict, decision.reason)
    return {name: getattr(decision, name) for name in ("verdict", "reason", "challenger", "champion")}


def _ndcg(conn: Connection, training_id: int, protocol: str) -> pd.DataFrame:
    """Return NDCG@10 of every viewer (rows) under every ranker (columns); empty where nobody was evaluated."""
    rows = fetch_frame(conn, "ml/user_ndcg", {"training_id": training_id, "protocol": protocol, "k": CUTOFF})
    return rows.pivot(index=USER, columns="ranker", values="ndcg_at_k")


def refit_leader(conn: Connection, folder: TrainingFolder, protocol: str = PER_USER_TEMPORAL) -> str | None:
    """Fit the ranker with the best NDCG@10 on everything while it is compared: most often it is what is published next.

    The publication takes this fit. Whatever keeps it from being made is logged and nothing more: the champion may be
    another one, and if it is this one, the publication meets the same.

    Returns:
        Its name; None where nobody was evaluated or it could not be fitted.
    """
    values = _ndcg(conn, folder.training_id, protocol)
    conn.commit()  # what follows takes a while
    if values.empty:
        return None
    name = rank_by_mean(values, POPULARITY)[0]
    try:
        TrainingData(folder).refit(name, protocol)
    except Exception as error:
        log_failure(error, f"refit {name}")
        return None
    return name


def choose_champion(conn: Connection, training_id: int, answer: Mapping[str, Any] | None = None) -> str:
    """Store the champion with the reason in words and who decided, and return its name.

    Args:
        conn: the warehouse.
        training_id: the training.
        answer: of the person who was asked: `is_approved`, and `by`, None where nobody answered in time; None where
            nobody was asked: what the rules are unsure about then stays as it is. An answer to another question
            (`question`) than the one that was shown is refused, and the champion stays.

    Raises:
        ModelError: the challenger has not been compared with the champion yet.
    """
    rows = fetch(conn, "ml/find_decision", {"training_id": training_id})
    if not rows:
        raise ModelError(f"training {training_id} has no verdict yet; run compare first")
    decision = rows[0]
    if answer and is_outdated(conn, training_id, answer):
        answer = {**answer, "is_approved": False, "is_outdated": True}
    promoted = answer["is_approved"] if answer else decision["verdict"] == "promote"
    winner = decision["challenger"] if promoted or decision["champion"] is None else decision["champion"]
    reason = decision["reason"] + _answer_in_words(decision, answer)
    decided_by = "rules" if answer is None or "is_outdated" in answer else answer["by"] or "timeout"
    run_sql(conn, "ml/record_outcome", {"training_id": training_id, "ranker": winner, "decided_by": decided_by})
    run_sql(conn, "ml/record_champion", {"training_id": training_id, "ranker": winner, "reason": reason})
    conn.commit()
    log.info("champion: %s, decided by %s: %s", winner, decided_by, reason)
    return str(winner)


def _answer_in_words(decision: Mapping[str, Any], answer: Mapping[str, Any] | None) -> str:
    if answer is None:
        return f"; nobody was asked, so {decision['champion']} stays" if decision["verdict"] == "ask" else ""
    if answer.get("is_outdated"):
        return (
            f"; the answer of {answer['by'] or 'nobody'} was to what this run asked before it was repeated, so "
            f"{decision['champion']} stays: start a new training to be asked again"
        )
    if answer["by"] is None and not answer["is_approved"]:
        return f"; nobody answered in time, so {decision['champion']} stays"
    return f"; {answer['by']} {'approved' if answer['is_approved'] else 'rejected'} {decision['challenger']}"


def _decision_row(decision: Decision) -> dict[str, Any]:
    lead = decision.lead
    return {
        **{name: getattr(decision, name) for name in ("challenger", "champion", "verdict", "reason")},
        **{f"lead_{name}": getattr(lead, name, None) for name in ("mean", "low", "high")},
        "p": getattr(lead, "p", None),
        "guardrails": Jsonb([asdict(guardrail) for guardrail in decision.guardrails]),
    }
