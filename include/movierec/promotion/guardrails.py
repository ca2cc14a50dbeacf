"""What a challenger must not do, however good its mean: each check says in words what it found."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from movierec.data.arrays import Floats, Ints
from movierec.data.columns import MOVIE, RANK, USER
from movierec.data.dataset import Dataset
from movierec.evaluation.protocols import CUTOFF, SIGNIFICANCE_LEVEL
from movierec.evaluation.significance import holm, paired_bootstrap, paired_p_value
from movierec.evaluation.strata import DIMENSION, STRATUM, strata
from movierec.rankers.base import Ranker
from movierec.rankers.top_k import top_k

NOISE = 1e-6  # of the largest score: what scores may differ by and yet be the same
SAMPLE = 200  # users whose scores are looked at
OVERLAP = 0.8  # of lists with popularity's, from which on a ranker is popularity under another name
COVERAGE = 0.5  # of the champion's
SEGMENT_USERS = 30

Status = Literal["holds", "hurt", "broken"]


@dataclass(frozen=True)
class Guardrail:
    """One check: it holds, is hurt (a person may decide) or broken (the challenger is refused)."""

    name: str
    status: Status
    words: str


def scores(ranker: Ranker) -> Guardrail:
    """Scores are finite, and the order they give says something: movies do not tie, and not everybody gets the same."""
    places = np.unique(np.linspace(0, ranker.history_.shape[0] - 1, SAMPLE).astype(np.int64))
    found = ranker.scores(places)
    broken = int((~np.isfinite(found)).sum())
    if broken:
        return Guardrail("scores", "broken", f"{broken} of {found.size} scores are no finite numbers")
    tied = _tied(found, ranker, places)
    status: Status = "broken" if tied > len(places) / 2 else "holds"
    if status == "holds" and len(places) > 1 and _is_one_order(found):
        return Guardrail("scores", "broken", f"all of {len(places)} viewers get the same order of movies")
    return Guardrail("scores", status, f"the first {CUTOFF} movies have one score for {tied} of {len(places)} viewers")


def _is_one_order(found: Floats) -> bool:
    """Tell whether the best movies of everybody are the same in the same order; ties are settled by the movie's id."""
    order = top_k(found, CUTOFF)[1].reshape(len(found), -1)
    return bool((order == order[0]).all())


def _tied(found: Floats, ranker: Ranker, places: Ints) -> int:
    """Count viewers whose list, of movies they have not seen, is a tie from first to last."""
    unseen = np.where(ranker.history_.seen[places].toarray() > 0, np.nan, found.astype(np.float64))
    best = -np.sort(-unseen, axis=1)[:, :CUTOFF]  # NaN is last
    filled = best[np.isfinite(best).sum(axis=1) > 1]  # one movie has no order
    spread = np.nanmax(filled, axis=1) - np.nanmin(filled, axis=1)
    return int((spread <= NOISE * np.nanmax(np.abs(filled), axis=1)).sum())


def better_than_popularity(values: pd.DataFrame, challenger: str, popularity: str = "popularity") -> Guardrail:
    """NDCG is above popularity's beyond chance; `values` has a column per ranker, a row per viewer."""
    if challenger == popularity:
        return Guardrail("popularity", "broken", "it is popularity, which is for when nothing else holds")
    lead = paired_bootstrap(values[challenger], values[popularity])
    words = f"its lead over popularity is {lead.mean:+.4f} ({lead.low:+.4f} to {lead.high:+.4f})"
    return Guardrail("popularity", "holds" if lead.low > 0 else "broken", words)


def not_popularity(lists: pd.DataFrame, popular: pd.DataFrame, k: int) -> Guardrail:
    """Lists (user_id, movie_id, rank) are other ones than popularity's."""
    pairs, others = (frame.loc[frame[RANK] <= k, [USER, MOVIE]] for frame in (lists, popular))
    share = len(pairs.merge(others, on=[USER, MOVIE])) / max(len(pairs), 1)
    words = f"{share:.0%} of its lists are popularity's"
    return Guardrail("own lists", "broken" if share >= OVERLAP else "holds", words)


def whole_lists(lists: pd.DataFrame, known: Dataset, users: Iterable[int], k: int) -> Guardrail:
    """Everybody gets k distinct, unseen movies of the catalogue, or all that are left."""
    asked = pd.Index(users)
    shown = lists.loc[(lists[RANK] <= k) & lists[USER].isin(asked), [USER, MOVIE]]
    unseen = len(known.movies) - known.ratings.groupby(USER).size().reindex(asked, fill_value=0)
    good = shown[shown[MOVIE].isin(known.movies[MOVIE])].drop_duplicates()
    good = good.merge(known.ratings[[USER, MOVIE]], how="left", indicator=True)
    counts = good[good["_merge"] == "left_only"].groupby(USER).size().reindex(asked, fill_value=0)
    broken = int((counts != unseen.clip(upper=k)).sum()) + len(shown) - int(counts.sum())
    words = f"{broken} lists or rows are not {k} distinct, unseen, known movies"
    return Guardrail("whole lists", "broken" if broken else "holds", words)


def covers(coverage: float, champions: float) -> Guardrail:
    """The lists show no much smaller part of the catalogue than the champion's."""
    words = f"its lists show {coverage:.1%} of the catalogue, the champion's {champions:.1%}"
    return Guardrail("coverage", "hurt" if coverage < COVERAGE * champions else "holds", words)


def spares_segments(values: pd.DataFrame, challenger: str, champion: str, known: Dataset) -> Guardrail:
    """No group of viewers (activity, gender, age) is worse off beyond chance, Holm's correction applied."""
    difference = values[challenger] - values[champion]
    groups = strata(known, values.index.to_numpy()).groupby([DIMENSION, STRATUM])
    members = {" ".join(map(str, key)): difference[rows[USER]] for key, rows in groups if len(rows) >= SEGMENT_USERS}
    p_values = holm([paired_p_value(found, np.zeros(len(found))) for found in members.values()])
    worse = [
        f"{name} ({found.mean():+.4f})"
        for (name, found), p in zip(members.items(), p_values, strict=True)
        if found.mean() < 0 and p < SIGNIFICANCE_LEVEL
    ]
    words = (
        f"worse than the champion for {', '.join(worse)}" if worse else f"none of {len(members)} groups is worse off"
    )
    return Guardrail("segments", "hurt" if worse else "holds", words)
