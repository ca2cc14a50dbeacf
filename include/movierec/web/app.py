"""The application: routes, what goes wrong, and what every request passes."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from movierec.web import actions, api, pages, status
from movierec.web.answers import Answers
from movierec.web.compression import Gzip
from movierec.web.database import DATABASE_DOWN, Warehouse
from movierec.web.guard import Guard
from movierec.web.keys import KeyFile
from movierec.web.metrics import Metrics
from movierec.web.problems import API_PREFIX, ProblemDetails, ProblemError, is_for_api, problem_response
from movierec.web.pulse import Pulse
from movierec.web.rate_limit import RateLimiter
from movierec.web.rendering import STATIC, error_page, static
from movierec.web.schemas import NO_NUL
from movierec.web.services import Services, services_of

OPENAPI = "/api/v1/openapi.json"
KEPT_FOR_GOOD = "public, max-age=31536000, immutable"
SMALLEST_GZIP = 800  # bytes; below, compressing costs more than it saves
DESCRIPTION = """
Lists, shelves and feedback of movierec. Send a key: `Authorization: Bearer <key>`.

Lists carry an ETag that holds until something changes: another version, a delta, feedback of the viewer. Errors are
problem+json (RFC 9457). Pages are by key: `after` is `next` of the page before. What could be read in two ways is
refused: an unknown parameter, one that comes twice and is no list, a key that an object of a body has twice.
"""


def create_app(conninfo: str, key_file: Path, hosts: Sequence[str] = ()) -> ASGIApp:
    """Return the application.

    Args:
        conninfo: libpq's connection string, of the role `movierec_web`.
        key_file: `web.json`.
        hosts: names under which it may be addressed, besides those of this machine's loopback; `*` stands for all.

    Raises:
        ConfigError: the file of secrets is missing or not as it must be.
    """
    warehouse, metrics = Warehouse(conninfo), Metrics()
    services = Services(warehouse, KeyFile(key_file), Answers(warehouse), metrics, RateLimiter(), Pulse(warehouse))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await warehouse.open()
        yield
        await warehouse.close()

    # No pages of Swagger or ReDoc: they load scripts from elsewhere.
    app = FastAPI(title="movierec", version="1", docs_url=None, redoc_url=None, openapi_url=OPENAPI, lifespan=lifespan)
    app.state.services = services
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    app.add_middleware(Gzip, minimum_size=SMALLEST_GZIP, compresslevel=4)
    app.include_router(api.router)
    app.include_router(status.router)
    app.include_router(status.router, prefix=api.PREFIX)
    app.include_router(status.monitoring)
    app.include_router(pages.router)
    app.include_router(actions.router)
    app.mount("/static", KeptFiles(directory=STATIC))
    _handle_errors(app)
    return Guard(app, metrics, hosts)


class KeptFiles(StaticFiles):
    """Static files, which browsers and caches keep for good under the address that pages have for them.

    Under any other address they are asked for again: whoever names the content of another version, as while servers are
    replaced one by one, must not leave this one in a cache where that one belongs.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the whole file, as small as they are; servers need not know ranges (RFC 9110)."""
        headers = [(name, value) for name, value in scope["headers"] if name != b"range"]
        await super().__call__({**scope, "headers": headers}, receive, send)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file."""
        response = await super().get_response(path, scope)
        if isinstance(response, FileResponse):
            response.headers["accept-ranges"] = "none"
        is_current = static(path).encode().endswith(b"?" + scope["query_string"])
        response.headers["cache-control"] = KEPT_FOR_GOOD if is_current else "no-cache"
        return response


def _handle_errors(app: FastAPI) -> None:
    async def on_problem(request: Request, error: Exception) -> Response:
        problem = error if isinstance(error, ProblemError) else _problem_of(request, error)
        return problem_response(problem) if is_for_api(request) else error_page(request, problem)

    async def on_database_down(request: Request, _: Exception) -> Response:
        services_of(request).metrics.database_errors.inc()
        return await on_problem(request, ProblemError(503, _why_down(request), {"retry-after": "5"}))

    for kind in (ProblemError, HTTPException, RequestValidationError, Exception):
        app.add_exception_handler(kind, on_problem)
    for down in DATABASE_DOWN:
        app.add_exception_handler(down, on_database_down)


def _why_down(request: Request) -> str:
    """Return what a program, or somebody on a page, is told while the database is away."""
    if request.method == "POST" and not request.scope["path"].startswith(API_PREFIX):
        return "this could not be kept just now; try again in a moment"
    if not is_for_api(request):
        return "the fault is ours, and it will pass; what you have said is kept"
    return "the database cannot be reached, or takes too long; nothing is lost"


def _problem_of(request: Request, error: Exception) -> ProblemError:
    if isinstance(error, RequestValidationError):
        return ProblemError(422, "; ".join(_sentence(each) for each in error.errors()[:5]))
    if isinstance(error, HTTPException):
        headers = dict(error.headers or {})
        if "GET" in headers.get("Allow", ""):
            headers["Allow"] = headers["Allow"].replace("GET", "GET, HEAD")
        details = {
            404: "there is nothing at this address" if is_for_api(request) else "the address may have a typing error",
            405: f"{request.method} is not possible at this address; {headers.get('Allow', 'nothing')} is",
        }
        return ProblemError(error.status_code, details.get(error.status_code, str(error.detail)), headers)
    return ProblemError(500, "something went wrong here; the log of the web application says what")


def _sentence(error: Any) -> str:
    """Return what is wrong with one part of a request, without repeating what was sent."""
    where = " ".join(str(part) for part in error["loc"] if not isinstance(part, str) or part.isascii())
    is_nul = error.get("ctx", {}).get("pattern") == NO_NUL
    return f"{where[:100]}: {'the character NUL is not allowed' if is_nul else error['msg']}"


def _openapi(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document, with the problem that every route may answer with."""
    if not app.openapi_schema:
        document = get_openapi(title=app.title, version=app.version, description=DESCRIPTION, routes=app.routes)
        document["components"]["schemas"]["ProblemDetails"] = ProblemDetails.model_json_schema()
        app.openapi_schema = document
    return app.openapi_schema
