"""What the routes share: one of each for an application."""

from dataclasses import dataclass

from starlette.requests import Request

from movierec.web.answers import Answers
from movierec.web.database import Warehouse
from movierec.web.keys import KeyFile
from movierec.web.metrics import Metrics
from movierec.web.pulse import Pulse
from movierec.web.rate_limit import RateLimiter

GUESSES_PER_MINUTE = 60  # requests with no key, or a wrong one, from one address
PAGES_PER_MINUTE = 1200  # requests for pages from one address
STATUS_PER_MINUTE = 1200  # requests for the version or the metrics from one address


@dataclass(frozen=True)
class Services:
    """The warehouse, the secrets, the counts."""

    warehouse: Warehouse
    key_file: KeyFile
    answers: Answers
    metrics: Metrics
    limiter: RateLimiter
    pulse: Pulse
    guesses_per_minute: int = GUESSES_PER_MINUTE
    pages_per_minute: int = PAGES_PER_MINUTE
    status_per_minute: int = STATUS_PER_MINUTE


def services_of(request: Request) -> Services:
    """Return the services of the application that a request reached."""
    services: Services = request.app.state.services
    return services
