"""Which application may do what, and how often: API keys with scopes, sent as `Authorization: Bearer <key>`."""

import math
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPBearer

from movierec.web import keys
from movierec.web.keys import ApiKey
from movierec.web.problems import ProblemError
from movierec.web.services import services_of

MAX_ADDRESS_LENGTH = 45  # of IPv6 with IPv4 in it, the longest there is


class KeyWithScope(HTTPBearer):
    """Lets through the applications whose key has a scope: FastAPI asks it, and describes it in OpenAPI."""

    def __init__(self, scope: str) -> None:
        """Require this scope."""
        super().__init__(
            auto_error=False,
            scheme_name="API key",
            description="A key of `web.json` in the state folder; each has the scopes read, write, or both.",
        )
        self.scope = scope

    async def __call__(self, request: Request) -> ApiKey:  # type: ignore[override]
        """Return the key of a request.

        Raises:
            ProblemError: 401 without a key that is known, 403 if it lacks the scope, 429 if it has been used too often.
        """
        services = services_of(request)
        credentials = await super().__call__(request)
        key = services.key_file.keys().find(credentials.credentials) if credentials else None
        if key is None:
            take(request, f"unknown key from {client_of(request)}", services.guesses_per_minute)
            detail = "an API key is needed: Authorization: Bearer <key>; web.json in the state folder has the keys"
            raise ProblemError(401, detail, {"www-authenticate": "Bearer"})
        if self.scope not in key.scopes:
            raise ProblemError(
                403, f"the key of {key.name} has the scopes {', '.join(sorted(key.scopes))}; {self.scope} is needed"
            )
        take(request, f"key {key.name}", key.per_minute)
        return key


Reader = Annotated[ApiKey, Depends(KeyWithScope(keys.READ))]
Writer = Annotated[ApiKey, Depends(KeyWithScope(keys.WRITE))]


def take(request: Request, client: str, per_minute: int) -> None:
    """Count a request against a client's limit.

    Raises:
        ProblemError: 429, it has sent too many.
    """
    services = services_of(request)
    wait = services.limiter.take(client, per_minute)
    if wait:
        services.metrics.refused.labels("rate limit").inc()
        detail = f"more than {per_minute:,} requests a minute; try again in {math.ceil(wait)} s"
        raise ProblemError(429, detail, {"retry-after": str(math.ceil(wait))})


def client_of(request: Request) -> str:
    """Return the address that a request came from; a proxy's header may hold anything instead."""
    return request.client.host[:MAX_ADDRESS_LENGTH] if request.client else "unknown"
