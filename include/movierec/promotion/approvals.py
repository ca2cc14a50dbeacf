"""When a person is asked before the champion changes."""

from collections.abc import Mapping
from typing import Any

# The verdicts about which a person is asked, by what the trigger form says.
_ASKED_ABOUT = {"when unsure": ("ask",), "always": ("ask", "promote"), "never": ()}
APPROVALS = tuple(_ASKED_ABOUT)
DEFAULT_APPROVAL = "when unsure"


def needs_person(decision: Mapping[str, Any], approval: str) -> bool:
    """Tell whether a person is asked about a decision, by one of `APPROVALS`; nobody is before there is a champion."""
    return decision["champion"] is not None and decision["verdict"] in _ASKED_ABOUT[approval]
