"""`movierec evaluate`: rankers against each other on somebody's own files."""

import argparse
import csv
import json
import math
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

from movierec.comparison import report
from movierec.comparison.inputs import Files, Inputs, read_inputs
from movierec.comparison.run import Contest, hold
from movierec.data.columns import USER
from movierec.errors import ConfigError
from movierec.rankers import registry


def outcome(options: argparse.Namespace) -> tuple[str, bool]:
    """Do what was asked, write the results, and return what to print and whether no ranker failed.

    Raises:
        ConfigError: an option, a file or a value in it is refused.
    """
    names, ks = _names(options.rankers), _ks(options.k)
    relevant_from = _relevant_from(options.relevant_from)
    outputs = [Path(path) for path in (options.out, options.per_user) if path]
    files = _files(options)
    for path in outputs:
        _check_writable(path, files)
    exclude_seen = options.exclude == "T"
    inputs = read_inputs(files, relevant_from, options.windows, exclude_seen)
    if options.tune:
        inputs.check_tunable()
    learned = [name for name in names if registry.is_learned(name)]
    if learned and not exclude_seen:
        inputs.notes.append(
            f"--exclude none: {', '.join(learned)} learn to order what a user has not seen; seen movies are not among "
            "their candidates and follow after these"
        )
    for note in inputs.notes:
        _tell(f"note: {note}")
    task = {
        "ks": ks,
        "exclude_seen": exclude_seen,
        "trials": options.tune,
        "seed": options.seed,
        "fixed": {"windows": inputs.windows, "seed": options.seed},
    }
    contest = hold(names, inputs, task, _tell)
    results = report.results(_arguments(options), inputs, contest, ks[0], options.seed)
    _write(outputs[0], json.dumps(_plain(results), indent=1, allow_nan=False, ensure_ascii=False) + "\n")
    if options.per_user:
        _write_values(outputs[1], contest, inputs)
    failed = any("error" in result for result in contest.results.values())
    return f"{report.text(results)}\n\nwritten: {', '.join(map(str, outputs))}", not failed


def _files(options: argparse.Namespace) -> Files:
    given = {name: getattr(options, name) for name in ("train", "test", "valid", "fold_in", "movies", "users")}
    return Files(**{name: Path(path) for name, path in given.items() if path})


def _names(words: str) -> list[str]:
    if words == "all":
        return list(registry.RANKERS)
    names = list(dict.fromkeys(word.strip() for word in words.split(",") if word.strip()))
    unknown = [name for name in names if name not in registry.RANKERS]
    if unknown or not names:
        allowed = ", ".join(registry.RANKERS)
        raise ConfigError(f"--rankers: there is no ranker '{', '.join(unknown)}'; allowed are all, {allowed}")
    return names


def _ks(words: str) -> list[int]:
    parts = [part.strip() for part in words.split(",")]
    if not all(part.isdecimal() and int(part) > 0 for part in parts):
        raise ConfigError(f"--k is '{words}'; allowed are whole numbers from 1, such as 10,20")
    return list(dict.fromkeys(map(int, parts)))


def _relevant_from(words: str) -> float | None:
    if words == "none":
        return None
    try:
        threshold = float(words)
    except ValueError:
        threshold = math.nan
    if not math.isfinite(threshold):
        raise ConfigError(f"--relevant-from is '{words}'; allowed is a rating, or none: every row is relevant")
    return threshold


def _check_writable(path: Path, files: Files) -> None:
    """Tell before hours of work that their results will have no place."""
    if path.resolve() in {Path(given).resolve() for given in vars(files).values() if given}:
        raise ConfigError(f"{path} is one of the files to read; the results need a file of their own")
    if path.is_dir() or not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        raise ConfigError(f"{path} cannot be written; allowed is a file in a folder that exists and may be written to")
    if path.exists() and not os.access(path, os.W_OK):
        raise ConfigError(f"{path} exists and may not be written to")


def _write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as file:
        file.write(text)
    Path(file.name).chmod(0o666 & ~_umask())
    Path(file.name).replace(path)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _write_values(path: Path, contest: Contest, inputs: Inputs) -> None:
    """Write user_id, k and every metric of every ranker, the users under the names they came with."""
    frames = [values.assign(ranker=name) for name, values in contest.values.items()]
    table = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame({USER: []})
    if inputs.names is not None:
        table[USER] = inputs.names[table[USER].to_numpy(int)]
    columns = ["ranker", *(name for name in table if name != "ranker")]
    _write(path, table.reindex(columns=columns).to_csv(index=False, quoting=csv.QUOTE_MINIMAL))


def _arguments(options: argparse.Namespace) -> dict[str, Any]:
    return {name: value for name, value in vars(options).items() if name != "command"}


def _plain(value: Any) -> Any:
    """Return what JSON can say: no number is null."""
    if isinstance(value, dict):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
