"""How far one ranker is above another, in numbers and in words."""

from dataclasses import dataclass

import pandas as pd

from movierec.evaluation.protocols import CUTOFF, SIGNIFICANCE_LEVEL
from movierec.evaluation.significance import compare_with_best

SMALLEST_P = 0.001  # that is written out


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
    """Compare the champion with all others, so that they share Holm's correction, and turn the pairs round."""
    pairs = compare_with_best({str(name): values[name].to_numpy() for name in values}, champion)
    turned = ((pair, pair.difference) for pair in pairs)
    return {pair.other: Lead(-it.mean, -it.high, -it.low, pair.adjusted, len(pairs)) for pair, it in turned}


def ranked(values: pd.DataFrame, first: str) -> list[str]:
    """Order rankers by their mean; of equal ones `first` is before the others, then the name decides."""
    means = values.mean()
    return sorted((str(name) for name in means.index), key=lambda name: (-means[name], name != first, name))


def standing(values: pd.DataFrame, name: str, tie: str) -> str:
    """Say how good the best ranker is and how far above the next one; of equal others `tie` is named."""
    means = values.mean()
    best = f"{name} has the best NDCG@{CUTOFF}, {means[name]:.4f} over {len(values)} viewers"
    others = ranked(values.drop(columns=name), tie)
    if not others:
        return f"{best}; no other ranker was evaluated"
    (pair,) = compare_with_best({each: values[each].to_numpy() for each in (name, others[0])}, name)
    found = pair.difference
    share = f"{means[name] / means[pair.other] - 1:+.1%} " if means[pair.other] else ""
    chance = "beyond chance" if found.low > 0 else "within chance"
    return (
        f"{best}: {share}over {pair.other} ({means[pair.other]:.4f}), {chance}: "
        f"the 95 % interval of the paired difference is {found.low:+.4f} to {found.high:+.4f}, "
        "of this comparison alone"
    )


def in_words(values: pd.DataFrame, best: str, champion: str, lead: Lead) -> str:
    """Say how far a challenger is above the champion."""
    means = values.mean()
    share = f"{means[best] / means[champion] - 1:+.1%} " if means[champion] else ""
    p = f"p = {lead.p:.3f}" if lead.p >= SMALLEST_P else f"p < {SMALLEST_P}"
    chance = "beyond chance" if lead.is_sure else "within chance"
    which = "the best" if means[best] == means.max() else "an"
    return (
        f"{best} has {which} NDCG@{CUTOFF}, {means[best]:.4f} over {len(values)} viewers: "
        f"{share}over the champion {champion} ({means[champion]:.4f}), {chance}: "
        f"the 95 % interval of the paired difference is {lead.low:+.4f} to {lead.high:+.4f}, "
        f"of this comparison alone, and {p}, adjusted by Holm over {lead.challengers} "
        f"challenger{'s' if lead.challengers > 1 else ''}"
    )
