"""How far one ranker is above another, in numbers and in words."""

from dataclasses import dataclass

import pandas as pd

from movierec.evaluation.protocols import CUTOFF, SIGNIFICANCE_LEVEL
from movierec.evaluation.significance import compare_with_best

MIN_P_SHOWN = 0.001  # a smaller p-value is written as "p < 0.001"


@dataclass(frozen=True)
class Lead:
    """A challenger's mean NDCG above the champion's, its interval, and p adjusted by Holm over all challengers."""

    mean: float
    low: float
    high: float
    p: float
    challengers: int

    @property
    def is_sure(self) -> bool:
        """Tell whether the lead is beyond chance."""
        return self.low > 0 and self.p < SIGNIFICANCE_LEVEL


def leads(values: pd.DataFrame, champion: str) -> dict[str, Lead]:
    """Compare every other ranker with the champion, all under one correction by Holm.

    `compare_with_best` returns the champion minus the other one, so the signs are turned round.
    """
    pairs = compare_with_best({str(name): values[name].to_numpy() for name in values}, champion)
    return {
        pair.other: Lead(-pair.difference.mean, -pair.difference.high, -pair.difference.low, pair.adjusted, len(pairs))
        for pair in pairs
    }


def rank_by_mean(values: pd.DataFrame, first: str) -> list[str]:
    """Order rankers by their mean; of equal ones `first` is before the others, then the name decides."""
    means = values.mean()
    return sorted((str(name) for name in means.index), key=lambda name: (-means[name], name != first, name))


def describe_best(values: pd.DataFrame, best: str, first: str) -> str:
    """Say how good the best ranker is and how far above the next one; of several next ones `first` is named."""
    means = values.mean()
    sentence = f"{best} has the best NDCG@{CUTOFF}, {means[best]:.4f} over {len(values)} viewers"
    others = rank_by_mean(values.drop(columns=best), first)
    if not others:
        return f"{sentence}; no other ranker was evaluated"
    (pair,) = compare_with_best({name: values[name].to_numpy() for name in (best, others[0])}, best)
    interval = pair.difference
    share = f"{means[best] / means[pair.other] - 1:+.1%} " if means[pair.other] else ""
    chance = "beyond chance" if interval.low > 0 or interval.high < 0 else "within chance"
    return (
        f"{sentence}: {share}over {pair.other} ({means[pair.other]:.4f}), {chance}: "
        f"the 95 % interval of the paired difference is {interval.low:+.4f} to {interval.high:+.4f}, "
        "of this comparison alone"
    )


def describe_lead(values: pd.DataFrame, challenger: str, champion: str, lead: Lead) -> str:
    """Say how far a challenger is above the champion."""
    means = values.mean()
    share = f"{means[challenger] / means[champion] - 1:+.1%} " if means[champion] else ""
    p = f"p = {lead.p:.3f}" if lead.p >= MIN_P_SHOWN else f"p < {MIN_P_SHOWN}"
    chance = "beyond chance" if lead.is_sure else "within chance"
    article = "the best" if means[challenger] == means.max() else "an"
    return (
        f"{challenger} has {article} NDCG@{CUTOFF}, {means[challenger]:.4f} over {len(values)} viewers: "
        f"{share}over the champion {champion} ({means[champion]:.4f}), {chance}: "
        f"the 95 % interval of the paired difference is {lead.low:+.4f} to {lead.high:+.4f}, "
        f"of this comparison alone, and {p}, adjusted by Holm over {lead.challengers} "
        f"challenger{'s' if lead.challengers > 1 else ''}"
    )
