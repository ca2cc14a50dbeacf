"""Gates between the layers: a critical expectation that fails stops the night, a warning is reported."""

from movierec.quality.docs import prune
from movierec.quality.findings import Finding, report_lines
from movierec.quality.gate import check, check_by_hand
from movierec.quality.project import GATES

__all__ = ["GATES", "Finding", "check", "check_by_hand", "prune", "report_lines"]
