"""The tables of quality: our rankers in order of NDCG@10, with what others published where it would stand."""

from collections.abc import Mapping, Sequence

import numpy as np

from movierec.bench.quality.protocols import Protocol
from movierec.bench.quality.run import Measurement
from movierec.evaluation.bootstrap import mean_interval
from movierec.evaluation.significance import PairedComparison, compare_with_best
from movierec.text_table import markdown

CHALLENGER = "hybrid"
UNKNOWN = "–"
MIN_P_VALUE = 0.001  # smaller ones are written as below it

ByRanker = Mapping[str, Measurement]
Rows = dict[str, tuple[float, list[str]]]  # by ranker: its NDCG@10, by which rows are ordered, and its cells


def table_over_splits(protocol: Protocol, measurements: Mapping[int, ByRanker]) -> list[str]:
    """Return the table of a protocol with several splits: the mean over them, and each one's value."""
    seeds = [f"seed {seed}" for seed in measurements]
    heads = ("ranker", "NDCG@10", *seeds, "recall@10", "published NDCG@10", "recall@10")
    rows: Rows = {}
    # A mean over fewer splits than the others have would not compare.
    for name in set.intersection(*(set(by_ranker) for by_ranker in measurements.values())):
        ndcg, recall = (
            [float(by_ranker[name].values[metric].mean()) for by_ranker in measurements.values()]
            for metric in ("ndcg", "recall")
        )
        cells = [
            _number(np.mean(ndcg)),
            *map(_number, ndcg),
            _number(np.mean(recall)),
            *_cells_of_paper(protocol, name),
        ]
        rows[name] = float(np.mean(ndcg)), cells
    return _table(heads, protocol, rows, published_columns=2)


def table_of_split(protocol: Protocol, by_ranker: ByRanker) -> list[str]:
    """Return the table of a protocol with one split: intervals over users, and the hybrid's lead over each ranker."""
    heads = ("ranker", "NDCG@10", "95 % interval", "recall@10", "the hybrid's lead", "p (Holm)", "published NDCG@10")
    leads = {lead.other: lead for lead in leads_over_others(by_ranker)}
    rows: Rows = {}
    for name, measurement in by_ranker.items():
        ndcg = mean_interval(measurement.values["ndcg"])
        recall = float(measurement.values["recall"].mean())
        cells = [_number(ndcg.mean), f"{_number(ndcg.low)} to {_number(ndcg.high)}", _number(recall)]
        rows[name] = ndcg.mean, [*cells, *_lead_cells(leads.get(name)), _cells_of_paper(protocol, name)[0]]
    return _table(heads, protocol, rows, published_columns=1)


def leads_over_others(by_ranker: ByRanker) -> list[PairedComparison]:
    """Compare the hybrid with every other ranker, user by user; nothing where it was not measured."""
    if CHALLENGER not in by_ranker or len(by_ranker) < 2:  # noqa: PLR2004
        return []
    users = by_ranker[CHALLENGER].values.index
    values = {name: measurement.values["ndcg"].reindex(users).to_numpy() for name, measurement in by_ranker.items()}
    return compare_with_best(values, CHALLENGER)


def p_value(value: float) -> str:
    """Write a p-value with three digits."""
    return "< .001" if value < MIN_P_VALUE else f"{value:.3f}"


def _table(heads: Sequence[str], protocol: Protocol, ours: Rows, published_columns: int) -> list[str]:
    gaps = [UNKNOWN] * (len(heads) - 1 - published_columns)
    others: Rows = {
        f"{name} (published)": (ndcg, [*gaps, *_cells_of_paper(protocol, name)[:published_columns]])
        for name, (ndcg, _) in protocol.published.items()
        if name not in ours
    }
    rows = sorted({**ours, **others}.items(), key=lambda row: -row[1][0])
    return markdown(heads, [[name, *cells] for name, (_, cells) in rows])


def _lead_cells(lead: PairedComparison | None) -> list[str]:
    if lead is None:
        return [UNKNOWN, UNKNOWN]
    by = lead.difference
    return [f"{by.mean:+.4f} ({by.low:+.4f} to {by.high:+.4f})", p_value(lead.adjusted)]


def _cells_of_paper(protocol: Protocol, name: str) -> list[str]:
    ndcg, recall = protocol.published.get(name, (None, None))
    return [_number(ndcg), _number(recall)]


def _number(value: float | np.floating | None) -> str:
    return UNKNOWN if value is None else f"{value:.4f}"
