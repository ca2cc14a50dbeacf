"""What the tests share: one embedded PostgreSQL for the session, a fresh warehouse and app database for each test."""

import gc
import itertools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from movierec import warehouse as structure
from movierec.config import Settings
from movierec.db import Connection, connect, run_sql
from movierec.kernels.parallel import available_cores
from movierec.local.airflow import program
from movierec.local.postgres import embedded_server
from movierec.rankers.neural import environment
from tests.night_states import NightState, NightStates

os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # as every task has it: waiting threads leave the core to others

# Learned rankers that build on networks take seconds each; the tests of that ask for it.
os.environ["MOVIEREC_NEURAL"] = "alone"

# A test server may lose its data: no waiting for the disk. Its log stays small, since it may lie in memory. So do its
# buffers, all of which are looked through whenever a database is dropped.
HASTY = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_wal_size": "128MB",
    "shared_buffers": "32MB",
}
MEMORY = Path("/dev/shm")  # noqa: S108 (a folder of one's own is made in it)
NEEDED_BYTES = 2 << 30  # for the servers of one process that runs tests
TESTS = Path(__file__).parent
LONG = ("dags/test_scheduler.py", "dags", "sources/databases", "web")
_numbers = itertools.count(1)

Administrator = psycopg.Connection[tuple[Any, ...]]  # outside transactions


def pytest_configure(config: pytest.Config) -> None:
    """Give the session a temporary folder of its own.

    Under root, PostgreSQL runs as another user and must get through to its files; the folder that sessions share by
    default is closed again by whichever session starts next.
    """
    # Airflow and what it brings are hundreds of thousands of objects, which each collection would walk through again.
    program.collect_seldom()
    if config.option.basetemp is None:
        config.option.basetemp = tempfile.mkdtemp(prefix="movierec-")
        config.add_cleanup(lambda: _delete_in_background(config.option.basetemp))


def _delete_in_background(folder: str) -> None:
    """Let a process of its own delete a folder: hundreds of thousands of files take a quarter of a minute."""
    subprocess.run(["sh", "-c", 'rm -rf "$0" </dev/null >/dev/null 2>&1 &', folder], start_new_session=True, check=True)


def pytest_collection_finish() -> None:
    """Leave what has been imported out of the search for garbage."""
    gc.freeze()


@pytest.hookimpl(optionalhook=True)  # without pytest-xdist nothing asks
def pytest_xdist_auto_num_workers() -> int:
    """Return one and a half processes a core: for a quarter of their time tests wait for what they have started."""
    cores = available_cores()
    return cores + cores // 2


class ByGroup(LoadScopeScheduling):
    """Hands out whole groups of tests to the processes that run them.

    pytest-xdist's own groups are written into test ids after pytest has settled them, and are not seen any more.
    """

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid.partition("::")[0].removeprefix(f"{TESTS.name}/"))


@pytest.hookimpl(optionalhook=True)  # without pytest-xdist nothing asks
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByGroup:
    """Say which tests one process runs.

    A file's tests stay together, and so do those of `LONG`, which share an Airflow, a MariaDB or a web server that
    takes seconds to start.
    """
    return ByGroup(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Say in which order processes take the groups.

    What takes minutes comes first, so that no process is left alone with it at the end; the test that runs an Airflow
    of its own goes beside the others of `dags`.
    """
    _skip_without_tensorflow(items)
    rank = {place: number for number, place in enumerate(LONG)}
    items.sort(key=lambda item: rank.get(group_of(item.path.relative_to(TESTS).as_posix()), len(rank)))


def group_of(path: str) -> str:
    """Return the group of a file of tests: the place in `LONG` that it lies in, or the file itself."""
    return next((place for place in LONG if path == place or path.startswith(f"{place}/")), path)


def _parameters_of(item: pytest.Item) -> list[object]:
    return (
        list(item.callspec.params.values()) if isinstance(item, pytest.Function) and hasattr(item, "callspec") else []
    )


def _skip_without_tensorflow(items: list[pytest.Item]) -> None:
    """Skip tests of the neural ranker that fit it, where set-up could not install what it is fitted with."""
    if environment.is_installed():
        return
    for item in items:
        if any(isinstance(each, str) and each == "neural" for each in _parameters_of(item)):
            item.add_marker(pytest.mark.skip(reason="no TensorFlow here; make dev installs it"))


@pytest.fixture(scope="session")
def quick_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a folder for servers that tests make databases on.

    It is in memory where that has room: copying a database, eight hundred files, takes a tenth of the time there.
    """
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > NEEDED_BYTES:
        with tempfile.TemporaryDirectory(prefix="movierec-", dir=MEMORY, ignore_cleanup_errors=True) as folder:
            yield Path(folder)
    else:
        yield tmp_path_factory.mktemp("quick")


@pytest.fixture(scope="session")
def server(quick_folder: Path) -> Iterator[Settings]:
    """Start a PostgreSQL server with the warehouse's structure ready to be copied."""
    home = quick_folder / "server"
    settings = replace(Settings(), home=home, artifacts=str(home / "artifacts"))
    embedded_server.start(settings, HASTY)
    try:
        embedded_server.ensure_databases(settings)
        structure.migrate(embedded_server.conninfo(settings, "warehouse"))
        with connect(embedded_server.conninfo(settings, "app")) as conn:
            run_sql(conn, "app/tables")
        yield settings
    finally:
        embedded_server.stop(settings)


@pytest.fixture(scope="session")
def administrator(server: Settings) -> Iterator[Administrator]:
    """Connect to the server once for all that makes and drops databases: a connection takes as long as either."""
    with embedded_server.as_administrator(server) as administrator:
        yield administrator


@pytest.fixture
def copy_of(server: Settings, administrator: Administrator) -> Iterator[Callable[[str], str]]:
    """Copy a database and return its conninfo; the copies go with the test.

    Copied as files: page by page through the log, which is the default, takes twice as long.
    """
    made: list[str] = []

    def copy(template: str) -> str:
        made.append(f"{template}_{next(_numbers)}")
        copy_database(administrator, template, made[-1])
        return embedded_server.conninfo(server, made[-1])

    yield copy
    for name in made:
        _administer(administrator, "drop database {} with (force)", name)


@pytest.fixture(scope="session")
def night_states(
    server: Settings, administrator: Administrator, tmp_path_factory: pytest.TempPathFactory
) -> NightStates:
    """Return what makes states of a night for many tests to begin with."""
    return NightStates(server, tmp_path_factory.mktemp("states"), partial(copy_database, administrator))


def copy_database(administrator: Administrator, template: str, name: str) -> None:
    """Copy a database, as files."""
    # What a task of a night has left open keeps its database from being copied.
    administrator.execute(
        "select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = %s and backend_type = %s",
        [template, "client backend"],
    )
    _administer(administrator, "create database {} template {} strategy file_copy owner movierec_etl", name, template)


def _administer(administrator: Administrator, statement: str, *names: str) -> None:
    administrator.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))  # type: ignore[arg-type]


@pytest.fixture
def initial_state() -> NightState | None:
    """Return the state of a night that a test begins with; None: nothing has been done yet."""
    return None


@pytest.fixture
def warehouse(copy_of: Callable[[str], str], initial_state: NightState | None) -> str:
    """Return the conninfo of a warehouse: an empty one, or as a night has left it."""
    return copy_of(initial_state.warehouse if initial_state else "warehouse")


@pytest.fixture
def app(copy_of: Callable[[str], str], initial_state: NightState | None) -> str:
    """Return the conninfo of an application's database: an empty one, or as a night has found it."""
    return copy_of(initial_state.app if initial_state else "app")


@pytest.fixture
def conn(warehouse: str) -> Iterator[Connection]:
    """Open the warehouse."""
    with connect(warehouse) as connection:
        yield connection


@contextmanager
def mounted(folder: Path, size: str) -> Iterator[Path]:
    """Make a folder on a disk of its own of a size, such as 1m; only root can make one."""
    folder.mkdir()
    mount = ("mount", "-t", "tmpfs", "-o", f"size={size}", "none", folder)
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no small disk can be made here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Let a folder be read and no longer written, as after an error of its disk; only root can do that."""
    if subprocess.run(("mount", "--bind", folder, folder), capture_output=True, check=False).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        subprocess.run(("mount", "-o", "remount,bind,ro", folder), check=True)
        yield
    finally:
        subprocess.run(("umount", "--lazy", folder), check=True)


def fill(disk: Path) -> None:
    """Leave no room on a disk until its `ballast` is deleted."""
    with (disk / "ballast").open("wb", buffering=0) as file:
        for size in (1_000_000, 4_096, 1):
            with suppress(OSError):
                while True:
                    file.write(bytes(size))


@pytest.fixture
def disk_of(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Return what makes a folder on a disk of its own of a size."""
    with ExitStack() as disks:
        yield lambda size: disks.enter_context(mounted(tmp_path / f"disk of {size}", size))


@pytest.fixture
def small_disk(disk_of: Callable[[str], Path]) -> Path:
    """Return a folder on a disk of one megabyte."""
    return disk_of("1m")


@pytest.fixture
def settings(tmp_path: Path, initial_state: NightState | None) -> Settings:
    """Return settings whose state folder is the test's own, with what a night has left there."""
    own = replace(Settings(), home=tmp_path, artifacts=str(tmp_path / "artifacts"), backups=str(tmp_path / "backups"))
    if initial_state:
        initial_state.copy_artifacts(own)
    return own
