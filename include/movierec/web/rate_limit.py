"""How many requests a client may send: a token bucket for each."""

import time
from collections import OrderedDict

MAX_CLIENTS = 10_000
BURST_SECONDS = 10.0  # a client that was quiet may send at once what it may send in so many seconds


class RateLimiter:
    """Token buckets by name; the one that was not asked for longest goes when there are too many.

    A bucket holds up to `per_minute / 60 * BURST_SECONDS` tokens and fills at `per_minute` a minute; a request takes
    one. The clock is the monotonic one, in seconds.
    """

    def __init__(self) -> None:
        """Begin with no client."""
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, client: str, per_minute: int, tokens: int = 1, now: float | None = None) -> float:
        """Take tokens from a client's bucket; return 0, or after how many seconds they will be there."""
        now = time.monotonic() if now is None else now
        rate = per_minute / 60
        capacity = max(rate * BURST_SECONDS, float(tokens))
        left, then = self._buckets.pop(client, (capacity, now))
        left = min(capacity, left + (now - then) * rate)
        wait = 0.0 if left >= tokens else (tokens - left) / rate
        self._buckets[client] = (left if wait else left - tokens, now)
        if len(self._buckets) > MAX_CLIENTS:
            self._buckets.popitem(last=False)
        return wait
