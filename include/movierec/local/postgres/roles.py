"""Who owns the databases and who may enter them. The administrator sets it up; nothing of the pipeline runs as one."""

from collections.abc import Mapping, Sequence
from typing import Any

from movierec.config import SQL, Settings
from movierec.errors import MovierecError

ADMINISTRATOR = "postgres"  # of the embedded server
OWNER = "movierec_etl"  # of every database and of all that is in it; the pipeline runs as this role
WEB_ROLE = "movierec_web"  # reads what is served and appends feedback, nothing else
READER_ROLE = "movierec_reader"  # reads what is served and the views of ops for dashboards, nothing else
DATABASES = ("airflow", "warehouse", "app")
GUESTS = {"warehouse": (WEB_ROLE, READER_ROLE)}  # who besides the owner may connect
LOCK_TIMEOUT = "10s"


def prepare(server: str, settings: Settings) -> None:
    """Make the roles and databases that are missing on a server, and give the owner those of earlier versions.

    Args:
        server: connection string of an administrator; its database does not matter.
        settings: with the passwords of the roles, where they are set.

    Raises:
        MovierecError: a database of an earlier version is in use and cannot be handed over.
    """
    import psycopg  # noqa: PLC0415 (half a second, needed here only)

    with psycopg.connect(server, dbname="postgres", autocommit=True) as connection:
        connection.execute(_read("ddl/roles"))
        connection.execute(_read("server/limit_guests"))
        set_passwords(connection, settings)
        is_ready: dict[str, bool] = dict(
            connection.execute(_read("server/handed_over"), {"names": list(DATABASES)}).fetchall()
        )
        for name in DATABASES:
            if name not in is_ready:
                create_database(connection, name)
    for name in DATABASES:
        if not is_ready.get(name):
            hand_over(server, name, GUESTS.get(name, ()))


def create_database(connection: Any, name: str, template: str = "template1") -> None:
    """Create a database that belongs to the owner."""
    from psycopg import sql  # noqa: PLC0415

    statement = sql.SQL("create database {} template {} owner {}")
    connection.execute(statement.format(*map(sql.Identifier, (name, template, OWNER))))


def hand_over(server: str, name: str, guests: Sequence[str] = ()) -> None:
    """Make a database and all that is in it the owner's, and close it to everybody else but its guests.

    Raises:
        MovierecError: somebody uses it in a way that does not let this happen.
    """
    import psycopg  # noqa: PLC0415
    from psycopg import sql  # noqa: PLC0415

    try:
        with psycopg.connect(server, dbname=name) as connection:
            connection.execute(sql.SQL("set local lock_timeout to {}").format(LOCK_TIMEOUT))
            connection.execute(_read("server/hand_over"))
            connection.execute(_read("server/close_database"))
            opening = sql.SQL("grant connect on database {} to {}")
            for guest in guests:
                connection.execute(opening.format(sql.Identifier(name), sql.Identifier(guest)))
            owning = sql.SQL("alter database {} owner to {}")
            connection.execute(owning.format(sql.Identifier(name), sql.Identifier(OWNER)))
    except psycopg.errors.LockNotAvailable as error:
        raise MovierecError(
            f"the database {name} was made by an earlier version and has to become {OWNER}'s, but somebody is using "
            "it; end what uses it (make down), then try again"
        ) from error


def _read(name: str) -> Any:
    # like db.read_sql, which takes pandas with it
    return (SQL / f"{name}.sql").read_text(encoding="utf-8")


def set_passwords(connection: Any, settings: Settings) -> None:
    """Let each role log in with its password, where one is set; the server gets to see its verifier alone."""
    for role, password in passwords(settings).items():
        if password:
            set_password(connection, role, password)


def passwords(settings: Settings) -> Mapping[str, str]:
    """Return the password of each role, empty where none is set."""
    return {OWNER: settings.etl_password, WEB_ROLE: settings.web_password, READER_ROLE: settings.reader_password}


def set_password(connection: Any, role: str, password: str) -> None:
    """Let a role log in with a password, of which only the SCRAM verifier (RFC 5802) stands in the statement."""
    from psycopg import sql  # noqa: PLC0415

    verifier = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    statement = sql.SQL("alter role {} password {}")
    connection.execute(statement.format(sql.Identifier(role), sql.Literal(verifier)))
