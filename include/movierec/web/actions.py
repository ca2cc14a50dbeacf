"""What viewers do on pages: say who they are, choose movies, give feedback and take it back.

Every form repeats the session's token. Browsers without a script are sent back to the page they came from, with a
notice; the script asks for JSON and changes the page in place.
"""

import hmac
import json
import re
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import JSONResponse, Response

from movierec.web import keys, views
from movierec.web.database import Row
from movierec.web.pages import MAX_CHOSEN, choose_page, has_list, movie_ids, welcome_page
from movierec.web.problems import ProblemError, is_for_api
from movierec.web.rendering import PageSession, redirect
from movierec.web.schemas import LARGEST_ID, NO_NUL
from movierec.web.services import services_of
from movierec.web.sessions import COOKIE, NEWCOMERS_FROM, NEWCOMERS_TO, Notice, Session

router = APIRouter(include_in_schema=False)

KINDS = tuple(kind for kind, _, _ in views.OPINIONS)
REFUSALS = {  # by the field that the database names
    "movie_id": "this movie is not in the catalogue any more",
    "user_id": "nothing is kept of this viewer, who has been forgotten",
}
NOTICE_TITLE = 80  # letters of a title in a notice, which lies in a cookie


async def own_form(request: Request, session: PageSession, token: Annotated[str, Form(max_length=200)] = "") -> Session:
    """Return the session of a form that came from one of our pages.

    Raises:
        ProblemError: its token is missing or another session's.
    """
    if not request.cookies.get(COOKIE):
        detail = "the page was loaded too long ago, or the browser refuses the cookie that pages need; load it again"
        raise ProblemError(403, detail)
    if not session.is_token(token):
        raise ProblemError(403, "the page is too old, or the form was not ours; load the page again")
    return session


OwnForm = Annotated[Session, Depends(own_form)]
Text = Annotated[str, Form(max_length=500, pattern=NO_NUL)]


async def watcher(session: OwnForm, watching: Text = "") -> Session:
    """Return the session of a form that is about what a viewer says, as long as that viewer is watching.

    Raises:
        ProblemError: another viewer is watching by now, as when the browser shows both in two tabs: what is said on the
            page of one must not count for the other.
    """
    if session.viewer is not None and watching != str(session.viewer):
        raise ProblemError(409, "this page is of somebody else than who is watching by now; load it again")
    return session


Watcher = Annotated[Session, Depends(watcher)]


@router.post("/viewer")
async def become(request: Request, session: OwnForm, viewer: Text = "") -> Response:
    """Show the lists of the viewer with this number."""
    number = int(viewer) if viewer.isascii() and viewer.isdigit() else 0  # a form's field has 500 digits at most
    if not 0 < number <= LARGEST_ID:
        return await welcome_page(request, session, "A number is needed, such as 42.", viewer, 422)
    if not await _is_known(request, number):
        return await welcome_page(
            request, session, f"Nobody has the number {number}. If you have none yet, choose movies.", viewer, 404
        )
    is_new = NEWCOMERS_FROM <= number < NEWCOMERS_TO
    return redirect(request, replace(session, viewer=number, is_new=is_new), "/for-you")


@router.post("/new")
async def begin(
    request: Request,
    session: OwnForm,
    token: Text = "",
    chosen: Annotated[list[str], Form()] = [],  # noqa: B006 (FastAPI copies it)
    find: Text = "",
) -> Response:
    """Begin as a new viewer, who likes the chosen movies."""
    movies = movie_ids(chosen)
    if not 1 <= len(movies) <= MAX_CHOSEN:
        error = (
            f"Choose one to {MAX_CHOSEN} movies; {len(movies) or 'none'} {'is' if len(movies) < 2 else 'are'} chosen."  # noqa: PLR2004
        )
        return await choose_page(request, session, find, movies, error, 422)
    viewer = _newcomer(request, token, movies)
    rows = await _give(request, [_event(viewer, "new", "like", movie) for movie in movies])
    if all(row["outcome"] == "rejected" for row in rows):
        return await choose_page(request, session, find, [], "Choose movies from the page.", 422)
    return redirect(request, replace(session, viewer=viewer, is_new=True), "/for-you")


@router.post("/feedback")
async def feedback(request: Request, session: Watcher, say: Text = "", page: Text = "", back: Text = "/") -> Response:
    """Keep what the viewer says about a movie; the same button of the same page counts once."""
    parts = re.fullmatch(r"([a-z]+) ([0-9]{1,18})", say)
    if session.viewer is None or not parts or parts[1] not in KINDS or not re.fullmatch(r"[\w.-]{1,40}", page, re.A):
        raise ProblemError(422, f"say is one of {', '.join(KINDS)} and a movie, by somebody who is watching")
    kind, movie_id = parts[1], int(parts[2])
    event = _event(session.viewer, page, kind, movie_id)
    (row,) = await _give(request, [event])
    if row["outcome"] == "rejected":
        message = str(row["message"])
        raise ProblemError(422, REFUSALS.get(message.partition(" ")[0], message))
    movie = await services_of(request).warehouse.row("movie", {"movie_id": movie_id})
    title = movie["title"] if movie else f"movie {movie_id}"
    notice = Notice(session.viewer, views.sentence(kind, title[:NOTICE_TITLE]), event["event_id"])
    return _done(request, session, notice, back)


@router.post("/undo")
async def undo(request: Request, session: Watcher, event_id: Text = "", back: Text = "/") -> Response:
    """Take back what the viewer said."""
    if session.viewer is None or not event_id:
        raise ProblemError(422, "event_id is one that was given here, by somebody who is watching")
    row = await services_of(request).warehouse.row("undo_feedback", {"event_id": event_id, "user_id": session.viewer})
    sentence = "Taken back" if row and row["is_undone"] else "There is nothing to take back"
    return _done(request, session, Notice(session.viewer, sentence), back)


@router.post("/theme")
async def change_theme(request: Request, session: OwnForm, theme: Text = "", back: Text = "/") -> Response:
    """Change to light or dark colours."""
    return redirect(request, replace(session, theme=theme if theme in ("light", "dark") else ""), back)


def _newcomer(request: Request, token: str, movies: list[int]) -> int:
    """Return a new viewer's number: one for a choice on a page, however often its form is sent."""
    secret = services_of(request).key_file.keys().session_secret
    digest = hmac.digest(secret.encode(), f"newcomer {token} {sorted(movies)}".encode(), "sha256")
    return NEWCOMERS_FROM + int.from_bytes(digest) % (NEWCOMERS_TO - NEWCOMERS_FROM)


def _event(viewer: int, page: str, kind: str, movie_id: int) -> Row:
    return {
        "event_id": f"{keys.PAGES}:{viewer}:{page}:{kind}:{movie_id}",
        "user_id": viewer,
        "movie_id": movie_id,
        "kind": kind,
    }


async def _give(request: Request, events: list[Row]) -> list[Row]:
    services = services_of(request)
    rows = await services.warehouse.rows("give_feedback", {"events": json.dumps(events)})
    services.metrics.feedback.labels("page").inc(sum(row["outcome"] == "accepted" for row in rows))
    return rows


def _done(request: Request, session: Session, notice: Notice, back: str) -> Response:
    if is_for_api(request):
        answer = {"sentence": notice.sentence, "event_id": notice.event_id}
        return JSONResponse(answer, headers={"cache-control": "no-store"})
    return redirect(request, session, back, notice)


async def _is_known(request: Request, viewer: int) -> bool:
    """Tell whether somebody has a list or has said anything here."""
    async with services_of(request).warehouse.snapshot() as snapshot:
        event = await snapshot.row("feedback_of", {"user_id": viewer, "row_limit": 1, "after": None, "movie_id": None})
        return event is not None or await has_list(snapshot, viewer)
