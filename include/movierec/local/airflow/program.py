"""Airflow's command line where it is to start fast: `python -m movierec.local.airflow.program COMMAND …`.

Airflow is hundreds of thousands of objects that stay for good. As Python is set it looks through all of them for
garbage again and again while they are made: a fifth of the time that a component takes to start.
"""

import gc
import runpy
import sys
from collections.abc import Sequence

# New objects after which Python looks for cycles among them, and how many such looks make one at those that stayed.
THRESHOLDS = (50_000, 20, 50)


def collect_seldom() -> None:
    """Let Python look for garbage seldom; processes that are forked from this one do so, too."""
    gc.set_threshold(*THRESHOLDS)


def run(words: Sequence[str]) -> None:
    """Run a command of Airflow in this process."""
    sys.argv = ["airflow", *words]
    runpy.run_module("airflow", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    collect_seldom()
    run(sys.argv[1:])
