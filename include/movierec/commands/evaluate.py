"""`movierec evaluate`: rankers compared on a person's own files."""

import argparse
import math
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

from movierec.commands.options import EXCLUDE
from movierec.comparison import report
from movierec.comparison.common_scale import Relevance
from movierec.comparison.inputs import Files, read_inputs
from movierec.comparison.output import check_writable, write_results, write_values
from movierec.comparison.protocols import Division
from movierec.comparison.run import compare
from movierec.comparison.work_folder import Task
from movierec.errors import ConfigError
from movierec.rankers import registry
from movierec.rating_scale import parse_scale


def run(options: argparse.Namespace) -> tuple[str, bool]:
    """Compare the rankers, write the results, and return what to print and whether no ranker failed.

    Raises:
        ConfigError: an option, a file or a value in it is not allowed.
    """
    _check_test(options)
    names, ks = _names(options.rankers), _ks(options.k)
    relevant_from, exclude_seen = _relevant_from(options.relevant_from), _exclude_seen(options.exclude)
    scale = parse_scale(options.scale, "--scale") if options.scale else None
    files = _files(options)
    for path in filter(None, (options.out, options.per_user)):
        check_writable(Path(path), files)
    division = Division(options.protocol, options.seed, options.tune > 0) if options.protocol else None
    inputs = read_inputs(files, relevant_from, options.windows, exclude_seen, division, scale)
    if options.tune:
        inputs.check_tunable()
    _note_seen_movies(names, exclude_seen, inputs.notes)
    for note in inputs.notes:
        _log(f"note: {note}")
    fixed = {"windows": inputs.windows, "seed": options.seed}
    task = Task(ks=ks, exclude_seen=exclude_seen, trials=options.tune, seed=options.seed, fixed=fixed)
    comparison = compare(names, inputs, task, _log)
    results = report.results(_arguments(options), inputs, comparison, ks[0], options.seed)
    write_results(Path(options.out), results)
    if options.per_user:
        write_values(Path(options.per_user), comparison.values, inputs.user_names)
    written = ", ".join(filter(None, (options.out, options.per_user)))
    return f"{report.text(results)}\n\nwritten: {written}", not results["failed"]


def _check_test(options: argparse.Namespace) -> None:
    if options.protocol is None:
        if options.test is None:
            raise ConfigError(
                "there is nothing to ask about; needed is --test S.csv, or --protocol to divide --train by"
            )
        return
    others = [f"--{name.replace('_', '-')}" for name in ("test", "valid", "fold_in") if getattr(options, name)]
    if others:
        raise ConfigError(
            f"--protocol {options.protocol} divides --train by itself; {' and '.join(others)} cannot stand beside it"
        )


def _files(options: argparse.Namespace) -> Files:
    names = (field.name for field in fields(Files))
    return Files(**{name: Path(path) for name in names if (path := getattr(options, name))})


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


def _relevant_from(words: str | None) -> float | Relevance | None:
    if words is None:
        return Relevance.DEFAULT
    if words == "none":
        return None
    try:
        threshold = float(words)
    except ValueError:
        threshold = math.nan
    if not math.isfinite(threshold):
        raise ConfigError(f"--relevant-from is '{words}'; allowed is a rating, or none: every row is relevant")
    return threshold


def _exclude_seen(word: str) -> bool:
    if word not in EXCLUDE:
        raise ConfigError(f"--exclude is '{word}'; allowed are {' and '.join(EXCLUDE)}")
    return word == "train"


def _note_seen_movies(names: list[str], exclude_seen: bool, notes: list[str]) -> None:
    learned = [name for name in names if registry.is_learned(name)]
    if learned and not exclude_seen:
        notes.append(
            f"--exclude none: {', '.join(learned)} learn to order what a user has not seen; seen movies are not among "
            "their candidates and follow after these"
        )


def _arguments(options: argparse.Namespace) -> dict[str, Any]:
    return {name: value for name, value in vars(options).items() if name != "command"}


def _log(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
