"""Challenger against champion: promote, keep or ask, and why. Nothing here reads or writes; see `champion`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import pandas as pd

from movierec.config import SWITCHED_OFF
from movierec.promotion.guardrails import Guardrail
from movierec.promotion.lead import Lead, describe_best, describe_lead, leads, rank_by_mean

MIN_LEAD_TO_ASK = 0.01  # of a lead within chance, as a share of the champion's NDCG, for a person to be asked
POPULARITY = "popularity"
UNTRIED = ("leak", "hurt")  # nobody knows whether the ranker has seen the test
NOTHING_TO_COMPARE = "no viewer liked a movie in the test window by which rankers could be evaluated"

Verdict = Literal["promote", "keep", "ask"]
Check = Callable[[str], list[Guardrail]]


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What the rules say, in a verdict and in words."""

    verdict: Verdict
    reason: str
    challenger: str | None
    champion: str | None
    lead: Lead | None = None
    guardrails: list[Guardrail] = field(default_factory=list)


def decide(values: pd.DataFrame, champion: str | None, check: Check, refused: Mapping[str, str]) -> Decision:
    """Compare the best ranker with the reigning champion.

    Args:
        values: NDCG@10 of every viewer (rows) under every ranker (columns).
        champion: the reigning one, None before the first.
        check: returns a challenger's guardrails.
        refused: rankers that take no part, and why.
    """
    if values.empty:
        decision = _decide_without_values(champion)
    elif champion is not None and champion in refused:
        decision = _propose_successor(values, champion, check, refused[champion])
    elif champion is None or champion not in values:
        why = "there was no champion" if champion is None else f"{champion} is no more"
        decision = _choose_first(values, check, why)
    else:
        decision = _challenge(values, champion, check)
    others = [_describe_absence(name, reason) for name, reason in refused.items() if name != champion]
    return replace(decision, reason="; ".join([decision.reason, *others]))


def _describe_absence(name: str, reason: str) -> str:
    """Say why a ranker takes no part: what somebody has switched off has not failed."""
    return f"{name} was {'left out' if reason == SWITCHED_OFF else 'refused'}: {reason}"


def _propose_successor(values: pd.DataFrame, champion: str, check: Check, why: str) -> Decision:
    """Ask who follows a champion that failed: nobody has shown a lead over it, and its lists are still live."""
    first = _choose_first(values, check, f"the champion {champion} cannot go on: {why}")
    reason = f"{first.reason}; a person decides whether {first.challenger} follows"
    return Decision(
        verdict="ask", reason=reason, challenger=first.challenger, champion=champion, guardrails=first.guardrails
    )


def _decide_without_values(champion: str | None) -> Decision:
    winner = champion or POPULARITY
    verdict: Verdict = "keep" if champion else "promote"
    reason = f"{winner}, because {NOTHING_TO_COMPARE}"
    return Decision(verdict=verdict, reason=reason, challenger=None if champion else winner, champion=champion)


def _choose_first(values: pd.DataFrame, check: Check, why: str) -> Decision:
    """Without a champion the best one wins whose guardrails are not broken, else popularity.

    No lead stands for it, so it must have shown that it does not know the test.
    """
    refusals: list[str] = []
    for name in rank_by_mean(values, POPULARITY):
        guardrails = [] if name == POPULARITY else check(name)
        broken = [each for each in guardrails if each.status == "broken" or (each.name, each.status) == UNTRIED]
        if not broken:
            reason = "; ".join([describe_best(values, name, POPULARITY), why, *refusals])
            return Decision(verdict="promote", reason=reason, challenger=name, champion=None, guardrails=guardrails)
        refusals.append(f"{name} was refused: {_join_words(broken)}")
    reason = "; ".join([f"{POPULARITY}, since no other ranker holds", why, *refusals])
    return Decision(verdict="promote", reason=reason, challenger=POPULARITY, champion=None)


def _challenge(values: pd.DataFrame, champion: str, check: Check) -> Decision:
    """Compare the challengers above the champion with it, best first, until one is not turned away."""
    lead_of = leads(values, champion)
    order = rank_by_mean(values, champion)
    above = order[: order.index(champion)]
    if not above:
        best = describe_best(values, champion, POPULARITY)
        return Decision(verdict="keep", reason=f"{best}; it stays champion", challenger=None, champion=champion)
    decisions: list[Decision] = []
    for name in above:
        # Only the best is checked whatever its lead: checks are costly, and a small lead would change nothing.
        if not decisions or _is_worth_asking(lead_of[name], values, champion):
            decisions.append(_compare(values, name, champion, lead_of[name], check(name)))
        if decisions[-1].verdict != "keep":
            break
    outcome = decisions[-1] if decisions[-1].verdict != "keep" else decisions[0]
    sentences = {
        "promote": f"{outcome.challenger} becomes champion",
        "keep": f"{champion} stays champion",
        "ask": f"a person decides about {outcome.challenger}",
    }
    reasons = [each.reason for each in decisions]
    return replace(outcome, reason="; ".join([*reasons, sentences[outcome.verdict]]))


def _compare(values: pd.DataFrame, name: str, champion: str, lead: Lead, guardrails: list[Guardrail]) -> Decision:
    verdict, why = _verdict(lead, guardrails, float(values[champion].mean()))
    reason = f"{describe_lead(values, name, champion, lead)}; {why}"
    return Decision(
        verdict=verdict, reason=reason, challenger=name, champion=champion, lead=lead, guardrails=guardrails
    )


def _is_worth_asking(lead: Lead, values: pd.DataFrame, champion: str) -> bool:
    return lead.is_sure or lead.mean >= MIN_LEAD_TO_ASK * float(values[champion].mean())


def _verdict(lead: Lead, guardrails: list[Guardrail], champion_ndcg: float) -> tuple[Verdict, str]:
    broken = [guardrail for guardrail in guardrails if guardrail.status == "broken"]
    hurt = [guardrail for guardrail in guardrails if guardrail.status == "hurt"]
    if broken:
        return "keep", f"refused, because {_join_words(broken + hurt)}"
    if lead.is_sure:
        verdicts: list[Verdict] = ["promote", "ask", "keep"]
        return verdicts[min(len(hurt), 2)], f"but {_join_words(hurt)}" if hurt else "all guardrails hold"
    if hurt:
        return "keep", f"and {_join_words(hurt)}"
    if lead.mean >= MIN_LEAD_TO_ASK * champion_ndcg:
        return "ask", "all guardrails hold"
    return "keep", f"a lead below {MIN_LEAD_TO_ASK:.0%} is not worth asking about"


def _join_words(guardrails: list[Guardrail]) -> str:
    return " and ".join(guardrail.words for guardrail in guardrails)
