"""What a challenger must not do, however good its mean: each check says in words what it saw."""

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
from movierec.kernels.top_k import top_k
from movierec.rankers.base import Ranker

MAX_TIE_SPREAD = 1e-6  # of scores that count as equal, as a share of the largest one
MAX_TIED_SHARE = 0.5  # of viewers whose list is one tie
SAMPLED_VIEWERS = 200  # whose scores are checked
MIN_POPULARITY_OVERLAP = 0.8  # share of list entries from which on a ranker is popularity under another name
MIN_COVERAGE_SHARE = 0.5  # of the champion's coverage
MIN_SEGMENT_USERS = 30

# Under the deciding protocol the better one is to be beaten.
POPULARITIES = ("popularity", "recent_popularity")

Status = Literal["holds", "hurt", "broken"]


@dataclass(frozen=True)
class Guardrail:
    """One check: it holds, is hurt (a person may decide) or broken (the challenger is refused)."""

    name: str
    status: Status
    words: str


def check_scores(ranker: Ranker) -> Guardrail:
    """Scores must be finite and their order say something: movies do not tie, and not everybody gets the same."""
    users = np.unique(np.linspace(0, ranker.history_.shape[0] - 1, SAMPLED_VIEWERS).astype(np.int64))
    scores = ranker.scores(users)
    not_finite = int((~np.isfinite(scores)).sum())
    if not_finite:
        return Guardrail("scores", "broken", f"{not_finite} of {scores.size} scores are not finite numbers")
    tied = _count_tied(scores, ranker, users)
    status: Status = "broken" if tied > MAX_TIED_SHARE * len(users) else "holds"
    if status == "holds" and len(users) > 1 and _is_one_order(scores):
        return Guardrail("scores", "broken", f"all of {len(users)} viewers get the same order of movies")
    return Guardrail("scores", status, f"the first {CUTOFF} movies have one score for {tied} of {len(users)} viewers")


def _is_one_order(scores: Floats) -> bool:
    """Tell whether the best movies of everybody are the same in the same order; the movie's id breaks ties."""
    order = top_k(scores, CUTOFF)[1].reshape(len(scores), -1)
    return bool((order == order[0]).all())


def _count_tied(scores: Floats, ranker: Ranker, users: Ints) -> int:
    """Count viewers whose list, of movies they have not seen, is a tie from first to last."""
    unseen = np.where(ranker.history_.seen[users].toarray() > 0, np.nan, scores.astype(np.float64))
    best = -np.sort(-unseen, axis=1)[:, :CUTOFF]  # NaN is last
    lists = best[np.isfinite(best).sum(axis=1) > 1]  # one movie has no order
    spread = np.nanmax(lists, axis=1) - np.nanmin(lists, axis=1)
    return int((spread <= MAX_TIE_SPREAD * np.nanmax(np.abs(lists), axis=1)).sum())


def check_lists(lists: pd.DataFrame, train: Dataset, users: Iterable[int], k: int) -> Guardrail:
    """Everybody must get k distinct, unseen movies of the catalogue, or all that are left."""
    expected_users = pd.Index(users)
    shown = lists.loc[(lists[RANK] <= k) & lists[USER].isin(expected_users), [USER, MOVIE]]
    unseen = len(train.movies) - train.ratings.groupby(USER).size().reindex(expected_users, fill_value=0)
    good = shown[shown[MOVIE].isin(train.movies[MOVIE])].drop_duplicates()
    good = good.merge(train.ratings[[USER, MOVIE]], how="left", indicator=True)
    counts = good[good["_merge"] == "left_only"].groupby(USER).size().reindex(expected_users, fill_value=0)
    broken = int((counts != unseen.clip(upper=k)).sum()) + len(shown) - int(counts.sum())
    words = f"{broken} lists or rows are not {k} distinct, unseen, known movies"
    return Guardrail("whole lists", "broken" if broken else "holds", words)


def better_popularity(values: pd.DataFrame) -> str | None:
    """Return the better one of `POPULARITIES` by the mean of its column; None where no column is one of them."""
    means = values[[name for name in POPULARITIES if name in values]].mean()
    return None if means.empty else str(means.idxmax())


def check_lead_over_popularity(values: pd.DataFrame, challenger: str, popularity: str = "popularity") -> Guardrail:
    """NDCG must be above popularity's beyond chance; `values` has a column per ranker, a row per viewer."""
    if challenger == popularity:
        return Guardrail("popularity", "broken", "it is popularity, which is for when nothing else holds")
    lead = paired_bootstrap(values[challenger], values[popularity])
    words = f"its lead over {popularity.replace('_', ' ')} is {lead.mean:+.4f} ({lead.low:+.4f} to {lead.high:+.4f})"
    return Guardrail("popularity", "holds" if lead.low > 0 else "broken", words)


def check_other_protocol(values: pd.DataFrame, challenger: str, champion: str | None, protocol: str) -> Guardrail:
    """Under the protocol that does not decide, NDCG must not be below popularity's or the champion's beyond chance.

    Recent popularity is no bar there: where most viewers of a test are newcomers, as in MovieLens 100K after one date,
    it is above every ranker, and no list would ever be personal.

    Args:
        values: NDCG under that protocol, a column per ranker, a row per viewer.
        challenger: the one to check; where it has no column, a person may decide.
        champion: the reigning one, None where there is none; without a column it is not compared with.
        protocol: its name, for the words.
    """
    if challenger not in values:
        return Guardrail("other protocol", "hurt", f"it could not be evaluated under {protocol}")
    opponents = {
        name: title
        for name, title in ((POPULARITIES[0], "popularity"), (champion, f"the champion {champion}"))
        if name in values and name != challenger
    }
    leads = {name: paired_bootstrap(values[challenger], values[name]) for name in opponents}
    below = [name for name, lead in leads.items() if lead.high < 0]
    compared = " and ".join(
        f"{opponents[name]} by {leads[name].mean:+.4f} ({leads[name].low:+.4f} to {leads[name].high:+.4f})"
        for name in below or leads
    )
    if below:
        return Guardrail("other protocol", "broken", f"under {protocol} it is below {compared}")
    words = f"it differs from {compared}, not below beyond chance" if compared else "there is nobody to compare it with"
    return Guardrail("other protocol", "holds", f"under {protocol} {words}")


def check_own_lists(lists: pd.DataFrame, popular: pd.DataFrame, k: int) -> Guardrail:
    """Lists (user_id, movie_id, rank) must be other ones than popularity's."""
    own, others = (frame.loc[frame[RANK] <= k, [USER, MOVIE]] for frame in (lists, popular))
    overlap = len(own.merge(others, on=[USER, MOVIE])) / max(len(own), 1)
    words = f"{overlap:.0%} of its lists are popularity's"
    return Guardrail("own lists", "broken" if overlap >= MIN_POPULARITY_OVERLAP else "holds", words)


def check_coverage(coverage: float, champion_coverage: float) -> Guardrail:
    """The lists should show no much smaller part of the catalogue than the champion's."""
    words = f"its lists show {coverage:.1%} of the catalogue, the champion's {champion_coverage:.1%}"
    return Guardrail("coverage", "hurt" if coverage < MIN_COVERAGE_SHARE * champion_coverage else "holds", words)


def check_segments(values: pd.DataFrame, challenger: str, champion: str, train: Dataset) -> Guardrail:
    """No group of viewers (activity, gender, age) should be worse off beyond chance, after Holm's correction."""
    difference = values[challenger] - values[champion]
    groups = strata(train, values.index.to_numpy()).groupby([DIMENSION, STRATUM])
    by_group = {
        " ".join(map(str, key)): difference[rows[USER]] for key, rows in groups if len(rows) >= MIN_SEGMENT_USERS
    }
    p_values = holm([paired_p_value(differences, np.zeros(len(differences))) for differences in by_group.values()])
    worse = [
        f"{name} ({differences.mean():+.4f})"
        for (name, differences), p in zip(by_group.items(), p_values, strict=True)
        if differences.mean() < 0 and p < SIGNIFICANCE_LEVEL
    ]
    if worse:
        return Guardrail("segments", "hurt", f"worse than the champion for {', '.join(worse)}")
    return Guardrail("segments", "holds", f"none of {len(by_group)} groups is worse off")
