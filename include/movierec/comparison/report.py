"""What an evaluation tells: the results as one record, and the leaderboard as text."""

import platform
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from math import isfinite
from typing import Any

from movierec import text_table
from movierec.comparison.inputs import Inputs
from movierec.comparison.run import Contest
from movierec.evaluation.metrics import K
from movierec.evaluation.significance import compare_with_best

PACKAGES = ("movierec", "numpy", "pandas", "scipy", "scikit-learn", "lightgbm", "numba", "optuna")
SHOWN = (
    "recall",
    "recall_capped",
    "precision",
    "f1",
    "map",
    "mrr",
    "hit_rate",
    "coverage",
    "novelty",
    "diversity",
    "gini",
)
SELECTED_BY = "ndcg"


def results(arguments: Mapping[str, Any], inputs: Inputs, contest: Contest, k: int, seed: int) -> dict[str, Any]:
    """Gather everything that is written to the results file; rankers in order of NDCG at the first k."""
    means = {name: _at(result, k)[SELECTED_BY]["mean"] for name, result in contest.results.items() if _done(result)}
    order = sorted(means, key=lambda name: means[name], reverse=True)
    failed = {name: result["error"] for name, result in contest.results.items() if not _done(result)}
    return {
        "written_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "arguments": dict(arguments),
        "versions": _versions(),
        "machine": {"system": platform.platform(), "processor": platform.machine()},
        "sizes": inputs.sizes(),
        "windows": inputs.windows,
        "notes": inputs.notes,
        "features_seconds": contest.features_seconds,
        "shared": _shared(contest, order),
        "rankers": {name: contest.results[name] for name in order},
        "failed": failed,
        "comparison": _comparison(contest, order, k, seed),
    }


def text(found: Mapping[str, Any]) -> str:
    """Return the leaderboard, the comparison with the best ranker, what learned rankers left out, and what failed."""
    done = found["rankers"]
    parts = []
    for place in range(len(next(iter(done.values()))["metrics"]) if done else 0):
        rows = [_row(name, result, result["metrics"][place]) for name, result in done.items()]
        users = next(iter(done.values()))["metrics"][place]["users"]
        parts.append(
            f"{users:,} users judged, full ranking of {found['sizes']['movies']:,} movies\n{text_table.table(rows)}"
        )
    if done:
        parts.append(_cost(found))
    if found["comparison"]["others"]:
        parts.append(_compared(found["comparison"]))
    parts += [
        f"{name} learned without {base_ranker}: {reason}"
        for name, result in done.items()
        for base_ranker, reason in result["left_out"].items()
    ]
    parts += [f"failed: {name}: {reason}" for name, reason in found["failed"].items()]
    return "\n\n".join(parts)


def _row(name: str, result: Mapping[str, Any], metrics: Mapping[str, Any]) -> dict[str, object]:
    k, ndcg = metrics[K], metrics[SELECTED_BY]
    shown = {metric: metrics[metric] for metric in SHOWN}
    means = {metric: value["mean"] if isinstance(value, dict) else value for metric, value in shown.items()}
    return {
        "ranker": name,
        f"NDCG@{k}": f"{ndcg['mean']:.4f}",
        "95 % interval": f"{ndcg['low']:.4f}–{ndcg['high']:.4f}",
        **{metric: f"{mean:.4f}" if isfinite(mean) else "–" for metric, mean in means.items()},
        "fit_s": f"{result['fit_seconds']:.1f}",
        "score_s": f"{result['score_seconds']:.1f}",
        "peak_MiB": round(result["peak_memory_bytes"] / 2**20),
    }


def _shared(contest: Contest, order: list[str]) -> dict[str, Any]:
    """Tell what the learned rankers made once for all of them, and in which process."""
    sharing = [name for name in order if contest.results[name]["shared_seconds"]]
    seconds = contest.results[sharing[0]]["shared_seconds"] if sharing else 0.0
    return {"rankers": sharing, "seconds": seconds}


def _cost(found: Mapping[str, Any]) -> str:
    """Say what the seconds and the memory do not include, or include of others."""
    text = (
        f"fit_s is without the movies' features, built once for all rankers in {found['features_seconds']:.1f} s, and "
        "without tuning; peak_MiB too"
    )
    shared = found["shared"]
    if not shared["rankers"]:
        return text
    return (
        f"{text}\n{', '.join(shared['rankers'])} share a process and what they learn from, made once in "
        f"{shared['seconds']:.1f} s, which fit_s leaves out; peak_MiB of each holds it, and what earlier ones left"
    )


def _comparison(contest: Contest, order: list[str], k: int, seed: int) -> dict[str, Any]:
    if not order:
        return {K: k, "metric": SELECTED_BY, "best": None, "others": []}
    tables = {name: contest.values[name] for name in order}
    values = {name: table.loc[table[K] == k, SELECTED_BY].to_numpy() for name, table in tables.items()}
    others = [asdict(row) for row in compare_with_best(values, order[0], seed=seed)]
    return {K: k, "metric": SELECTED_BY, "best": order[0], "others": others}


def _compared(comparison: Mapping[str, Any]) -> str:
    best, k = comparison["best"], comparison[K]
    rows = [
        {
            f"{best} minus": row["other"],
            f"NDCG@{k}": f"{row['difference']['mean']:+.4f}",
            "95 % interval": f"{row['difference']['low']:+.4f} to {row['difference']['high']:+.4f}",
            "p_(Holm)": f"{row['adjusted']:.4f}",
        }
        for row in comparison["others"]
    ]
    return f"paired over users; p-values two-sided, adjusted for {len(rows)} comparisons\n{text_table.table(rows)}"


def _at(result: Mapping[str, Any], k: int) -> dict[str, Any]:
    return next(dict(row) for row in result["metrics"] if row[K] == k)


def _done(result: Mapping[str, Any]) -> bool:
    return "error" not in result


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
