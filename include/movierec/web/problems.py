"""What went wrong, as the API says it (problem+json, RFC 9457) and as a page says it to a person."""

from http import HTTPStatus

from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from movierec.errors import MovierecError

MEDIA_TYPE = "application/problem+json"
API_PREFIX = "/api/"
RETRIED = (429, 503)
ANYWHERE = (400, 413, 414, 421, 503)  # what `Guard` refuses, and what is answered while the database is away
RETRY_AFTER = {"Retry-After": {"description": "Seconds after which to try again.", "schema": {"type": "integer"}}}


class ProblemError(MovierecError):
    """A request that is refused or cannot be answered."""

    def __init__(self, status: int, detail: str, headers: dict[str, str] | None = None) -> None:
        """Say with which status, and why, in a sentence."""
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, headers or {}


class ProblemDetails(BaseModel):
    """The body of every answer that is not a success (RFC 9457)."""

    type: str = Field(default="about:blank", description="Always about:blank: the status says what kind it is.")
    title: str = Field(description="The status in words.", examples=["Not Found"])
    status: int = Field(description="The status again.", examples=[404])
    detail: str = Field(description="What was seen and what is allowed.", examples=["there is no movie 999999"])


def describe(*statuses: int) -> dict[int | str, dict[str, object]]:
    """Return what OpenAPI says about answers with these statuses."""
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": _reference()}},
            **({"headers": RETRY_AFTER} if status in RETRIED else {}),
        }
        for status in statuses
    }


def _reference() -> dict[str, str]:
    return {"$ref": "#/components/schemas/ProblemDetails"}


def problem_response(problem: ProblemError) -> Response:
    """Return a problem as JSON."""
    title = HTTPStatus(problem.status).phrase
    body = ProblemDetails(title=title, status=problem.status, detail=problem.detail)
    headers = {"cache-control": "no-store", **problem.headers}
    return JSONResponse(body.model_dump(), problem.status, headers, media_type=MEDIA_TYPE)


def is_for_api(request: Request) -> bool:
    """Tell whether a request came from a program rather than from somebody who reads pages."""
    path = request.scope["path"]
    return path.startswith(API_PREFIX) or "text/html" not in request.headers.get("accept", "")
