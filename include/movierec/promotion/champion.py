"""Choose a training's champion: the rules' verdict in `ml.decision`, a person's where they are asked, `ml.champion`."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

import pandas as pd
from psycopg.types.json import Jsonb
from upath import UPath

from movierec.artifacts import load_frame
from movierec.data.columns import USER
from movierec.data.dataset import Dataset
from movierec.db import Connection, fetch, fetch_frame, run_sql
from movierec.errors import ModelError
from movierec.evaluation.evaluate import evaluate
from movierec.evaluation.protocols import CUTOFF
from movierec.features.content import MovieFeatures
from movierec.promotion import guardrails
from movierec.promotion.decision import POPULARITY, Decision, decide
from movierec.promotion.guardrails import Guardrail
from movierec.promotion.leaks import no_leak, not_another_model
from movierec.rankers import registry
from movierec.rankers.base import Ranker
from movierec.rankers.reranking.base import Learned
from movierec.training.folder import known_side

log = logging.getLogger(__name__)


def rankers_to_fit(conn: Connection, training_id: int, chosen: Sequence[str]) -> list[str]:
    """Return the chosen rankers, and whom they have to meet: popularity and the reigning champion."""
    champion = reigning(conn, training_id)
    met = [name for name in (POPULARITY, champion) if name in registry.RANKERS]
    return list(dict.fromkeys([*chosen, *met]))


def in_groups(names: Sequence[str]) -> list[list[str]]:
    """Put the learned rankers together, which share what they learn from, and first; every other one is by itself."""
    learned = [name for name in names if issubclass(registry.RANKERS[name], Learned)]
    others = [[name] for name in names if name not in learned]
    return [learned, *others] if learned else others


def reigning(conn: Connection, training_id: int) -> str | None:
    """Return the champion that was chosen last for the dataset of this training, before it."""
    place = {"training_id": training_id, **fetch(conn, "ml/dataset", {"training_id": training_id})[0]}
    found = fetch(conn, "ml/reigning", place)
    return str(found[0]["ranker"]) if found else None


def compare(conn: Connection, folder: UPath, training_id: int, seed: int = 0) -> dict[str, Any]:
    """Let the best ranker meet the reigning champion, keep the verdict, and return it with its reason."""
    place = {"training_id": training_id}
    ndcg = fetch_frame(conn, "ml/user_ndcg", {**place, "k": CUTOFF})
    values = ndcg.pivot(index=USER, columns="ranker", values="ndcg_at_k")
    coverage = {row["ranker"]: row["coverage_at_k"] for row in fetch(conn, "ml/evaluated", {**place, "k": CUTOFF})}
    refused = {row["ranker"]: row["reason"] for row in fetch(conn, "ml/refusals", place)}
    champion = reigning(conn, training_id)
    conn.commit()  # what follows takes a while
    met = champion if champion in values else None
    check = partial(inspect, folder, values, coverage, champion=met, seed=seed)
    decision = decide(values, champion, check, refused)
    run_sql(conn, "ml/decision", {**place, **_row(decision)})
    conn.commit()
    log.info("%s: %s", decision.verdict, decision.reason)
    return {name: getattr(decision, name) for name in ("verdict", "reason", "challenger", "champion")}


def inspect(
    folder: UPath, values: pd.DataFrame, coverage: Mapping[str, float], name: str, *, champion: str | None, seed: int
) -> list[Guardrail]:
    """Return the guardrails of a challenger, the costly one only where no other is broken."""
    dataset = Dataset.load(folder / "snapshot")
    known = dataset.with_ratings(load_frame(folder / "train.parquet"))
    ranker = registry.load(folder / "models" / name)
    lists = load_frame(folder / "lists" / f"{name}.parquet")
    found = [guardrails.scores(ranker), guardrails.whole_lists(lists, known, values.index, CUTOFF)]
    found += _against_popularity(folder, values, known, name, lists)
    if champion is not None:
        found.append(guardrails.covers(coverage[name], coverage[champion]))
        found.append(guardrails.spares_segments(values, name, champion, known))
    if all(guardrail.status != "broken" for guardrail in found):
        found.append(_leak(folder, dataset, known, ranker, lists, seed))
    return found


def _against_popularity(
    folder: UPath, values: pd.DataFrame, known: Dataset, name: str, lists: pd.DataFrame
) -> list[Guardrail]:
    """Compare with popularity; where the training has none to show, with one of default hyper-parameters."""
    try:
        if POPULARITY in values:
            popular = load_frame(folder / "lists" / f"{POPULARITY}.parquet")
        else:
            fitted = registry.create(POPULARITY).fit(known, MovieFeatures.load(folder / "features"))
            judged = evaluate(fitted, load_frame(folder / "test.parquet"), (CUTOFF,), relevant_from=known.relevant_from)
            values, popular = values.assign(**{POPULARITY: judged.at(CUTOFF)["ndcg"]}), judged.lists
    except ModelError as error:
        return [Guardrail("popularity", "broken", f"it could not be compared with popularity: {error}")]
    return [guardrails.better_than_popularity(values, name), guardrails.not_popularity(lists, popular, CUTOFF)]


def _leak(folder: UPath, dataset: Dataset, known: Dataset, ranker: Ranker, lists: pd.DataFrame, seed: int) -> Guardrail:
    """Try the ranker on an excerpt, and then whether the model that was judged is no other one."""
    make = partial(registry.create, ranker.name, **ranker.parameters())
    found = no_leak(make, known_side, dataset, load_frame(folder / "test.parquet"), seed)
    if found.status == "broken":
        return found
    # A learned ranker takes as long as all it learns from.
    again = None if isinstance(ranker, Learned) else lambda: make().fit(*known_side(dataset, known.ratings))
    stored = not_another_model(ranker, lists, known, again, seed)
    return stored if stored.status == "broken" else found


def needs_person(decision: Mapping[str, Any], approval: str) -> bool:
    """Tell whether a person is asked: when the rules are unsure, always when the champion would change, or never."""
    asked = {"when unsure": ("ask",), "always": ("ask", "promote"), "never": ()}
    return decision["champion"] is not None and decision["verdict"] in asked[approval]


def choose_champion(conn: Connection, training_id: int, answer: Mapping[str, Any] | None = None) -> str:
    """Keep the champion with the reason in words and who decided, and return its name.

    Args:
        conn: the warehouse.
        training_id: the training.
        answer: of the person who was asked: `is_approved`, and `by`, None where nobody answered in time; None where
            nobody was asked: what the rules are unsure about then stays as it is.

    Raises:
        ModelError: the challenger has not met the champion yet.
    """
    found = fetch(conn, "ml/find_decision", {"training_id": training_id})
    if not found:
        raise ModelError(f"training {training_id} has no verdict yet; run compare first")
    decision = found[0]
    promoted = answer["is_approved"] if answer else decision["verdict"] == "promote"
    winner = decision["challenger"] if promoted or decision["champion"] is None else decision["champion"]
    reason = decision["reason"] + _answer_in_words(decision, answer)
    decided_by = "rules" if answer is None else answer["by"] or "timeout"
    run_sql(conn, "ml/settle", {"training_id": training_id, "ranker": winner, "decided_by": decided_by})
    run_sql(conn, "ml/champion", {"training_id": training_id, "ranker": winner, "reason": reason})
    conn.commit()
    log.info("champion: %s, decided by %s: %s", winner, decided_by, reason)
    return str(winner)


def _answer_in_words(decision: Mapping[str, Any], answer: Mapping[str, Any] | None) -> str:
    if answer is None:
        return f"; nobody was asked, so {decision['champion']} stays" if decision["verdict"] == "ask" else ""
    if answer["by"] is None and not answer["is_approved"]:
        return f"; nobody answered in time, so {decision['champion']} stays"
    return f"; {answer['by']} {'approved' if answer['is_approved'] else 'rejected'} {decision['challenger']}"


def _row(decision: Decision) -> dict[str, Any]:
    lead = decision.lead
    return {
        **{name: getattr(decision, name) for name in ("challenger", "champion", "verdict", "reason")},
        **{f"lead_{name}": getattr(lead, name, None) for name in ("mean", "low", "high")},
        "p": getattr(lead, "p", None),
        "guardrails": Jsonb([asdict(guardrail) for guardrail in decision.guardrails]),
    }
