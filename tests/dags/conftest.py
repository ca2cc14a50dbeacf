"""Airflow on the test server: its own metadata, the DAGs of this checkout, a warehouse and an app database."""

import copy
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import SimpleNamespace

import pytest

from movierec.config import ROOT, Settings
from movierec.local import databases, environment


@pytest.fixture(scope="session")
def airflow(server: Settings) -> Iterator[SimpleNamespace]:
    """Set the environment before Airflow is imported, migrate its database, and read the DAGs."""
    settings = replace(server, port=9)
    before = dict(os.environ)
    os.environ |= environment.airflow_environment(settings)
    databases.prepare_airflow(settings)
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(ROOT / "dags", bundle_name="dags-folder")
    # Airflow keeps what a run was filled in with as the defaults of the next one in the same process.
    forms = copy.deepcopy({dag_id: dag.params.dump() for dag_id, dag in bag.dags.items()})
    yield SimpleNamespace(dags=bag.dags, forms=forms, errors=bag.import_errors, settings=settings)
    os.environ.clear()
    os.environ |= before


@pytest.fixture
def night(airflow: SimpleNamespace, copy_of: Callable[[str], str], monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Point the DAGs at fresh databases; `run(dag_id, **params)` runs one as a task would, and returns the run."""
    conninfos = {name: copy_of(name) for name in ("warehouse", "app")}
    for name, conninfo in conninfos.items():
        connection = os.environ[f"AIRFLOW_CONN_MOVIEREC_{name.upper()}"]
        copied = connection.replace(f'"schema": "{name}"', f'"schema": "{conninfo.rpartition("=")[2]}"')
        monkeypatch.setenv(f"AIRFLOW_CONN_MOVIEREC_{name.upper()}", copied)

    def run(dag_id: str, **params: object):
        return airflow.dags[dag_id].test(run_conf={**airflow.forms[dag_id], **params})

    return SimpleNamespace(run=run, **conninfos)
