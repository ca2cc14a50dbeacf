"""Challenger against champion: promote, keep or ask, and why. Nothing here reads or writes; see `promotion`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

from movierec.guardrails import Guardrail
from movierec.lead import Lead, in_words, lead_of, ranked, standing

WORTH_ASKING = 0.01  # a lead within chance, as a share of the champion's NDCG, from which on a person is asked
POPULARITY = "popularity"
NOTHING_TO_COMPARE = "no viewer liked a movie in the test window by which rankers could be judged"

Verdict = Literal["promote", "keep", "ask"]
Check = Callable[[str], list[Guardrail]]


@dataclass(frozen=True)
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
    if champion is not None and champion in refused:
        decision = _first(values, check, f"the champion {champion} cannot go on: {refused[champion]}")
    elif values.empty:
        decision = _nothing(champion)
    elif champion is None or champion not in values:
        decision = _first(values, check, "there was no champion" if champion is None else f"{champion} is no more")
    else:
        decision = _meet(values, champion, check)
    others = [f"{name} was refused: {reason}" for name, reason in refused.items() if name != champion]
    return Decision(**{**vars(decision), "reason": "; ".join([decision.reason, *others])})


def _nothing(champion: str | None) -> Decision:
    winner = champion or POPULARITY
    verdict: Verdict = "keep" if champion else "promote"
    return Decision(verdict, f"{winner}, because {NOTHING_TO_COMPARE}", None if champion else winner, champion)


def _first(values: pd.DataFrame, check: Check, why: str) -> Decision:
    """Without a champion the best one wins whose guardrails are not broken, else popularity."""
    fallen: list[str] = []
    for name in ranked(values, POPULARITY):
        guardrails = [] if name == POPULARITY else check(name)
        broken = [guardrail for guardrail in guardrails if guardrail.status == "broken"]
        if not broken:
            best = standing(values, name, POPULARITY)
            return Decision("promote", "; ".join([best, why, *fallen]), name, None, guardrails=guardrails)
        fallen.append(f"{name} was refused: {_words(broken)}")
    return Decision(
        "promote", "; ".join([f"{POPULARITY}, since no other ranker holds", why, *fallen]), POPULARITY, None
    )


def _meet(values: pd.DataFrame, champion: str, check: Check) -> Decision:
    best = ranked(values, champion)[0]
    if best == champion:
        return Decision("keep", f"{standing(values, champion, POPULARITY)}; it stays champion", None, champion)
    lead = lead_of(values, best, champion)
    guardrails = check(best)
    verdict, why = _verdict(lead, guardrails, float(values[champion].mean()))
    said = {"promote": f"{best} becomes champion", "keep": f"{champion} stays champion", "ask": "a person decides"}
    words = "; ".join([in_words(values, best, champion, lead), why, said[verdict]])
    return Decision(verdict, words, best, champion, lead, guardrails)


def _verdict(lead: Lead, guardrails: list[Guardrail], champions: float) -> tuple[Verdict, str]:
    broken = [guardrail for guardrail in guardrails if guardrail.status == "broken"]
    hurt = [guardrail for guardrail in guardrails if guardrail.status == "hurt"]
    if broken:
        return "keep", f"refused, because {_words(broken + hurt)}"
    if lead.is_sure:
        verdicts: list[Verdict] = ["promote", "ask", "keep"]
        return verdicts[min(len(hurt), 2)], f"but {_words(hurt)}" if hurt else "all guardrails hold"
    if hurt:
        return "keep", f"and {_words(hurt)}"
    if lead.mean >= WORTH_ASKING * champions:
        return "ask", "all guardrails hold"
    return "keep", f"a lead below {WORTH_ASKING:.0%} is not worth asking about"


def _words(guardrails: list[Guardrail]) -> str:
    return " and ".join(guardrail.words for guardrail in guardrails)
