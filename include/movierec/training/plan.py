"""Which fits of a training go together, and which have to be there before others."""

from collections.abc import Sequence

from movierec.rankers import registry

TOGETHER = 5  # short fits in one task: a task costs seconds before it does anything
LONG = ("neural",)  # takes minutes, as the learned rankers do


def group_for_fitting(names: Sequence[str]) -> list[list[str]]:
    """Put each ranker that takes long by itself and first, and of the others `TOGETHER` into a group."""
    long = [name for name in names if registry.is_learned(name) or name in LONG]
    others = [name for name in names if name not in long]
    return [[name] for name in long] + [others[start : start + TOGETHER] for start in range(0, len(others), TOGETHER)]
