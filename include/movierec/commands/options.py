"""The options of the longer commands; nothing heavy is imported for `--help`."""

import argparse

ACTIONS = {
    "list": "groups of rejected rows (the default)",
    "show": "rejected rows one by one",
    "replay": "let them come again as they are, such as after rules or movies changed",
    "edit": "let them come again with other values (--set)",
    "accept": "let them come again with their broken rules waived, where a rule allows it",
    "dismiss": "leave them out for good",
    "undo": "take back a decision that waits, or a dismissal",
}
GATES = ("raw", "staging", "core")
EXCLUDE = ("train", "none")


def quarantine(parser: argparse.ArgumentParser) -> None:
    """Describe `movierec quarantine`."""
    actions = "; ".join(f"{name}: {meaning}" for name, meaning in ACTIONS.items())
    parser.add_argument("action", nargs="?", default="list", choices=tuple(ACTIONS), metavar="ACTION", help=actions)
    parser.add_argument("--batch", type=int, metavar="N", help="rows that this night loaded")
    parser.add_argument("--source", help="rows of this source")
    parser.add_argument("--table", help="rows of this table")
    parser.add_argument("--rule", help="rows that break this rule")
    parser.add_argument(
        "--row", action="append", default=[], metavar="SLICE:POSITION", help="this row; may be repeated"
    )
    parser.add_argument("--status", help="rows that are rejected, pending, replayed or dismissed")
    parser.add_argument(
        "--set", dest="changes", action="append", default=[], metavar="COLUMN=VALUE", help="for edit; may be repeated"
    )
    parser.add_argument(
        "--limit", type=_count, metavar="N", help="rows to show (20) or to decide about (10,000) at most"
    )
    parser.add_argument("--by", help="who decides; the user of this machine unless named")


def check(parser: argparse.ArgumentParser) -> None:
    """Describe `movierec check`."""
    parser.add_argument("gate", nargs="?", choices=GATES, help="raw, staging or core (all of them unless named)")
    parser.add_argument("--suite", action="append", default=[], metavar="NAME", help="only this suite; may be repeated")
    parser.add_argument("--batch", type=int, metavar="N", help="of this night (the newest unless named)")


def evaluate(parser: argparse.ArgumentParser) -> None:
    """Describe `movierec evaluate`."""
    rows = "user_id, movie_id, rating?, timestamp? (comma or tab, gz is welcome)"
    parser.add_argument("--train", required=True, metavar="T.csv", help=f"what is known: {rows}")
    parser.add_argument("--test", required=True, metavar="S.csv", help="what is asked; never looked at by fit")
    parser.add_argument("--valid", metavar="V.csv", help="rows to tune by; they are never in a list")
    parser.add_argument("--fold-in", metavar="F.csv", help="what is known of test users who are not in T")
    parser.add_argument(
        "--movies",
        metavar="M.csv",
        help="movie_id, title?, release_year?, release_date?, genres?, directors?, actors? (|-separated), plot?",
    )
    parser.add_argument("--users", metavar="U.csv", help="user_id, age?, gender?, occupation?, postcode?")
    parser.add_argument("--rankers", default="all", metavar="A,B", help="all (the default), or names")
    parser.add_argument("--k", default="10", metavar="10,20", help="lengths of lists; the first one orders (10)")
    parser.add_argument(
        "--relevant-from", default="4", metavar="R", help="rating from which a movie was liked (4), or none: every row"
    )
    parser.add_argument(
        "--exclude",
        default="train",
        metavar="{" + ",".join(EXCLUDE) + "}",
        help="leave out of a user's list what is known of them (train, the default), or nothing",
    )
    parser.add_argument(
        "--windows",
        default="auto",
        choices=("auto", "time", "random"),
        help="how learned rankers cut what they learn from out of T (auto: as V was, else by time if there is any)",
    )
    parser.add_argument("--tune", type=_count, default=0, metavar="N", help="settings to try on V for every ranker")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of everything random (1)")
    parser.add_argument("--out", required=True, metavar="results.json", help="where the results go")
    parser.add_argument("--per-user", metavar="values.csv", help="where every user's values go")


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"'{text}'; allowed is a whole number from 1")
    return int(text)
