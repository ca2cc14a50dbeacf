"""Gates between the layers: a critical expectation that fails stops the night, a warning is reported."""

from movierec.quality.gate import check

__all__ = ["check"]
