"""The options of the commands and what `--help` says of them; nothing heavy is imported."""

import argparse
from collections.abc import Callable

from movierec.config import LARGEST_ID, ROOT
from movierec.evaluation.protocols import ALL_PROTOCOLS, WINDOWS_OF
from movierec.ingestion import quarantine_actions
from movierec.ingestion.quarantine_actions import EXAMPLE_ROWS, MAX_ROWS, STATUSES
from movierec.quality.project import GATES

EXCLUDE = ("train", "none")
ACTIONS = {
    "list": "groups of rejected rows (the default)",
    "show": "rejected rows one by one",
    **{name: action.meaning for name, action in quarantine_actions.ACTIONS.items()},
}
EXAMPLES = {
    "clean": ("movierec clean", "movierec clean --yes"),
    "sql": ('movierec sql "select count(*) from core.ratings"',),
    "airflow": ("movierec airflow dags list",),
    "quarantine": (
        "movierec quarantine list --table ratings",
        "movierec quarantine edit --row 17:4 --set rating=4",
        "movierec quarantine dismiss --table ratings --rule rating",
    ),
    "why": ("movierec why --user 42", "movierec why --user 42 --movie 50"),
    "rollback": (
        "movierec rollback",
        "movierec rollback --to 11 --why 'too many sequels'",
        "movierec rollback --training 9 --why 'the model of last week'",
    ),
    "forget": ("movierec forget --user 42 --by ada", "movierec forget --user 42 --allow --by ada"),
    "restore": ("movierec restore --folder .movierec/backups/2030-01-06T04-30-00Z",),
    "check": ("movierec check staging", "movierec check core --suite core_keys"),
    "evaluate": (
        "movierec evaluate --train T.csv --test S.csv --out results.json",
        "movierec evaluate --train T.csv --valid V.csv --test S.csv --rankers ease,slim --tune 20 --out results.json",
        "movierec evaluate --train T.csv --fold-in F.csv --test S.csv --k 10,100 --out results.json",
        "movierec evaluate --train R.csv --protocol leave_one_out --relevant-from none --out results.json",
    ),
}


def examples(command: str) -> str:
    """Return the lines below a command's options, empty where it has no examples."""
    return "\n  ".join(("examples:", *EXAMPLES[command])) if command in EXAMPLES else ""


def run(parser: argparse.ArgumentParser) -> None:
    """Describe `movierec run`: what make hands to it is not for people."""
    parser.add_argument("--last-halt", default="", help=argparse.SUPPRESS)  # as movierec.local.halt printed it


def up(parser: argparse.ArgumentParser) -> None:
    """Describe `movierec up`."""
    run(parser)


def clean(parser: argparse.ArgumentParser) -> None:
    """Describe `movierec clean`."""
    parser.add_argument("--yes", action="store_true", help="delete data without asking, for scripts")


def sql(parser: argparse.ArgumentParser) -> None:
    """Describe `movierec sql`."""
    parser.add_argument("query", nargs="?", default="", help="SQL; without it, a prompt opens")


def airflow(parser: argparse.ArgumentParser) -> None:
    """Describe `movierec airflow`."""
    parser.add_argument("words", nargs=argparse.REMAINDER, help="Airflow's own arguments")


def pictures(parser: argparse.ArgumentParser) -> None:
    """Describe `movierec pictures`."""
    parser.add_argument("--folder", default=str(ROOT / "docs"), help="where they go (docs/)")


def quarantine(parser: argparse.ArgumentParser) -> None:
    """Describe `movierec quarantine`."""
    meanings = "; ".join(f"{name}: {meaning}" for name, meaning in ACTIONS.items())
    parser.add_argument("action", nargs="?", default="list", choices=tuple(ACTIONS), metavar="ACTION", help=meanings)
    rows = parser.add_argument_group("which rows (all that are given must hold)")
    rows.add_argument("--batch", type=_count, metavar="N", help="rows that this batch loaded")
    rows.add_argument("--source", metavar="NAME", help="rows of this source")
    rows.add_argument("--table", metavar="NAME", help="rows of this table")
    rows.add_argument("--rule", metavar="NAME", help="rows that break this rule")
    rows.add_argument("--row", action="append", default=[], metavar="SLICE:POSITION", help="this row; may be repeated")
    rows.add_argument("--status", metavar="STATUS", help=f"{', '.join(STATUSES[:-1])} or {STATUSES[-1]} rows")
    limits = f"rows to show ({EXAMPLE_ROWS}) or to decide about ({MAX_ROWS:,}) at most"
    rows.add_argument("--limit", type=_count, metavar="N", help=limits)
    decision = parser.add_argument_group("the decision")
    decision.add_argument(
        "--set",
        dest="changes",
        action="append",
        default=[],
        metavar="COLUMN=VALUE",
        help="a new value, for edit; may be repeated",
    )
    decision.add_argument("--by", metavar="NAME", help="who decides (the user of this machine)")


def rollback(parser: argparse.ArgumentParser) -> None:
    """Describe `movierec rollback`."""
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--to", type=_count, metavar="VERSION", help="make this kept version live, older or newer")
    which.add_argument(
        "--training", type=_count, metavar="N", help="publish the champion of this training again, as it was"
    )
    parser.add_argument("--why", metavar="REASON", help="the reason, which is kept with the move")
    parser.add_argument("--by", metavar="NAME", help="who decides (the user of this machine)")


def check(parser: argparse.ArgumentParser) -> None:
    """Describe `movierec check`."""
    parser.add_argument("gate", nargs="?", choices=GATES, help="whose expectations to check (those of all gates)")
    parser.add_argument("--suite", action="append", default=[], metavar="NAME", help="only this suite; may be repeated")
    parser.add_argument("--batch", type=_count, metavar="N", help="the batch to check (the newest one)")


def evaluate(parser: argparse.ArgumentParser) -> None:
    """Describe `movierec evaluate`."""
    _evaluate_files(parser)
    _evaluate_rankers(parser)
    _evaluate_metrics(parser)
    results = parser.add_argument_group("results")
    results.add_argument("--out", required=True, metavar="results.json", help="where all results go")
    results.add_argument("--per-user", metavar="values.csv", help="where every user's metrics go (nowhere)")


def _evaluate_files(parser: argparse.ArgumentParser) -> None:
    files = parser.add_argument_group(
        "files",
        "Delimited by commas, semicolons or tabs, with a header, or Parquet or JSON lines, packed or not; a column "
        "with ? may be missing. Names of columns as in MovieLens and RecBole are understood.",
    )
    files.add_argument(
        "--train", required=True, metavar="T.csv", help="known ratings: user_id, movie_id, rating?, timestamp?"
    )
    files.add_argument("--test", metavar="S.csv", help="held-out ratings to evaluate on; never used to fit or tune")
    files.add_argument(
        "--protocol",
        choices=ALL_PROTOCOLS,
        metavar="NAME",
        help=f"instead of S, V and F: how to divide T: {', '.join(ALL_PROTOCOLS)}",
    )
    files.add_argument("--valid", metavar="V.csv", help="ratings to tune by; their movies are left out of the lists")
    files.add_argument(
        "--fold-in", metavar="F.csv", help="known ratings of the users of S, where they are not those of T"
    )
    files.add_argument(
        "--movies",
        metavar="M.csv",
        help="movie_id, title?, release_year?, release_date?, genres?, directors?, actors? (|-separated), plot?",
    )
    files.add_argument("--users", metavar="U.csv", help="user_id, age?, gender?, occupation?, postcode?")
    files.add_argument(
        "--scale",
        metavar="1-10",
        help="lowest and highest rating of all files, as in 0-10 unrated -1; without it, their ratings tell it",
    )


def _evaluate_rankers(parser: argparse.ArgumentParser) -> None:
    rankers = parser.add_argument_group("rankers")
    rankers.add_argument("--rankers", default="all", metavar="A,B", help="names, or all (the default)")
    rankers.add_argument(
        "--tune", type=_count, default=0, metavar="N", help="settings to try on V for every ranker (none)"
    )
    rankers.add_argument(
        "--windows",
        default="auto",
        choices=("auto", *dict.fromkeys(WINDOWS_OF.values())),
        help="what rankers learn to be asked for: time, the rest of a history; days, what is rated in the days to "
        "come; next, the next rating; random, any part; auto, the default: what --protocol asks for, else as V was "
        "cut, else time where there are timestamps",
    )
    rankers.add_argument("--seed", type=int, default=1, metavar="N", help="of everything random (1)")


def _evaluate_metrics(parser: argparse.ArgumentParser) -> None:
    metrics = parser.add_argument_group("metrics")
    metrics.add_argument(
        "--k", default="10", metavar="10,20", help="lengths of lists; the first one orders the rankers (10)"
    )
    metrics.add_argument(
        "--relevant-from",
        metavar="R",
        help="the rating from which a movie is relevant (4), or none: every row",
    )
    metrics.add_argument(
        "--exclude",
        default="train",
        metavar="{" + ",".join(EXCLUDE) + "}",
        help="what to leave out of a user's list: their known movies (train, the default), or nothing",
    )


def why(parser: argparse.ArgumentParser) -> None:
    """Describe `movierec why`."""
    parser.add_argument("--user", type=_id, required=True, metavar="N", help="the viewer's id")
    parser.add_argument("--movie", type=_id, metavar="N", help="why this movie is in the viewer's list, or is not")


def forget(parser: argparse.ArgumentParser) -> None:
    """Describe `movierec forget`."""
    parser.add_argument("--user", type=_id, required=True, metavar="N", help="the viewer's id; it is kept nowhere")
    parser.add_argument("--allow", action="store_true", help="let sources send the viewer again")
    parser.add_argument("--by", metavar="NAME", help="who asks for it (the user of this machine)")


def restore(parser: argparse.ArgumentParser) -> None:
    """Describe `movierec restore`."""
    parser.add_argument("--folder", required=True, metavar="F", help="of the backup")
    parser.add_argument(
        "--replace", action="store_true", help="even if the warehouse holds something; it is kept aside"
    )


COMMANDS: dict[str, Callable[[argparse.ArgumentParser], None]] = {
    describe.__name__: describe
    for describe in (
        *(run, up, clean, sql, airflow, pictures, quarantine, rollback, check, why, forget, restore, evaluate),
    )
}


def _count(text: str) -> int:
    return _whole_number(text, 1)


def _id(text: str) -> int:
    return _whole_number(text, 0)


def _whole_number(text: str, lowest: int) -> int:
    # Python reads no number of more than 4,300 digits.
    number = int(text) if text.isdecimal() and len(text) <= len(str(LARGEST_ID)) else None
    if number is None or not lowest <= number <= LARGEST_ID:
        raise argparse.ArgumentTypeError(f"'{text}'; allowed is a whole number from {lowest} to {LARGEST_ID}")
    return number
