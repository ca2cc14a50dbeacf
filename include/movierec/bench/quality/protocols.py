"""The protocols under which quality is measured, each with what others published under the same one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import pandas as pd

from movierec.data.columns import MOVIE, RATING, RELEVANT_FROM, USER
from movierec.data.dataset import Dataset
from movierec.data.splits import (
    global_temporal,
    k_core,
    leave_one_out,
    leave_one_out_global,
    number_of_held_out_users,
    per_user_temporal,
    random_split,
    strong_generalisation,
)

POSITIVE_FROM, CORE = 3, 10  # of RecBole's table of MovieLens 1M


@dataclass(frozen=True, eq=False)
class Split:
    """The parts that a protocol divides a dataset into.

    Attributes:
        known: what rankers are fitted on.
        test: the ratings that lists are evaluated on.
        fold_in: known ratings of the users of the test, where rankers are not fitted on them.
        valid: the ratings to tune by.
        exclude: (user_id, movie_id) that must not be in the lists, beside what is known of a user.
    """

    known: Dataset
    test: pd.DataFrame
    fold_in: Dataset | None = None
    valid: pd.DataFrame | None = None
    exclude: pd.DataFrame | None = None


@dataclass(frozen=True)
class Protocol:
    """One way to evaluate rankers.

    Attributes:
        name: what `--only` takes.
        title: heading of its table.
        text: the protocol in words.
        dataset: its name in `data.DATASETS`.
        windows: what rankers learn to be asked for, as the values of `evaluation.protocols.WINDOWS_OF`.
        split: divides a dataset under a seed.
        seeds: of the splits; None: those that the command line names.
        published: by ranker or model: (NDCG@10, recall@10 or None), with the source in words.
        source: of the published numbers.
        goal: what is aimed at.
        takes_hours: it is measured only if it is named.
    """

    name: str
    title: str
    text: str
    dataset: str
    windows: str
    split: Callable[[Dataset, int], Split]
    seeds: tuple[int, ...] | None = (2026,)
    published: Mapping[str, tuple[float, float | None]] = field(default_factory=dict)
    source: str = ""
    goal: str = ""
    takes_hours: bool = False


def _random(dataset: Dataset, seed: int) -> Split:
    positive = replace(dataset, relevant_from=None)
    train, valid, test = random_split(positive.ratings, seed=seed)
    return Split(positive.with_ratings(train), test, valid=valid, exclude=valid[[USER, MOVIE]])


def _random_of_core(dataset: Dataset, seed: int) -> Split:
    positive = dataset.ratings[dataset.ratings[RATING] >= POSITIVE_FROM]
    return _random(dataset.with_ratings(k_core(positive, CORE)), seed)


def _per_user(dataset: Dataset, seed: int) -> Split:
    train, test = per_user_temporal(dataset.ratings, seed=seed)
    return Split(replace(dataset, relevant_from=RELEVANT_FROM).with_ratings(train), test)


def _global(dataset: Dataset, seed: int) -> Split:
    train, test = global_temporal(dataset.ratings)
    return Split(replace(dataset, relevant_from=RELEVANT_FROM).with_ratings(train), test)


def _strong(dataset: Dataset, seed: int) -> Split:
    facts = replace(dataset, relevant_from=RELEVANT_FROM)
    users = number_of_held_out_users(dataset.ratings)
    train, fold_in, test = strong_generalisation(dataset.ratings, users, seed=seed)
    return Split(facts.with_ratings(train), test, fold_in=facts.with_ratings(fold_in))


def _leave_one_out(dataset: Dataset, seed: int) -> Split:
    train, test = leave_one_out(dataset.ratings, seed)
    return Split(replace(dataset, relevant_from=None).with_ratings(train), test)


def _leave_one_out_global(dataset: Dataset, seed: int) -> Split:
    facts = replace(dataset, relevant_from=None)
    train, fold_in, test = leave_one_out_global(dataset.ratings, seed=seed)
    return Split(facts.with_ratings(train), test, fold_in=facts.with_ratings(fold_in))


RANDOM = (
    "Per user a random 8:1:1 split. Every rating counts as positive; models learn from the 80 %, validation rows are "
    "left out of the lists, the whole catalogue is ranked."
)
LIKED = "Relevant is a rating of 4 or more; every movie that is known of a user is left out of the list."
PER_USER = (
    "The first 80 % of every user's ratings are known, the last 20 % asked about; ties in time are broken at "
    f"random. {LIKED}"
)
GLOBAL = f"Everything before one moment is known, the last 20 % of all ratings are asked about. {LIKED}"
NEXT = (
    "Every rating counts as positive, every other movie that is known of a user is left out of the list, the whole "
    "catalogue is ranked; recall@10 is the hit rate."
)
LAST = (
    "The last rating of every user is asked about, ties in time broken at random; all other ratings are known, those "
    f"that others gave later too. {NEXT}"
)
LAST_IN_SOURCE_ORDER = (
    "The last rating of every user is asked about, of those of one second the one in the last row of the file, where a "
    "sort by time leaves it, as the code of published models does; the last two ratings of 70 % of the users are of "
    "one second, and such rows are sorted by movie, which a sequence model learns. All other ratings are known, those "
    f"that others gave later too. {NEXT}"
)
LAST_GLOBAL = (
    "Asked about is the last rating of the fifth of the users who rated last. Models learn from what everybody had "
    "rated up to one moment before all of these ratings, and are shown each user's own ratings up to the last one. "
    f"{NEXT}"
)
PROTOCOLS: dict[str, Protocol] = {
    protocol.name: protocol
    for protocol in (
        Protocol(
            "recbole",
            "MovieLens 100K, RecBole's default",
            f"{RANDOM} Mean over the seeds of the split.",
            "ml-100k",
            "random",
            _random,
            seeds=None,
            published={
                "popularity": (0.1005, 0.0838),
                "item_knn": (0.2846, 0.2440),
                "BPR": (0.2924, 0.2479),
                "MultiVAE": (0.3034, 0.2664),
                "RecVAE": (0.3066, 0.2609),
                "slim": (0.3235, 0.2750),
                "ADMM-SLIM": (0.3243, 0.2796),
                "ease": (0.3302, 0.2772),
            },
            source="RecBole 1.2.1, its own split of seed 2020 (EASE with λ = 500)",
            goal="NDCG@10 of at least .345 as the mean of three seeds",
        ),
        Protocol(
            "per-user",
            "MovieLens 100K, per-user temporal",
            PER_USER,
            "ml-100k",
            "time",
            _per_user,
            published={
                "popularity": (0.10, None),
                "item_knn": (0.16, None),
                "user_knn": (0.17, None),
                "ials": (0.176, None),
                "ease": (0.191, None),
                "LightGBM, 30 features": (0.2175, None),
                "LightGBM, recency-weighted": (0.2285, None),
            },
            source="measured before this project, same protocol",
            goal="NDCG@10 of at least .235, and 20 % over EASE with the interval of the paired lead above 0",
        ),
        Protocol(
            "global",
            "MovieLens 100K, global temporal",
            GLOBAL,
            "ml-100k",
            "days",
            _global,
        ),
        Protocol(
            "latest-small",
            "MovieLens ml-latest-small, per-user temporal",
            PER_USER,
            "ml-latest-small",
            "time",
            _per_user,
        ),
        Protocol(
            "strong",
            "MovieLens 100K, strong generalisation",
            "A fifth of the users are held out whole: models learn from the others, are shown 80 % of a held-out "
            f"user's ratings at random and asked about the rest. {LIKED}",
            "ml-100k",
            "random",
            _strong,
        ),
        Protocol("leave-one-out", "MovieLens 100K, leave-one-out", LAST, "ml-100k", "next", _leave_one_out),
        Protocol(
            "leave-one-out-global",
            "MovieLens 100K, leave-one-out without anybody's future",
            LAST_GLOBAL,
            "ml-100k",
            "next",
            _leave_one_out_global,
        ),
        Protocol(
            "ml-1m-random",
            "MovieLens 1M, random 80/10/10",
            RANDOM,
            "ml-1m",
            "random",
            _random,
            published={
                "SVD-AE": (0.3355, None),
                "∞-AE": (0.3282, None),
                "ease": (0.2988, None),
                "LightGCN": (0.2885, None),
                "NeuMF": (0.2444, None),
            },
            source="the papers' own tables",
            goal="NDCG@10 of at least .350",
            takes_hours=True,
        ),
        Protocol(
            "ml-1m-recbole",
            "MovieLens 1M, RecBole's table of general recommendation",
            f"Ratings of {POSITIVE_FROM} or more, of users and movies that have {CORE} of them. {RANDOM}",
            "ml-1m",
            "random",
            _random_of_core,
            published={
                "popularity": (0.1006, None),
                "item_knn": (0.2389, None),
                "BPR": (0.2407, None),
                "LightGCN": (0.2476, None),
                "MultiVAE": (0.2523, None),
                "SimpleX": (0.2700, None),
                "slim": (0.2782, None),
                "RecVAE": (0.2795, None),
                "ease": (0.2865, None),
                "ADMM-SLIM": (0.2904, None),
            },
            source="RecBole's own table, a split of its own of the same kind",
            takes_hours=True,
        ),
        Protocol(
            "ml-1m-per-user", "MovieLens 1M, per-user temporal", PER_USER, "ml-1m", "time", _per_user, takes_hours=True
        ),
        Protocol("ml-1m-global", "MovieLens 1M, global temporal", GLOBAL, "ml-1m", "days", _global, takes_hours=True),
        Protocol(
            "ml-1m-leave-one-out",
            "MovieLens 1M, leave-one-out",
            LAST_IN_SOURCE_ORDER,
            "ml-1m-in-source-order",
            "next",
            _leave_one_out,
            published={
                "LRURec": (0.193, 0.326),
                "SASRec, cross-entropy, tuned": (0.186, 0.321),
                "RecTools' SASRec": (0.178, 0.306),
                "eSASRec": (0.177, 0.313),
                "gSASRec": (0.173, 0.300),
                "BERT4Rec, replicated": (0.152, 0.282),
            },
            source="the papers' and libraries' own tables, each user's last rating in time order",
            takes_hours=True,
        ),
        Protocol(
            "ml-1m-leave-one-out-global",
            "MovieLens 1M, leave-one-out without anybody's future",
            LAST_GLOBAL,
            "ml-1m",
            "next",
            _leave_one_out_global,
            takes_hours=True,
        ),
        Protocol(
            "ml-1m-leave-one-out-shuffled",
            "MovieLens 1M, leave-one-out, ties at random",
            LAST,
            "ml-1m",
            "next",
            _leave_one_out,
            takes_hours=True,
        ),
    )
}
