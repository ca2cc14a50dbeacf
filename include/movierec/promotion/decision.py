"""Challenger against champion: promote, keep or ask, and why. Nothing here reads or writes; see `champion`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import pandas as pd

from movierec.promotion.guardrails import Guardrail
from movierec.promotion.lead import Lead, in_words, leads, ranked, standing

WORTH_ASKING = 0.01  # a lead within chance, as a share of the champion's NDCG, from which on a person is asked
POPULARITY = "popularity"
UNTRIED = ("leak", "hurt")  # nobody knows whether it has seen the test
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
    if values.empty:
        decision = _nothing(champion)
    elif champion is not None and champion in refused:
        decision = _succeed(values, champion, check, refused[champion])
    elif champion is None or champion not in values:
        decision = _first(values, check, "there was no champion" if champion is None else f"{champion} is no more")
    else:
        decision = _meet(values, champion, check)
    others = [f"{name} was refused: {reason}" for name, reason in refused.items() if name != champion]
    return Decision(**{**vars(decision), "reason": "; ".join([decision.reason, *others])})


def _succeed(values: pd.DataFrame, champion: str, check: Check, why: str) -> Decision:
    """Ask who follows a champion that failed: nobody has shown a lead over it, and its lists are still live."""
    found = _first(values, check, f"the champion {champion} cannot go on: {why}")
    reason = f"{found.reason}; a person decides whether {found.challenger} follows"
    return Decision("ask", reason, found.challenger, champion, guardrails=found.guardrails)


def _nothing(champion: str | None) -> Decision:
    winner = champion or POPULARITY
    verdict: Verdict = "keep" if champion else "promote"
    return Decision(verdict, f"{winner}, because {NOTHING_TO_COMPARE}", None if champion else winner, champion)


def _first(values: pd.DataFrame, check: Check, why: str) -> Decision:
    """Without a champion the best one wins whose guardrails are not broken, else popularity.

    No lead stands for it, so it must have shown that it does not know the test.
    """
    fallen: list[str] = []
    for name in ranked(values, POPULARITY):
        guardrails = [] if name == POPULARITY else check(name)
        broken = [each for each in guardrails if each.status == "broken" or (each.name, each.status) == UNTRIED]
        if not broken:
            best = standing(values, name, POPULARITY)
            return Decision("promote", "; ".join([best, why, *fallen]), name, None, guardrails=guardrails)
        fallen.append(f"{name} was refused: {_words(broken)}")
    return Decision(
        "promote", "; ".join([f"{POPULARITY}, since no other ranker holds", why, *fallen]), POPULARITY, None
    )


def _meet(values: pd.DataFrame, champion: str, check: Check) -> Decision:
    """Let the challengers above the champion meet it, best first, until one is not turned away."""
    found = leads(values, champion)
    order = ranked(values, champion)
    above = order[: order.index(champion)]
    if not above:
        return Decision("keep", f"{standing(values, champion, POPULARITY)}; it stays champion", None, champion)
    met: list[Decision] = []
    for name in above:
        # Only the best is looked at whatever its lead: the checks are costly, and a small lead would change nothing.
        if not met or _is_worth_asking(found[name], values, champion):
            met.append(_one(values, name, champion, found[name], check(name)))
        if met[-1].verdict != "keep":
            break
    said = {"promote": "{} becomes champion", "keep": f"{champion} stays champion", "ask": "a person decides about {}"}
    last = met[-1] if met[-1].verdict != "keep" else met[0]
    words = [*(each.reason for each in met), said[last.verdict].format(last.challenger)]
    return replace(last, reason="; ".join(words))


def _one(values: pd.DataFrame, name: str, champion: str, lead: Lead, guardrails: list[Guardrail]) -> Decision:
    verdict, why = _verdict(lead, guardrails, float(values[champion].mean()))
    return Decision(verdict, f"{in_words(values, name, champion, lead)}; {why}", name, champion, lead, guardrails)


def _is_worth_asking(lead: Lead, values: pd.DataFrame, champion: str) -> bool:
    return lead.is_sure or lead.mean >= WORTH_ASKING * float(values[champion].mean())


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
