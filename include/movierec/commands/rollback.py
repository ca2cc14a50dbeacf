"""`movierec rollback`: list the kept versions, move the pointer to one of them, publish a stored model again."""

import argparse

from movierec import text_table
from movierec.commands.person import user_of_this_machine
from movierec.commands.warehouse import open_warehouse
from movierec.config import Settings
from movierec.errors import ConfigError
from movierec.publishing.pointer import kept_versions, move_pointer
from movierec.publishing.publish_again import publish_again

LEGEND = (
    "ndcg and coverage: at 10, as the training measured them; churn: share of the first ten movies of the live lists "
    "that the version does not show; --to VERSION --why REASON makes one live"
)


def run(settings: Settings, options: argparse.Namespace) -> str:
    """Carry out the request and return what to print.

    Raises:
        ConfigError: there is no reason for a move, or a reason without one.
        PublishError: the version or the training cannot be made live.
    """
    is_move = options.to is not None or options.training is not None
    if is_move != bool((options.why or "").strip()):
        raise ConfigError("a move needs --to or --training, and --why: the reason is kept with it")
    by = options.by or user_of_this_machine()
    with open_warehouse(settings) as conn:
        if options.training is not None:
            version_id = publish_again(conn, options.training, settings, by, options.why)
            return f"version {version_id} is live: the model of training {options.training}, published again"
        if options.to is not None:
            before = move_pointer(conn, options.to, by, options.why)
            return f"version {options.to} is live instead of {before or 'none'}"
        return f"{text_table.table(kept_versions(conn))}\n\n{LEGEND}"
