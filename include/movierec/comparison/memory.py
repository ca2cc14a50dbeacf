"""The peak memory of this process."""

import resource
import sys
from pathlib import Path

STATUS = Path("/proc/self/status")
RESET = Path("/proc/self/clear_refs")


def peak_bytes() -> int:
    """Return the largest resident size since the process began or `forget_peak`.

    Linux keeps it per program (VmHWM); elsewhere `getrusage` has it, which cannot be reset.
    """
    if STATUS.is_file():
        line = next(line for line in STATUS.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def forget_peak() -> None:
    """Let the peak begin anew, where the system allows it."""
    try:
        RESET.write_text("5", encoding="ascii")
    except OSError:
        return
