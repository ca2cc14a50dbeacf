"""What is maintained: a night whose lists are live."""

from tests.publishing.conftest import begun, crowned_night, live, served_night

__all__ = ["begun", "crowned_night", "live", "served_night"]
