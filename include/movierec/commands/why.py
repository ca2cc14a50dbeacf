"""`movierec why`: why a viewer is shown a movie, or is not."""

import argparse

from movierec.commands.warehouse import open_warehouse
from movierec.config import Settings


def run(settings: Settings, options: argparse.Namespace) -> str:
    """Return the answer, a sentence a line."""
    from movierec.publishing.why import why  # noqa: PLC0415 (pandas and all)

    with open_warehouse(settings) as conn:
        return "\n".join(why(conn, settings, options.user, options.movie))
