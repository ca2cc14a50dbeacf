"""Tests that share a file, or a server that takes seconds to start, run in one process."""

import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from tests.conftest import LONG, group_of

REPOSITORY = Path(__file__).parents[1]
FILES = ("tests/test_rating_scale.py", "tests/test_text_table.py", "tests/test_deadline.py")


def test_one_process_runs_the_tests_of_a_file() -> None:
    # Every test says which process has run it: [gw0] [ 10%] PASSED tests/test_text_table.py::…
    options = ["-vv", "-n", "2", "--dist", "loadscope", "-p", "no:cacheprovider"]
    command = (sys.executable, "-m", "pytest", *FILES, *options)
    run = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    processes = defaultdict(set)
    for process, file in re.findall(r"^\[(gw\d)\].* PASSED (tests/\w+\.py)::", run.stdout, flags=re.MULTILINE):
        processes[file].add(process)
    assert sorted(processes) == sorted(FILES)
    assert [len(each) for each in processes.values()] == [1] * len(FILES)
    assert len(set().union(*processes.values())) == 2


@pytest.mark.parametrize("place", LONG)
def test_what_shares_a_server_is_one_group(place: str) -> None:
    inside = place if place.endswith(".py") else f"{place}/folder/test_one.py"
    assert group_of(inside) == place


def test_places_of_groups_are_there() -> None:
    assert [place for place in LONG if not (REPOSITORY / "tests" / place).exists()] == []
