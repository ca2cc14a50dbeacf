"""`movierec forget`: a viewer leaves every table and every artifact, or may be sent by sources again."""

import argparse

from movierec import text_table
from movierec.commands.person import user_of_this_machine
from movierec.commands.warehouse import open_warehouse
from movierec.config import Settings


def run(settings: Settings, options: argparse.Namespace) -> str:
    """Carry it out and return what to print.

    Raises:
        ConfigError: the viewer is not an id, or is not refused and is to be allowed.
        QualityError: something of the viewer is left.
    """
    from movierec.forgetting.forget import allow, forget  # noqa: PLC0415 (pandas and all)
    from movierec.local import demo_app  # noqa: PLC0415
    from movierec.local.postgres import embedded_server  # noqa: PLC0415

    by = options.by or user_of_this_machine()
    with open_warehouse(settings) as conn:
        if options.allow:
            allow(conn, options.user, by)
            return "sources may send the viewer again; they are read anew on the next night"
        removed = forget(conn, settings, options.user, by)
        demo_app.forget(embedded_server.conninfo(settings, "app"), options.user)
    return f"forgotten: {text_table.row_counts(removed)}; the next night learns without them"
