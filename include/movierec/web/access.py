"""Which application may do what, and how often: API keys with scopes, sent as `Authorization: Bearer <key>`."""

import math
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from movierec.web import keys
from movierec.web.keys import ApiKey
from movierec.web.problems import ProblemError
from movierec.web.services import services_of

MAX_ADDRESS_LENGTH = 45  # of IPv6 with IPv4 in it, the longest there is

bearer = HTTPBearer(
    auto_error=False,
    scheme_name="API key",
    description="A key of `web.json` in the state folder; each has the scopes read, write, or both.",
)
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]


async def reader(request: Request, credentials: Credentials) -> ApiKey:
    """Let through an application that may read."""
    return _admit(request, credentials, keys.READ)


async def writer(request: Request, credentials: Credentials) -> ApiKey:
    """Let through an application that may write."""
    return _admit(request, credentials, keys.WRITE)


Reader = Annotated[ApiKey, Depends(reader)]
Writer = Annotated[ApiKey, Depends(writer)]


def _admit(request: Request, credentials: HTTPAuthorizationCredentials | None, scope: str) -> ApiKey:
    """Return the key of a request.

    Raises:
        ProblemError: 401 without a key that is known, 403 if it lacks the scope, 429 if it has been used too often.
    """
    services = services_of(request)
    key = services.key_file.keys().find(credentials.credentials) if credentials else None
    if key is None:
        take(request, f"unknown key from {client_of(request)}", services.guesses_per_minute)
        detail = "an API key is needed: Authorization: Bearer <key>; web.json in the state folder has the keys"
        raise ProblemError(401, detail, {"www-authenticate": "Bearer"})
    if scope not in key.scopes:
        raise ProblemError(
            403, f"the key of {key.name} has the scopes {', '.join(sorted(key.scopes))}; {scope} is needed"
        )
    take(request, f"key {key.name}", key.per_minute)
    return key


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
