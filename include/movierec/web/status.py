"""Is it up, and what does it show: for load balancers, monitoring and people. No key is needed.

Nobody can load the database through them: whether it is up is asked once a second, however many ask and whatever the
answer, and what else is asked has a limit by address.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from movierec.web import schemas
from movierec.web.access import client_of, take
from movierec.web.answers import NOTHING_PUBLISHED
from movierec.web.database import DATABASE_DOWN, Row
from movierec.web.problems import ANYWHERE, describe
from movierec.web.services import Services, services_of

router = APIRouter(tags=["status"], responses=describe(*ANYWHERE))
monitoring = APIRouter()


async def within_limit(request: Request) -> None:
    """Count a request for the version or the metrics against the limit of its address.

    Raises:
        ProblemError: 429, the address has sent too many.
    """
    take(request, f"status for {client_of(request)}", services_of(request).status_per_minute)


Limited = Annotated[None, Depends(within_limit)]


@router.get("/health", response_model=schemas.Health)
async def health(request: Request) -> schemas.Health:
    """Whether requests can be answered, as of at most a second ago; 503 while the database cannot be reached."""
    row = await see_live_version(services_of(request))
    return schemas.Health(status="ok" if row else "no version", version_id=row["version_id"] if row else None)


async def see_live_version(services: Services) -> Row | None:
    """Return the row of the live version, as of at most a second ago, and note it for Prometheus.

    Raises:
        OperationalError, PoolTimeout: the database was not reached.
    """
    row = await services.pulse.freshness()
    services.metrics.live_version.set(row["version_id"] if row else 0)
    return row


@router.get("/version", response_model=schemas.Version, responses=describe(429))
async def version(request: Request, _: Limited) -> schemas.Version:
    """Which version is live, and how fresh it is; 503 before the first publication."""
    row = await services_of(request).warehouse.row("freshness", {})
    if row is None:
        raise NOTHING_PUBLISHED
    return schemas.Version(**row)


@monitoring.get("/metrics", include_in_schema=False)
async def metrics(request: Request, _: Limited) -> Response:
    """Everything that is counted, for Prometheus; while the database is away, the version is the one last seen."""
    services = services_of(request)
    try:
        await see_live_version(services)
    except DATABASE_DOWN:
        services.metrics.database_errors.inc()
    return Response(services.metrics.text(), media_type=services.metrics.content_type)
