"""What Prometheus is told: requests by route and status, how long they took, feedback that came in."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0, 2.5, 5.0)


class Metrics:
    """The metrics of one application; each has its own registry, so that two can live in one process."""

    content_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        """Begin all counts at zero."""
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "movierec_web_requests", "Requests answered.", ("route", "method", "status"), registry=self.registry
        )
        self.seconds = Histogram(
            "movierec_web_request_seconds",
            "Seconds until a request was answered.",
            ("route",),
            buckets=SECONDS,
            registry=self.registry,
        )
        self.feedback = Counter(
            "movierec_web_feedback", "Events of feedback that were kept.", ("kind",), registry=self.registry
        )
        self.refused = Counter(
            "movierec_web_refused", "Requests refused, by reason.", ("reason",), registry=self.registry
        )
        self.database_errors = Counter(
            "movierec_web_database_errors", "Requests that the database failed.", registry=self.registry
        )
        self.live_version = Gauge(
            "movierec_web_live_version", "The version that was last seen live.", registry=self.registry
        )

    def observe(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count one answered request."""
        self.requests.labels(route, method, str(status)).inc()
        self.seconds.labels(route).observe(seconds)

    def text(self) -> bytes:
        """Return everything in Prometheus' text format."""
        return generate_latest(self.registry)
