"""What lies in the state folder (`MOVIEREC_HOME`), and under which name; nothing else knows its layout.

movierec-state             says that the folder is ours, so that `make clean` may delete it
movierec-databases         says that databases were made, so that no empty ones take their place when they are gone
*.lock                     held while databases, the background group, passwords or a night are made
halt                       which `make down` was the last one
group.json                 what runs in the background, or why it does not
secrets.json, web.json     passwords and keys that were made up; those of the web application and its API
web.pgpass                 the web application's password for the database, in containers
postgres/                  the embedded server: data/, server.log and its socket
airflow/                   Airflow's home: its configuration and passwords.json
logs/                      a file for each background process, tasks/ and parsing/ of Airflow
cache/                     datasets that were fetched
quality/                   Data Docs of each night
artifacts/, backups/       unless MOVIEREC_ARTIFACTS and MOVIEREC_BACKUPS say otherwise
"""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class StateFolder:
    """The paths in a state folder; none of them need exist."""

    path: Path

    @property
    def marker(self) -> Path:
        """The file that says that the folder is ours."""
        return self.path / "movierec-state"

    @property
    def databases_made(self) -> Path:
        """The file that says that databases were made in the server's data directory."""
        return self.path / "movierec-databases"

    def lock(self, name: str) -> Path:
        """The file that is locked while something is done that must not be done twice at once."""
        return self.path / f"{name}.lock"

    @property
    def group(self) -> Path:
        """What the supervisor says of the processes in the background."""
        return self.path / "group.json"

    @property
    def halt(self) -> Path:
        """Which `make down` was the last one: what began before it starts nothing any more."""
        return self.path / "halt"

    @property
    def secrets(self) -> Path:
        """Airflow's keys, made up once."""
        return self.path / "secrets.json"

    @property
    def web_keys(self) -> Path:
        """The keys of the web application and of its API."""
        return self.path / "web.json"

    @property
    def web_password(self) -> Path:
        """The web application's password for the database, as libpq reads it."""
        return self.path / "web.pgpass"

    @property
    def postgres(self) -> Path:
        """All that the embedded database server has."""
        return self.path / "postgres"

    @property
    def postgres_data(self) -> Path:
        """Its data directory."""
        return self.postgres / "data"

    @property
    def postgres_log(self) -> Path:
        """Its log."""
        return self.postgres / "server.log"

    @property
    def socket(self) -> Path:
        """The directory of its socket, where so long a path can be used."""
        return self.postgres / "socket"

    @property
    def socket_record(self) -> Path:
        """The file that says where the socket is otherwise."""
        return self.postgres / "socket-folder"

    @property
    def airflow(self) -> Path:
        """Airflow's home."""
        return self.path / "airflow"

    @property
    def airflow_configuration(self) -> Path:
        """Airflow's own settings."""
        return self.airflow / "airflow.cfg"

    @property
    def airflow_passwords(self) -> Path:
        """Who may log in to Airflow."""
        return self.airflow / "passwords.json"

    @property
    def logs(self) -> Path:
        """All logs but the database server's."""
        return self.path / "logs"

    def log(self, name: str) -> Path:
        """The log of a process, or of what a command runs."""
        return self.logs / f"{name}.log"

    @property
    def task_logs(self) -> Path:
        """The logs of Airflow's tasks."""
        return self.logs / "tasks"

    @property
    def parsing_logs(self) -> Path:
        """The logs of Airflow's reading of DAG files."""
        return self.logs / "parsing"

    @property
    def cache(self) -> Path:
        """Datasets that were fetched."""
        return self.path / "cache"

    @property
    def quality(self) -> Path:
        """Data Docs, a folder each night."""
        return self.path / "quality"

    @property
    def artifacts(self) -> Path:
        """The artifact store, unless a setting says otherwise."""
        return self.path / "artifacts"

    @property
    def backups(self) -> Path:
        """Backups, unless a setting says otherwise."""
        return self.path / "backups"
