"""Gates between the layers: a critical expectation that fails stops the night, a warning is reported."""

from movierec.quality.docs import prune
from movierec.quality.findings import Finding, lines
from movierec.quality.gate import check, check_by_hand
from movierec.quality.night import GATES

__all__ = ["GATES", "Finding", "check", "check_by_hand", "lines", "prune"]
