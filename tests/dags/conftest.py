"""Airflow on the test server: its own metadata, the DAGs of this checkout, a warehouse and an app database."""

import copy
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from types import CodeType, SimpleNamespace
from typing import Any

import pytest
from jinja2 import BytecodeCache, Environment
from jinja2.bccache import Bucket
from jsonschema import Draft202012Validator
from psycopg.conninfo import conninfo_to_dict

from movierec.config import ROOT, Settings
from movierec.db import Connection
from movierec.local import databases, environment
from tests import movielens
from tests.dags.test_nights import QUICK, run_chain
from tests.night_states import NightState, NightStates

_sleep = time.sleep


def _look_again_soon(seconds: float) -> None:
    """Sleep; where DAG.test() waits a second for each step of a run that has nothing to start, a tenth of it."""
    waits = sys._getframe(1).f_globals["__name__"] == "airflow.sdk.definitions.dag"
    _sleep(seconds / 10 if waits else seconds)


def _checking_once(check_schema: Callable[[object], None]) -> Callable[[object], None]:
    """Return what checks a schema once: Airflow has that of every field of a form checked anew for every task."""
    known: set[str] = set()

    def check_once(schema: object) -> None:
        text = json.dumps(schema, sort_keys=True, default=repr)
        if text not in known:
            check_schema(schema)
            known.add(text)

    return check_once


class _Memory(BytecodeCache):
    """Keeps what templates were compiled to: Great Expectations compiles those of its pages anew for each gate."""

    def __init__(self) -> None:
        self._compiled: dict[str, CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._compiled.get(f"{bucket.key} {bucket.checksum}")

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._compiled[f"{bucket.key} {bucket.checksum}"] = bucket.code


@pytest.fixture(scope="session", autouse=True)
def templates() -> None:
    """Let every environment of Jinja take what another one has compiled."""
    begin, compiled = Environment.__init__, _Memory()

    def begin_with_memory(self: Environment, *options: Any, **others: Any) -> None:
        begin(self, *options, **others)
        self.bytecode_cache = self.bytecode_cache or compiled

    Environment.__init__ = begin_with_memory


@pytest.fixture(scope="session")
def airflow(server: Settings) -> Iterator[SimpleNamespace]:
    """Set the environment before Airflow is imported, migrate its database, and read the DAGs."""
    settings = replace(server, port=9)
    before = dict(os.environ)
    os.environ |= environment.airflow_environment(settings)
    databases.prepare_airflow(settings)
    from airflow.dag_processing import dagbag

    # DAG.test() reads all DAG files anew before a run and writes them to the database; none of them changes meanwhile.
    write, write_once, kind = dagbag.sync_bag_to_db, cache(dagbag.sync_bag_to_db), dagbag.BundleDagBag
    dagbag.sync_bag_to_db = lambda bag, *of: (write_once if isinstance(bag, kind) else write)(bag, *of)
    dagbag.BundleDagBag = cache(kind)
    bag = dagbag.DagBag(ROOT / "dags", bundle_name="dags-folder")
    # Airflow keeps what a run was filled in with as the defaults of the next one in the same process.
    forms = copy.deepcopy({dag_id: dag.params.dump() for dag_id, dag in bag.dags.items()})
    with pytest.MonkeyPatch.context() as patched:  # a test that answers while a run waits patches it once more
        patched.setattr(time, "sleep", _look_again_soon)
        patched.setattr(Draft202012Validator, "check_schema", _checking_once(Draft202012Validator.check_schema))
        yield SimpleNamespace(dags=bag.dags, forms=forms, errors=bag.import_errors, settings=settings)
    os.environ.clear()
    os.environ |= before


@pytest.fixture(scope="session")
def first_night(airflow: SimpleNamespace, night_states: NightStates) -> NightState:
    """Let the DAGs take a generated night as far as its lists."""

    def fill(conn: Connection, app: str, settings: Settings) -> None:
        with pytest.MonkeyPatch.context() as patched:
            night = point_dags_at(airflow, patched, conn.info.dsn, app, settings)
            run_chain(night, movielens.generate(settings.home / "data"), **QUICK)

    return night_states.get("first_night", fill)


@pytest.fixture
def initial_state(request: pytest.FixtureRequest) -> NightState | None:
    """Begin with the night that a test asks for."""
    asked = [name for name in ("first_night", "popular_night") if name in request.fixturenames]
    return request.getfixturevalue(asked[0]) if asked else None


@pytest.fixture
def night(
    airflow: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, warehouse: str, app: str, settings: Settings
) -> SimpleNamespace:
    """Point the DAGs at databases and artifacts of a test's own."""
    return point_dags_at(airflow, monkeypatch, warehouse, app, settings)


def point_dags_at(
    airflow: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, warehouse: str, app: str, settings: Settings
) -> SimpleNamespace:
    """Point the DAGs somewhere; `run(dag_id, **params)` runs one as a task would, and returns the run."""
    for name, conninfo in (("warehouse", warehouse), ("app", app)):
        connection = json.loads(os.environ[f"AIRFLOW_CONN_MOVIEREC_{name.upper()}"])
        there = {**connection, "schema": conninfo_to_dict(conninfo)["dbname"]}
        monkeypatch.setenv(f"AIRFLOW_CONN_MOVIEREC_{name.upper()}", json.dumps(there))
    monkeypatch.setenv("MOVIEREC_ARTIFACTS", settings.artifacts)

    def run(dag_id: str, **params: object):
        return airflow.dags[dag_id].test(run_conf={**airflow.forms[dag_id], **params})

    return SimpleNamespace(run=run, warehouse=warehouse, app=app)
