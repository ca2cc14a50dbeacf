"""What is maintained: a night whose lists are live."""

from tests.publishing.conftest import crowned_night, initial_state, live, served_night

__all__ = ["crowned_night", "initial_state", "live", "served_night"]
