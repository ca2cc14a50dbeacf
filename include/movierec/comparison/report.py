"""What `movierec evaluate` tells: the results as one record for the file, and the leaderboard as text."""

import platform
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from math import isfinite
from typing import Any

from movierec import text_table
from movierec.comparison.inputs import Inputs
from movierec.comparison.run import Comparison
from movierec.evaluation.evaluate import TOTALS
from movierec.evaluation.metrics import K
from movierec.evaluation.significance import compare_with_best
from movierec.evaluation.strata import FEW

PACKAGES = ("movierec", "numpy", "pandas", "scipy", "scikit-learn", "lightgbm", "numba", "optuna")
ORDERED_BY = "ndcg"
MAX_CELL_CHARACTERS = 200  # enough for all hyper-parameters that were tuned
# The leaderboard's columns after NDCG, what is read most first.
COLUMNS = (
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


def results(arguments: Mapping[str, Any], inputs: Inputs, comparison: Comparison, k: int, seed: int) -> dict[str, Any]:
    """Gather everything that is written to the results file; rankers in order of NDCG at the first k."""
    ndcg = {name: _at(result, k)[ORDERED_BY]["mean"] for name, result in comparison.results.items() if _has_run(result)}
    order = sorted(ndcg, key=lambda name: ndcg[name], reverse=True)
    return {
        "written_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "arguments": dict(arguments),
        "versions": _versions(),
        "machine": {"system": platform.platform(), "processor": platform.machine()},
        "sizes": inputs.sizes(),
        "windows": inputs.windows,
        "notes": inputs.notes,
        "features_seconds": comparison.features_seconds,
        "shared": _shared_costs(comparison, order),
        "rankers": {name: comparison.results[name] for name in order},
        "failed": {name: result["error"] for name, result in comparison.results.items() if not _has_run(result)},
        "comparison": _paired_comparisons(comparison, order, k, seed),
    }


def text(results: Mapping[str, Any]) -> str:
    """Return the leaderboards, the comparison with the best, what learned rankers went on without, and what failed."""
    parts = []
    rankers = results["rankers"]
    if rankers:
        best = next(iter(rankers.values()))
        parts = [_leaderboard(results, position) for position in range(len(best["metrics"]))]
        parts.append(_note_of_costs(results))
    if results["comparison"]["others"]:
        parts.append(_comparison_table(results["comparison"]))
    parts += _few_ratings_table(rankers)
    parts += [
        f"{name} learned without {base_ranker}: {reason}"
        for name, result in rankers.items()
        for base_ranker, reason in result["left_out"].items()
    ]
    parts += [f"failed: {name}: {reason}" for name, reason in results["failed"].items()]
    return "\n\n".join(parts)


def _leaderboard(results: Mapping[str, Any], position: int) -> str:
    """Return the table of all rankers at one k, the one at a position among those asked for."""
    rankers = results["rankers"]
    users = next(iter(rankers.values()))["metrics"][position]["users"]
    rows = [_row(name, result, result["metrics"][position]) for name, result in rankers.items()]
    head = f"{users:,} users evaluated, full ranking of {results['sizes']['movies']:,} movies"
    return f"{head}\n{text_table.table(rows, widest=MAX_CELL_CHARACTERS)}"


def _row(name: str, result: Mapping[str, Any], metrics: Mapping[str, Any]) -> dict[str, object]:
    k, ndcg = metrics[K], metrics[ORDERED_BY]
    means = {metric: metrics[metric] if metric in TOTALS else metrics[metric]["mean"] for metric in COLUMNS}
    return {
        "ranker": name,
        f"NDCG@{k}": f"{ndcg['mean']:.4f}",
        "95 % interval": f"{ndcg['low']:.4f}–{ndcg['high']:.4f}",
        **{metric: f"{mean:.4f}" if isfinite(mean) else "–" for metric, mean in means.items()},
        "tuned": ", ".join(result["tuning"]["hyper_parameters"]) or "none" if result["tuning"] else "none",
        "fit_s": f"{result['fit_seconds']:.1f}",
        "score_s": f"{result['score_seconds']:.1f}",
        "peak_MiB": round(result["peak_memory_bytes"] / 2**20),
    }


def _shared_costs(comparison: Comparison, order: list[str]) -> dict[str, Any]:
    """Return which rankers share what they learn from, and the seconds that it took to make, once for all of them."""
    seconds_of = {name: comparison.results[name]["shared_seconds"] for name in order}
    sharing = [name for name, seconds in seconds_of.items() if seconds]
    return {"rankers": sharing, "seconds": seconds_of[sharing[0]] if sharing else 0.0}


def _note_of_costs(results: Mapping[str, Any]) -> str:
    """Say what the seconds and the memory do not include, or include of others."""
    text = (
        "fit_s is without the movies' features, built once for all rankers in "
        f"{results['features_seconds']:.1f} s, and without tuning; peak_MiB too\n"
        "tuned: the hyper-parameters that a search on validation rows settled; the others have their defaults"
    )
    shared = results["shared"]
    if not shared["rankers"]:
        return text
    return (
        f"{text}\n{', '.join(shared['rankers'])} share a process and what they learn from, made once in "
        f"{shared['seconds']:.1f} s, which fit_s leaves out; peak_MiB of each holds it, and what earlier ones left"
    )


def _paired_comparisons(comparison: Comparison, order: list[str], k: int, seed: int) -> dict[str, Any]:
    if not order:
        return {K: k, "metric": ORDERED_BY, "best": None, "others": []}
    tables = {name: comparison.values[name] for name in order}
    values = {name: table.loc[table[K] == k, ORDERED_BY].to_numpy() for name, table in tables.items()}
    others = [asdict(row) for row in compare_with_best(values, order[0], seed=seed)]
    return {K: k, "metric": ORDERED_BY, "best": order[0], "others": others}


def _comparison_table(comparison: Mapping[str, Any]) -> str:
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


def _few_ratings_table(rankers: Mapping[str, Any]) -> list[str]:
    """Return the table of users alone, and of movies alone, of whom few ratings are known; NDCG at the first k."""
    rows = []
    for name, result in rankers.items():
        at_first_k = {K: result["metrics"][0][K], "metric": ORDERED_BY, "dimension": FEW} if result["metrics"] else {}
        strata = [row for row in result.get("strata", ()) if at_first_k.items() <= row.items()]
        rows.append({"ranker": name, **{row["stratum"]: _with_interval(row) for row in strata}})
    if not rows or len(rows[0]) == 1:
        return []
    return [f"NDCG where few ratings are known: such users alone, such movies alone\n{text_table.table(rows)}"]


def _with_interval(row: Mapping[str, Any]) -> str:
    return f"{row['mean']:.4f} ({row['low']:.4f}–{row['high']:.4f}), {row['users']} users"


def _at(result: Mapping[str, Any], k: int) -> dict[str, Any]:
    return next(dict(row) for row in result["metrics"] if row[K] == k)


def _has_run(result: Mapping[str, Any]) -> bool:
    return "error" not in result


def _versions() -> dict[str, str]:
    versions = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return versions
