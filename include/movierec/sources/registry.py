"""The sources that exist, by the name that the trigger form offers."""

from pathlib import Path

from movierec.sources import Registry
from movierec.sources.atomic import AtomicFiles
from movierec.sources.tables import DatabaseTables

APP_CONNECTION = "movierec_app"

SOURCES = Registry(
    {
        "movielens": lambda origin: AtomicFiles(Path(origin.dataset)),
        "app": lambda origin: DatabaseTables(origin.connect(APP_CONNECTION)),
    }
)
