"""Which fits of a training go together, and which have to be there before others."""

from collections.abc import Sequence
from typing import TypedDict

from movierec.rankers import registry

TOGETHER = 5  # short fits in one task: a task costs seconds before it does anything
LONG = ("neural",)  # takes minutes


class Groups(TypedDict):
    """Groups of rankers, each for one task.

    Attributes:
        fit: what can be fitted at once; what takes long by itself and first, of the others `TOGETHER` in a group.
        fit_learned: what needs a training set, each by itself.
        evaluate: what is evaluated together, those first that take longest: all learned rankers in one group, as
            describing their candidates takes far longer than scoring them, then those that are fitted once more for it,
            the blend among them, and at last one that only scores.
    """

    fit: list[list[str]]
    fit_learned: list[list[str]]
    evaluate: list[list[str]]


def group_rankers(names: Sequence[str]) -> Groups:
    """Put the rankers of a training into groups."""
    learned = [name for name in names if registry.is_learned(name)]
    long = [name for name in names if name in LONG]
    others = [name for name in names if name not in (*learned, *long)]
    fit = [[name] for name in long] + [others[start : start + TOGETHER] for start in range(0, len(others), TOGETHER)]
    evaluate = ([learned] if learned else []) + fit[::-1]
    return Groups(fit=fit, fit_learned=[[name] for name in learned], evaluate=evaluate)
