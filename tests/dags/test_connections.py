"""Servers as Airflow connections describe them, and as the sources see them."""

import pytest

from movierec.errors import ConfigError


@pytest.fixture
def endpoint(airflow, monkeypatch):
    """Import what connects the DAGs, as they do."""
    from movierec_connections import endpoint

    def of(uri):
        monkeypatch.setenv("AIRFLOW_CONN_SHOP_DB", uri)
        return endpoint("shop_db")

    return of


def test_a_mysql_connection_is_a_mysql_server(endpoint):
    found = endpoint("mysql://reader:pa%40ss@127.0.0.1:3307/shop?charset=utf8mb4")
    assert (found.kind, found.host, found.port, found.login, found.password, found.database) == (
        *("mysql", "127.0.0.1", 3307, "reader", "pa@ss", "shop"),
    )
    assert "pa@ss" not in repr(found)


def test_a_postgres_connection_may_name_the_folder_of_a_socket(endpoint):
    found = endpoint('{"conn_type": "postgres", "host": "/run/pg", "port": 5432, "login": "postgres", "schema": "app"}')
    assert (found.kind, found.host, found.database) == ("postgres", "/run/pg", "app")


def test_of_an_http_connection_the_schema_is_the_protocol_and_the_path_is_in_its_extra(endpoint):
    found = endpoint(
        '{"conn_type": "http", "host": "feed.example", "schema": "https", "password": "token", '
        '"extra": {"path": "/v1/events"}}'
    )
    assert (found.kind, found.host, found.password, found.database) == ("https", "feed.example", "token", "/v1/events")


def test_a_connection_that_nobody_defined_is_named(endpoint):
    from movierec_connections import endpoint as find

    with pytest.raises(ConfigError, match="Airflow has no connection 'nowhere_db', which MOVIEREC_CONNECTIONS names"):
        find("nowhere_db")
