"""Settings of one installation, read once from the environment and never changed."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import time
from pathlib import Path

from movierec.deadline import DEADLINE_SETTING, DEFAULT_DEADLINE, parse_deadline
from movierec.errors import ConfigError
from movierec.rating_scale import RatingScale, parse_scales
from movierec.state_folder import StateFolder

ROOT = Path(__file__).resolve().parents[2]
SQL = ROOT / "include" / "sql"
HOME = ROOT / ".movierec"
CONNECTIONS = "app=movierec_app"  # unless a setting says otherwise
OPTIONAL_SOURCES = ("credits", "imdb", "events")
NEURAL = ("yes", "alone", "no")  # alone: as a ranker, and learned rankers do not build on it
SWITCHED_OFF = "it is switched off by MOVIEREC_NEURAL=no"  # why a night is without the neural ranker, in words
LARGEST_ID = 2**63 - 1  # of PostgreSQL's bigint
MAX_SOCKET_PATH_BYTES = 106  # Linux's limit for the path of a Unix socket, the closing zero left out
RESERVED_NAMES = ("movielens", "serving", *OPTIONAL_SOURCES)
_ENV_LINES = "lines such as MOVIEREC_PORT=8081, comments behind a #, and empty lines"


@dataclass(frozen=True)
class Settings:
    """Every `MOVIEREC_…` variable with its default.

    Attributes:
        home: state folder: database, Airflow's home, caches, artifacts, logs (`MOVIEREC_HOME`).
        dataset: a MovieLens edition by name, or a folder, zip, file or URL (`MOVIEREC_DATASET`).
        host: address the servers bind to (`MOVIEREC_HOST`).
        port: port of Airflow's web server and API (`MOVIEREC_PORT`).
        web_host: address of the web application (`MOVIEREC_WEB_HOST`).
        web_port: its port (`MOVIEREC_WEB_PORT`).
        web_allowed_hosts: names by which it may be addressed, besides loopback's (`MOVIEREC_WEB_ALLOWED_HOSTS`).
        private_hosts: hosts of a private network that a redirect may lead to (`MOVIEREC_PRIVATE_HOSTS`).
        artifacts: URL of the artifact store, any fsspec scheme (`MOVIEREC_ARTIFACTS`).
        top_n: movies in a published list (`MOVIEREC_TOP_N`).
        keep_nights: how many batches and versions are kept (`MOVIEREC_KEEP_NIGHTS`).
        keep_metrics: for how many days metrics of viewers and batches are kept (`MOVIEREC_KEEP_METRICS`).
        keep_logs: the same for logs of tasks and Airflow's records (`MOVIEREC_KEEP_LOGS`).
        keep_backups: how many backups are kept (`MOVIEREC_KEEP_BACKUPS`).
        backups: the folder that they lie in (`MOVIEREC_BACKUPS`).
        deciding_protocol: the split by which a training compares rankers (`MOVIEREC_DECIDING_PROTOCOL`).
        evaluated_viewers: of more viewers a training evaluates so many (`MOVIEREC_EVALUATED_VIEWERS`).
        neural: one of `NEURAL`: whether the neural ranker is wanted, and with it TensorFlow (`MOVIEREC_NEURAL`).
        accept_volume_change: a night that is started here may differ in volume (`MOVIEREC_ACCEPT_VOLUME_CHANGE`).
        connections: source name to Airflow connection id, for servers (`MOVIEREC_CONNECTIONS`).
        scales: source name to the scale of its ratings, where it is declared (`MOVIEREC_RATING_SCALE`).
        exclude: files that are left out on purpose, by name, with * for anything (`MOVIEREC_EXCLUDE`).
        lists_by: when the lists of a night have to be live, UTC; None: nobody is told (`MOVIEREC_LISTS_BY`).
        notify: the Airflow connection that notices are sent through, empty for none (`MOVIEREC_NOTIFY`).
        openlineage: server or file that gets OpenLineage's events, empty for none (`MOVIEREC_OPENLINEAGE`).
        etl_password: of the role that owns the databases, where it logs in with one (`MOVIEREC_ETL_PASSWORD`).
        web_password: of the web application's role (`MOVIEREC_WEB_PASSWORD`).
        reader_password: of the role for dashboards (`MOVIEREC_READER_PASSWORD`).
        locations: source name to folder, file or URL, for optional sources (`MOVIEREC_CREDITS`, `_IMDB`, `_EVENTS`).
    """

    home: Path = HOME
    dataset: str = "ml-100k"
    host: str = "127.0.0.1"
    port: int = 8080
    web_host: str = "127.0.0.1"
    web_port: int = 8090
    web_allowed_hosts: tuple[str, ...] = ()
    private_hosts: tuple[str, ...] = ()
    artifacts: str = str(StateFolder(HOME).artifacts)
    top_n: int = 50
    keep_nights: int = 14
    keep_metrics: int = 365
    keep_logs: int = 30
    keep_backups: int = 4
    backups: str = str(StateFolder(HOME).backups)
    deciding_protocol: str = "per_user_temporal"
    evaluated_viewers: int = 20_000
    neural: str = "yes"
    accept_volume_change: bool = False
    connections: Mapping[str, str] = field(default_factory=lambda: _connections(CONNECTIONS))
    scales: Mapping[str, RatingScale] = field(default_factory=dict)
    exclude: tuple[str, ...] = ()
    lists_by: time | None = DEFAULT_DEADLINE
    notify: str = ""
    openlineage: str = ""
    etl_password: str = field(default="", repr=False)
    web_password: str = field(default="", repr=False)
    reader_password: str = field(default="", repr=False)
    locations: Mapping[str, str] = field(default_factory=dict)

    @property
    def state_folder(self) -> StateFolder:
        """What lies in the state folder."""
        return StateFolder(self.home)

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> "Settings":
        """Read the settings; an empty variable counts as absent, and a path is as seen from the current folder.

        Raises:
            ConfigError: a number is not a number or out of its range.
        """
        env = {key: value for key, value in (os.environ if env is None else env).items() if value}
        home = Path(env.get("MOVIEREC_HOME", cls.home)).expanduser().resolve()
        return cls(
            home=home,
            dataset=env.get("MOVIEREC_DATASET", cls.dataset),
            host=env.get("MOVIEREC_HOST", cls.host),
            port=_integer(env, "MOVIEREC_PORT", cls.port, 1, 65_535),
            web_host=env.get("MOVIEREC_WEB_HOST", cls.web_host),
            web_port=_integer(env, "MOVIEREC_WEB_PORT", cls.web_port, 1, 65_535),
            web_allowed_hosts=tuple(env.get("MOVIEREC_WEB_ALLOWED_HOSTS", "").replace(",", " ").split()),
            private_hosts=tuple(env.get("MOVIEREC_PRIVATE_HOSTS", "").lower().replace(",", " ").split()),
            artifacts=_location(env.get("MOVIEREC_ARTIFACTS", str(StateFolder(home).artifacts))),
            top_n=_integer(env, "MOVIEREC_TOP_N", cls.top_n, 1, 1_000),
            keep_nights=_integer(env, "MOVIEREC_KEEP_NIGHTS", cls.keep_nights, 2, 10_000),
            keep_metrics=_integer(env, "MOVIEREC_KEEP_METRICS", cls.keep_metrics, 1, 100_000),
            keep_logs=_integer(env, "MOVIEREC_KEEP_LOGS", cls.keep_logs, 1, 100_000),
            keep_backups=_integer(env, "MOVIEREC_KEEP_BACKUPS", cls.keep_backups, 1, 10_000),
            backups=_location(env.get("MOVIEREC_BACKUPS", str(StateFolder(home).backups))),
            deciding_protocol=env.get("MOVIEREC_DECIDING_PROTOCOL", cls.deciding_protocol),
            evaluated_viewers=_integer(env, "MOVIEREC_EVALUATED_VIEWERS", cls.evaluated_viewers, 10, 2**31 - 1),
            neural=_one_of(env, "MOVIEREC_NEURAL", NEURAL),
            accept_volume_change=_boolean(env, "MOVIEREC_ACCEPT_VOLUME_CHANGE", "no"),
            connections=_connections(env.get("MOVIEREC_CONNECTIONS", CONNECTIONS)),
            scales=_scales(env),
            exclude=tuple(filter(None, (name.strip() for name in env.get("MOVIEREC_EXCLUDE", "").split(",")))),
            lists_by=parse_deadline(env[DEADLINE_SETTING]) if DEADLINE_SETTING in env else cls.lists_by,
            notify=env.get("MOVIEREC_NOTIFY", cls.notify).strip(),
            openlineage=env.get("MOVIEREC_OPENLINEAGE", cls.openlineage).strip(),
            etl_password=env.get("MOVIEREC_ETL_PASSWORD", ""),
            web_password=env.get("MOVIEREC_WEB_PASSWORD", ""),
            reader_password=env.get("MOVIEREC_READER_PASSWORD", ""),
            locations={
                name: _location(location)
                for name in OPTIONAL_SOURCES
                if (location := env.get(f"MOVIEREC_{name.upper()}"))
            },
        )


def read_env_file(root: Path = ROOT) -> None:
    """Set the variables of `.env` that the environment lacks.

    Raises:
        ConfigError: it is not a text, or a line of it is neither a variable nor a comment.
    """
    path = root / ".env"
    try:
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not text in UTF-8 (byte {error.start}); allowed are {_ENV_LINES}") from None
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, equals, value = line.partition("=")
        name = name.strip().removeprefix("export ").strip()
        if not equals or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) or "\0" in value:
            # not what it says: it may be a part of a secret
            raise ConfigError(f"{path}, line {number} is not a variable; allowed are {_ENV_LINES}")
        os.environ.setdefault(name, value.strip().strip("'\""))


def _location(text: str) -> str:
    """Return a URL as it is, and a path in full: Airflow's tasks run in another folder."""
    return text if "://" in text else str(Path(text).expanduser().absolute())


def _integer(env: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = env.get(name, str(default))
    if not text.isdecimal() or not low <= int(text) <= high:
        raise ConfigError(f"{name} is '{text}'; allowed is a whole number from {low} to {high}")
    return int(text)


def _scales(env: Mapping[str, str]) -> dict[str, RatingScale]:
    """Read `1-10, shop=0-10 unrated 0`; every name has to be that of a source with ratings."""
    name = "MOVIEREC_RATING_SCALE"
    scales = parse_scales(env.get(name, ""), name)
    known = ("movielens", "events", *_connections(env.get("MOVIEREC_CONNECTIONS", CONNECTIONS)))
    unknown = [source for source in scales if source not in known]
    if unknown:
        raise ConfigError(f"{name} names {unknown[0]}; allowed are {', '.join(known)}, or no name: the rating files")
    return scales


def _boolean(env: Mapping[str, str], name: str, default: str) -> bool:
    return _one_of({name: default, **env}, name, ("yes", "no")) == "yes"


def _one_of(env: Mapping[str, str], name: str, allowed: Sequence[str]) -> str:
    """Read a word, the first one allowed by default."""
    text = env.get(name, allowed[0])
    if text.lower() not in allowed:
        raise ConfigError(f"{name} is '{text}'; allowed is {', '.join(allowed[:-1])} or {allowed[-1]}")
    return text.lower()


def _connections(text: str) -> dict[str, str]:
    """Read `app=movierec_app, shop=shop_db`; the word `none` means no server at all."""
    pairs = [] if text.strip() == "none" else [part.strip() for part in text.split(",") if part.strip()]
    connections: dict[str, str] = {}
    for pair in pairs:
        name, _, conn_id = (part.strip() for part in pair.partition("="))
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or not conn_id or name in (*connections, *RESERVED_NAMES):
            raise ConfigError(
                f"MOVIEREC_CONNECTIONS is '{text}'; allowed is a list such as app=movierec_app,shop=shop_db: "
                "each name once, in lower case, none of movielens, serving, credits, imdb, events"
            )
        connections[name] = conn_id
    return connections
