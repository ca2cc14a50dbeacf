"""The processes of a comparison: who is in one with whom, and what becomes of the others when one ends."""

import os
import signal
from pathlib import Path

import psutil
import pytest

from movierec.comparison.run import Workers, process_groups
from tests.comparison.test_worker import prepared

TEXTS = {"train": "1,10,5,1\n2,20,4,1", "test": "1,20,5,2\n2,10,5,2"}


def started() -> set[psutil.Process]:
    return set(psutil.Process().children(recursive=True))


def test_learned_rankers_go_together_and_others_alone() -> None:
    names = ["hybrid", "popularity", "random_forest", "ease"]
    assert process_groups(names) == [["hybrid", "random_forest"], ["popularity"], ["ease"]]


def test_rankers_have_processes_of_their_own_of_one_that_is_replaced_where_it_ends(tmp_path: Path) -> None:
    folder, before = prepared(tmp_path, **TEXTS), started()
    with Workers(folder) as workers:
        assert workers.run(["popularity"]) == (0, [])
        assert workers.run(["no_such_ranker"])[0] == 1
        (host,) = started() - before
        os.kill(host.pid, signal.SIGKILL)
        assert workers.run(["item_knn"]) == (-signal.SIGKILL, [])
        assert folder.read_result("item_knn") is None
        assert workers.run(["item_knn"]) == (0, [])
        assert (folder.read_result("item_knn") or {})["metrics"]
    assert started() - before == set()


def test_an_interruption_ends_the_ranker_that_is_under_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = started()
    (tmp_path / "sitecustomize.py").write_text(
        "import os, signal\nos.register_at_fork(after_in_child=lambda: ("
        " os.kill(int(os.environ['ASKED']), signal.SIGINT), signal.pause()))\n"
    )
    monkeypatch.setenv("ASKED", str(os.getpid()))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)  # pytest-xdist has its processes ignore it
    under_way: set[psutil.Process] = set()
    with pytest.raises(KeyboardInterrupt), Workers(prepared(tmp_path, **TEXTS)) as workers:
        try:
            workers.run(["popularity"])
        finally:
            under_way = started() - before
            signal.signal(signal.SIGINT, handler)
    assert len(under_way) == 2
    assert not any(process.is_running() for process in psutil.wait_procs(under_way, timeout=10)[1])
