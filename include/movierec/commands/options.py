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


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"'{text}'; allowed is a whole number from 1")
    return int(text)
