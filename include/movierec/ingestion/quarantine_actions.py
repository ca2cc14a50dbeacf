"""What may be decided about rejected rows: forms and the command line offer it, and it imports nothing heavy."""

from dataclasses import dataclass

OPEN_STATUSES = ("rejected", "pending")
STATUSES = (*OPEN_STATUSES, "replayed", "dismissed")
MAX_ROWS = 10_000  # that a decision is about, where nobody states another limit
EXAMPLE_ROWS = 20  # that are shown, likewise


@dataclass(frozen=True, kw_only=True)
class Action:
    """A decision about rejected rows.

    Attributes:
        meaning: what it does, for `--help`.
        statuses: of the rows that it may apply to; nothing applies to a row that has been replayed.
        brings_rows: whether the next night has the rows.
        outcome: what becomes of the rows, for whoever has decided.
    """

    meaning: str
    statuses: tuple[str, ...] = OPEN_STATUSES
    brings_rows: bool = False
    outcome: str = "; they arrive with the next night"


ACTIONS = {
    "replay": Action(
        meaning="let them come again as they are, such as after rules or movies changed", brings_rows=True
    ),
    "edit": Action(meaning="let them come again with other values (--set)", brings_rows=True),
    "accept": Action(
        meaning="let them come again with their broken rules waived, where a rule allows it", brings_rows=True
    ),
    "dismiss": Action(meaning="leave them out for good", outcome=" left out"),
    "undo": Action(
        meaning="take back a decision that waits, or a dismissal",
        statuses=("pending", "dismissed"),
        outcome=" wait again",
    ),
}
