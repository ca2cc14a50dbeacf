"""The figures on quality as sections of text and tables, for a terminal and for the documentation."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from movierec.bench.machine import describe, with_version
from movierec.bench.page import write_block
from movierec.bench.quality.protocols import PROTOCOLS, Protocol
from movierec.bench.quality.tables import ByRanker, leads_over_others, p_value, table_of_split, table_over_splits
from movierec.data.columns import USER
from movierec.data.dataset import Dataset

HEADING = "## Ranking quality"
PACKAGES = ("numpy", "scipy", "numba", "scikit-learn", "lightgbm")
BASELINE = "ease"


def lines(protocol: Protocol, measurements: Mapping[int, ByRanker], dataset: Dataset, trials: int) -> list[str]:
    """Return the lines of one protocol: what was done, a table, the goal, and what it was measured on."""
    if protocol.seeds is None:
        table = table_over_splits(protocol, measurements)
    else:
        table = table_of_split(protocol, next(iter(measurements.values())))
    seeds = f"Seed{'s' * (len(measurements) > 1)} {', '.join(map(str, measurements))}"
    settings = f"{seeds}; hyper-parameters: {_settings(protocol, trials)}."
    text = [f"### {protocol.title}", "", protocol.text, settings, "", *table, ""]
    if protocol.published:
        text.append(f"Published: {protocol.source}.")
    if protocol.goal:
        text.append(f"Goal: {protocol.goal}.")
    machine = describe([with_version(package) for package in PACKAGES])
    return [*text, *_lead_over_baseline(measurements), _sizes(dataset), machine]


def _lead_over_baseline(measurements: Mapping[int, ByRanker]) -> list[str]:
    """Say how far the hybrid is ahead of EASE on each split."""
    leads = []
    for seed, by_ranker in measurements.items():
        lead = next((lead for lead in leads_over_others(by_ranker) if lead.other == BASELINE), None)
        if lead is not None:
            share = lead.difference.mean / float(by_ranker[BASELINE].values["ndcg"].mean())
            bounds = f"{lead.difference.low:+.4f} to {lead.difference.high:+.4f}"
            leads.append(f"{share:+.1%} (paired 95 % interval {bounds}, p {p_value(lead.adjusted)}, seed {seed})")
    return [f"The hybrid over EASE: {'; '.join(leads)}."] if leads else []


def _settings(protocol: Protocol, trials: int) -> str:
    if not trials or protocol.seeds is not None:
        return "defaults"
    return f"plain rankers tuned with {trials} trials each on the validation rows, the learned ones at their defaults"


def _sizes(dataset: Dataset) -> str:
    ratings = dataset.ratings
    return f"{len(ratings):,} ratings, {ratings[USER].nunique():,} users, {len(dataset.movies):,} movies."


def write(path: Path, name: str, lines: Sequence[str]) -> None:
    """Put one protocol's lines between its markers in the section on quality; other protocols and sections stay."""
    write_block(path, HEADING, "quality", name, lines, order=tuple(PROTOCOLS))
