"""The fixtures of the sources: foreign databases."""

from tests.mariadb import mariadb, shop

__all__ = ["mariadb", "shop"]
