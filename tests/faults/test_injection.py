"""Text that is meant to be read as SQL, through every function that the web application may call."""

import psycopg
import pytest

from movierec.local.postgres.roles import ADMINISTRATOR, OWNER

PAYLOADS = (
    "'; drop table serving.version cascade; --",
    "x') union select usename, passwd from pg_shadow --",
    "$$; select pg_read_file('/etc/passwd'); --",
    "%(user)s {0} \\' \\\\",
)
FUNCTIONS = """
select
    proc.oid::regprocedure::text,
    proc.proname,
    array(select type::regtype::text from unnest(proc.proargtypes) as type)
from pg_proc as proc
where proc.pronamespace = 'serving'::regnamespace and has_function_privilege('movierec_web', proc.oid, 'execute')
order by 1
"""
STATE = (
    "select (select count(*) from pg_class), (select count(*) from pg_proc), (select count(*) from pg_roles),"
    " (select count(*) from serving.feedback)"
)
OTHERS = {"boolean": "false", "jsonb": "'{}'", "uuid": "gen_random_uuid()"}


def value(kind: str) -> str:
    """Return an expression of a type; of texts a placeholder."""
    if kind == "text":
        return "%(payload)s"
    if kind == "text[]":
        return "array[%(payload)s]"
    return OTHERS.get(kind, "null" if kind.endswith("[]") or "time" in kind else "1")


@pytest.fixture
def administrator(warehouse):
    """Connect as who may take on the role of the web application."""
    with psycopg.connect(warehouse.replace(f"user={OWNER}", f"user={ADMINISTRATOR}")) as conn:
        yield conn


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_text_is_ever_read_as_sql(administrator, payload):
    conn = administrator
    (feedback,) = conn.execute("select to_regclass('serving.feedback') is not null").fetchone()
    state = STATE if feedback else STATE.partition(", (select count(*) from serving.feedback)")[0]
    before = conn.execute(state).fetchone()
    called = 0
    for signature, name, kinds in conn.execute(FUNCTIONS).fetchall():
        if not any(kind.startswith("text") for kind in kinds):
            continue
        called += 1
        statement = f"select * from serving.{name}({', '.join(f'{value(kind)}::{kind}' for kind in kinds)})"
        with conn.transaction(force_rollback=True):
            conn.execute("set local role movierec_web")
            try:
                found = conn.execute(statement, {"payload": payload}).fetchall()
            except (psycopg.errors.DataError, psycopg.errors.RaiseException, psycopg.errors.IntegrityError):
                continue  # refused as a value, before anything was done with it
            assert "root:" not in str(found), signature
            assert "SCRAM" not in str(found), signature
    assert called
    assert conn.execute(state).fetchone() == before
