"""What must hold of a stack that has run a night: each check raises AssertionError with what was seen."""

import json
from collections.abc import Mapping

from tests.compose.engine import EngineError
from tests.compose.stack import Stack

WEB = "http://127.0.0.1:8090"
AIRFLOW = "http://127.0.0.1:8080"
OURS = ("scheduler", "dag-processor", "triggerer", "api-server", "web")
ROLES = ("movierec_etl", "movierec_web", "movierec_reader")


def check_stack(stack: Stack, settings: Mapping[str, str]) -> None:
    """Check everything."""
    lists_are_served(stack, settings)
    sources_were_read(stack, settings)
    nothing_runs_as_superuser(stack, settings)
    readers_read_what_is_served_alone(stack, settings)
    services_are_locked_in(stack)
    secrets_are_where_they_belong(stack, settings)


def lists_are_served(stack: Stack, settings: Mapping[str, str]) -> None:
    """Ask both servers on the ports that are published, as an application and a person would."""
    assert json.loads(stack.fetch(f"{WEB}/health"))["status"] == "ok"
    read_key = "import json; print(json.load(open('/opt/web/web.json'))['api_keys'][0]['key'])"
    key = stack.execute("web", "python", "-c", read_key).strip()
    answer = json.loads(
        stack.fetch(f"{WEB}/api/v1/users/1/recommendations?limit=10", ("Authorization", f"Bearer {key}"))
    )
    assert len(answer["items"]) == 10, answer
    health = json.loads(stack.fetch(f"{AIRFLOW}/api/v2/monitor/health"))
    assert {part["status"] for part in health.values()} == {"healthy"}, health
    rows = as_reader(stack, settings, "select count(distinct user_id) from serving.live_recommendation")
    assert int(rows[0]) >= 60, rows
    print(f"lists are served: {rows[0]} viewers", flush=True)


def sources_were_read(stack: Stack, settings: Mapping[str, str]) -> None:
    """Every source has delivered, the shop in MariaDB and the folder of events among them.

    A second night within the hour reads the shop's rows again: they are too young to be settled.
    """
    statement = (
        "select source, sum(raw_rows) from (select distinct on (source, table_name, piece) source, raw_rows "
        "from ops.slice order by source, table_name, piece, slice_id desc) as newest group by source order by source"
    )
    rows = dict(line.split("|") for line in as_owner(stack, settings, statement))
    assert int(rows["shop"]) == 80, rows
    assert int(rows["events"]) == 20, rows
    print(f"rows by source: {rows}", flush=True)


def nothing_runs_as_superuser(stack: Stack, settings: Mapping[str, str]) -> None:
    """Connections of services are those of the roles, none of which may do what an administrator does."""
    statement = (
        "select rolname, rolsuper or rolcreatedb or rolcreaterole or rolbypassrls from pg_roles "
        "where rolname like 'movierec%' order by rolname"
    )
    assert as_owner(stack, settings, statement) == [f"{role}|f" for role in sorted(ROLES)]
    users = as_owner(
        stack,
        settings,
        "select distinct usename from pg_stat_activity where usename is not null and datname is not null",
    )
    assert set(users) <= set(ROLES), users
    assert "movierec_web" in users, users


def readers_read_what_is_served_alone(stack: Stack, settings: Mapping[str, str]) -> None:
    """A dashboard's role reads serving and nothing of the layers behind it."""
    for refused in ("select 1 from core.ratings", "create table serving.mine ()", "delete from serving.version"):
        try:
            as_reader(stack, settings, refused)
        except EngineError as error:
            assert "permission denied" in str(error) or "read-only" in str(error), error
        else:
            raise AssertionError(f"movierec_reader may: {refused}")


def services_are_locked_in(stack: Stack) -> None:
    """No service is root, has a capability, or can write to the code that it runs."""
    look = (
        "import os; print(os.getuid(), [line.split()[1] for line in open('/proc/self/status') "
        "if line.startswith('CapEff')][0], os.access('/opt/movierec/dags', os.W_OK), os.access('/usr', os.W_OK))"
    )
    for service in OURS:
        seen = stack.execute(service, "python", "-c", look).split()
        assert seen == ["50000", "0000000000000000", "False", "False"], (service, seen)


def secrets_are_where_they_belong(stack: Stack, settings: Mapping[str, str]) -> None:
    """The administrator's password is with the database and init, the web application has its own alone."""
    for service in OURS:
        seen = stack.execute(service, "python", "-c", "import os; print(dict(os.environ))")
        assert settings["MOVIEREC_DB_PASSWORD"] not in seen, service
        assert settings["MOVIEREC_ADMIN_PASSWORD"] not in seen, service
    web = stack.execute("web", "python", "-c", "import os; print(dict(os.environ))")
    assert [name for name, value in settings.items() if "PASSWORD" in name and value in web] == []
    assert stack.execute("web", "python", "-c", "import os; print(os.listdir('/opt/state'))").strip() == "[]"


def as_reader(stack: Stack, settings: Mapping[str, str], statement: str) -> list[str]:
    """Ask the warehouse as a dashboard does."""
    return stack.query("movierec_reader", settings["MOVIEREC_READER_PASSWORD"], "warehouse", statement)


def as_owner(stack: Stack, settings: Mapping[str, str], statement: str) -> list[str]:
    """Ask the warehouse as the pipeline does."""
    return stack.query("movierec_etl", settings["MOVIEREC_ETL_PASSWORD"], "warehouse", statement)
