"""The figures on quality as tables, for a terminal and for the documentation."""

import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np

from movierec.bench.ingestion import report
from movierec.bench.quality.protocols import PROTOCOLS, Protocol
from movierec.bench.quality.run import Measured
from movierec.data.dataset import Dataset
from movierec.evaluation.significance import Comparison, compare_with_best, mean_interval

HEADING = "## Ranking quality"
PACKAGES = ("numpy", "scipy", "numba", "scikit-learn", "lightgbm")
CHALLENGER, BASE = "hybrid", "ease"
Found = Mapping[int, Mapping[str, Measured]]


def lines(protocol: Protocol, found: Found, dataset: Dataset, trials: int) -> list[str]:
    """Return the lines of one protocol: what was done, a table, the goal, and what it was measured on."""
    rows = several(protocol, found) if protocol.seeds is None else one(protocol, next(iter(found.values())))
    asked = (
        f"Seed{'s' * (len(found) > 1)} {', '.join(map(str, found))}; hyper-parameters: {_settings(protocol, trials)}."
    )
    text = [f"### {protocol.title}", "", protocol.text, asked, "", *rows, ""]
    if protocol.published:
        text.append(f"Published: {protocol.source}.")
    if protocol.goal:
        text.append(f"Goal: {protocol.goal}.")
    return [*text, *_lead(found), _sizes(dataset), machine()]


def several(protocol: Protocol, found: Found) -> list[str]:
    """Return the table of a protocol with several splits: the mean over them, and each one's value."""
    head = ("ranker", "NDCG@10", *(f"seed {seed}" for seed in found), "recall@10", "published NDCG@10", "recall@10")
    table: dict[str, tuple[float, list[str]]] = {}
    # A mean over fewer splits than the others have would not compare.
    for name in set.intersection(*(set(judged) for judged in found.values())):
        ndcg, recall = (
            [float(judged[name].values[metric].mean()) for judged in found.values()] for metric in ("ndcg", "recall")
        )
        cells = [_four(np.mean(ndcg)), *map(_four, ndcg), _four(np.mean(recall)), *_published(protocol, name)]
        table[name] = float(np.mean(ndcg)), cells
    return _table(head, protocol, table, len(found))


def one(protocol: Protocol, judged: Mapping[str, Measured]) -> list[str]:
    """Return the table of a protocol with one split: intervals over users, and the hybrid's lead over each ranker."""
    head = ("ranker", "NDCG@10", "95 % interval", "recall@10", "the hybrid's lead", "p (Holm)", "published NDCG@10")
    leads = {lead.other: lead for lead in _leads(judged)}
    table: dict[str, tuple[float, list[str]]] = {}
    for name, measured in judged.items():
        found = mean_interval(measured.values["ndcg"])
        recall = float(measured.values["recall"].mean())
        cells = [_four(found.mean), f"{_four(found.low)} to {_four(found.high)}", _four(recall)]
        table[name] = found.mean, [*cells, *_lead_cells(leads.get(name)), _published(protocol, name)[0]]
    return _table(head, protocol, table, 0)


def _table(head: Sequence[str], protocol: Protocol, ours: dict[str, tuple[float, list[str]]], seeds: int) -> list[str]:
    """Order our rankers by NDCG@10; what was only published stands where it would be."""
    gaps = ["–"] * (len(head) - 2 - (2 if seeds else 1))
    others = {
        f"{name} (published)": (value, ["–", *gaps, *_published(protocol, name)[: 2 if seeds else 1]])
        for name, (value, _) in protocol.published.items()
        if name not in ours
    }
    rows = sorted({**ours, **others}.items(), key=lambda row: -row[1][0])
    body = [report.cells([name, *cells]) for name, (_, cells) in rows]
    return [report.cells(head), report.cells(["---", *["---:"] * (len(head) - 1)]), *body]


def _leads(judged: Mapping[str, Measured]) -> list[Comparison]:
    if CHALLENGER not in judged or len(judged) < 2:  # noqa: PLR2004
        return []
    users = judged[CHALLENGER].values.index
    values = {name: measured.values["ndcg"].reindex(users).to_numpy() for name, measured in judged.items()}
    return compare_with_best(values, CHALLENGER)


def _lead(found: Found) -> list[str]:
    """Say how far the hybrid is ahead of EASE."""
    told = []
    for seed, judged in found.items():
        base = next((lead for lead in _leads(judged) if lead.other == BASE), None)
        if base is not None:
            share = base.difference.mean / float(judged[BASE].values["ndcg"].mean())
            bounds = f"{base.difference.low:+.4f} to {base.difference.high:+.4f}"
            told.append(f"{share:+.1%} (paired 95 % interval {bounds}, p {_p(base.adjusted)}, seed {seed})")
    return [f"The hybrid over EASE: {'; '.join(told)}."] if told else []


def _lead_cells(lead: Comparison | None) -> list[str]:
    if lead is None:
        return ["–", "–"]
    found = lead.difference
    return [f"{found.mean:+.4f} ({found.low:+.4f} to {found.high:+.4f})", _p(lead.adjusted)]


def _p(value: float) -> str:
    return "< .001" if value < 0.001 else f"{value:.3f}"  # noqa: PLR2004


def _published(protocol: Protocol, name: str) -> list[str]:
    ndcg, recall = protocol.published.get(name, (None, None))
    return [_four(ndcg), _four(recall)]


def _four(value: float | np.floating | None) -> str:
    return "–" if value is None else f"{value:.4f}"


def _settings(protocol: Protocol, trials: int) -> str:
    if not trials or protocol.seeds is not None:
        return "defaults"
    return f"plain rankers tuned with {trials} trials each on the validation rows, the learned ones at their defaults"


def _sizes(dataset: Dataset) -> str:
    ratings = dataset.ratings
    return f"{len(ratings):,} ratings, {ratings['user_id'].nunique():,} users, {len(dataset.movies):,} movies."


def machine() -> str:
    """Say when and with what it was measured."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return f"Measured on {datetime.now(UTC):%Y-%m-%d}: {cores} cores, Python {platform.python_version()}, {packages}."


def write(path: Path, name: str, table: Sequence[str]) -> None:
    """Put one protocol's lines between its markers in the section on quality; other protocols and sections stay."""
    kept = {other: block for other in PROTOCOLS if (block := _block(report.section(path, HEADING), other))}
    kept[name] = [*table]
    body: list[str] = []
    for other in PROTOCOLS:
        if other in kept:
            body += [_marker(other), *kept[other], _marker(other, ends=True), ""]
    report.write_section(path, HEADING, body[:-1])


def _block(section: Sequence[str], name: str) -> list[str]:
    start, end = _marker(name), _marker(name, ends=True)
    return [*section[section.index(start) + 1 : section.index(end)]] if start in section and end in section else []


def _marker(name: str, ends: bool = False) -> str:
    return f"<!-- {'/' if ends else ''}quality: {name} -->"
