"""Pages made from templates, and the session that goes with each."""

import hashlib
import secrets
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from movierec.web.access import client_of, take
from movierec.web.problems import ProblemError
from movierec.web.services import services_of
from movierec.web.sessions import (
    COOKIE,
    MAX_AGE_SECONDS,
    NOTICE_COOKIE,
    NOTICE_SECONDS,
    Notice,
    Session,
    SessionCookie,
)
from movierec.web.views import OPINIONS

FOLDER = Path(__file__).parent
STATIC = FOLDER / "static"
HEADINGS = {
    400: "That was not understood",
    403: "The page has to be loaded again",
    404: "There is nothing here",
    405: "That is not possible here",
    409: "Somebody else is watching now",
    413: "That was too much",
    422: "That was not understood",
    429: "A little slower, please",
    500: "Something went wrong",
    503: "The lists cannot be read right now",
}
RETRY_SECONDS = 15
PAGES_OF_FORMS = {"/viewer": "/welcome", "/new": "/new"}  # which can be asked for again, unlike what a form is sent to


def read_session(request: Request) -> Session:
    """Return the session of a request."""
    return _cookies(request).read(request.cookies.get(COOKIE))


def _cookies(request: Request) -> SessionCookie:
    return SessionCookie(services_of(request).key_file.keys().session_secret)


async def page_session(request: Request) -> Session:
    """Return the session of a request for a page, once its client's limit allows it."""
    take(request, f"pages for {client_of(request)}", services_of(request).pages_per_minute)
    return read_session(request)


PageSession = Annotated[Session, Depends(page_session)]


def render(
    request: Request, session: Session, template: str, context: Mapping[str, Any], status: int = 200
) -> Response:
    """Return a page; the notice that it shows is not shown again, and to nobody else."""
    notice = _cookies(request).read_notice(request.cookies.get(NOTICE_COOKIE))
    text = (
        _environment()
        .get_template(template)
        .render(
            session=session,
            notice=notice if notice and notice.viewer == session.viewer else None,
            token=session.masked_token(),
            page_id=secrets.token_urlsafe(9),
            viewer_name=viewer_name(session),
            back=address_of(request),
            **{"freshness": None, "here": "", "query": "", **context},
        )
    )
    response = HTMLResponse(text, status, {"cache-control": "private, no-store"})
    if notice:
        response.delete_cookie(NOTICE_COOKIE)
    return with_session(request, response, session)


def redirect(request: Request, session: Session, path: str, notice: Notice | None = None) -> Response:
    """Send the browser to one of our pages, by a GET, which shows the notice."""
    response = with_session(request, RedirectResponse(local_path(path), 303), session)
    if notice:
        _set_cookie(request, response, NOTICE_COOKIE, _cookies(request).write_notice(notice), NOTICE_SECONDS)
    return response


def with_session(request: Request, response: Response, session: Session) -> Response:
    """Put the session's cookie on a response, unless the browser has it.

    What is read or said changes nothing, so that a slow answer does not put back who was watching when it was asked
    for. A form without the cookie may have come from another site, from where browsers send none (SameSite): what it is
    answered must not take the place of the cookie that they have.
    """
    cookies, known = _cookies(request), request.cookies.get(COOKIE)
    if not cookies.says(known, session) and (known or request.method == "GET"):
        _set_cookie(request, response, COOKIE, cookies.write(session), MAX_AGE_SECONDS)
    return response


def _set_cookie(request: Request, response: Response, name: str, text: str, seconds: int) -> None:
    is_secure = request.url.scheme == "https"
    response.set_cookie(name, text, seconds, httponly=True, samesite="lax", secure=is_secure)


def error_page(request: Request, problem: ProblemError) -> Response:
    """Return a page that says what went wrong; it needs no database."""
    again = address_of(request) if request.method == "GET" and problem.status in (429, 503) else ""
    retry = int(problem.headers.get("retry-after", RETRY_SECONDS)) if again else 0
    heading = HEADINGS.get(problem.status, "That did not work")
    context = {"heading": heading, "detail": capitalised(problem.detail), "retry_seconds": retry, "again": again}
    response = render(request, read_session(request), "error.html", context, problem.status)
    response.headers.update(problem.headers)
    return response


def viewer_name(session: Session) -> str:
    """Return how a page addresses the viewer."""
    return "You" if session.is_new else f"Viewer {session.viewer}"


def address_of(request: Request) -> str:
    """Return the address of the page that a request is answered with; of a form that is answered by one, the form's."""
    if request.method != "GET":
        return PAGES_OF_FORMS.get(request.url.path, "/")
    return local_path(f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path)


def local_path(text: str) -> str:
    """Return a path of ours as it is, and the start page for anything that leads elsewhere."""
    is_local = text.startswith("/") and not text.startswith(("//", "/\\")) and text.isprintable() and "\\" not in text
    return text if is_local and len(text) < 500 else "/"  # noqa: PLR2004


def capitalised(text: str) -> str:
    """Return a sentence with a capital letter and a full stop."""
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') else '.'}"


@cache
def static(name: str) -> str:
    """Return the address of a static file; it changes with the content, so that browsers may keep the file for good."""
    return f"/static/{name}?v={hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:10]}"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals.update(static=static, opinions=OPINIONS)
    return environment
