"""Pages that viewers read. Each is read from one snapshot, so that it never mixes two versions."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from movierec.web import views
from movierec.web.database import Row, Snapshot
from movierec.web.problems import ProblemError
from movierec.web.rendering import PageSession, render
from movierec.web.schemas import LARGEST_ID, NO_NUL
from movierec.web.services import services_of
from movierec.web.sessions import NEWCOMERS_FROM, Session

router = APIRouter(include_in_schema=False)

ON_SHELF = 18
ON_GRID = 36
SUGGESTIONS = 8
MAX_CHOSEN = 5
SOME_VIEWERS = 6
STARTERS = 5  # popular movies with which somebody new can begin
FEW_FOUND = 6  # movies that leave room for others like the first one
LIKE_FOUND = 14
ON_SAID = 100  # events of a page of what the viewer said
SearchText = Annotated[str, Query(max_length=200, pattern=NO_NUL)]
EventId = Annotated[str, Query(max_length=200, pattern=NO_NUL)]
NOTHING_YET = ProblemError(503, "the first lists are still being made; the first night takes a few minutes")


async def require_freshness(snapshot: Snapshot, session: Session) -> Row:
    """Return the live version's label and details, and how fresh the list of whoever is watching is.

    Raises:
        ProblemError: nothing has been published yet.
    """
    row = await snapshot.row("freshness", {})
    renewed = await snapshot.row("renewed", {"user_id": session.viewer}) if row and row["delta_id"] else None
    freshness = views.freshness_view(row, renewed["renewed_at"] if renewed else None)
    if freshness is None:
        raise NOTHING_YET
    return freshness


@router.get("/")
async def start(session: PageSession) -> Response:
    """Send viewers to their list, and everybody else to the welcome."""
    return RedirectResponse("/for-you" if session.viewer else "/welcome", 303)


@router.get("/welcome")
async def welcome(request: Request, session: PageSession) -> Response:
    """Who is watching?"""
    return await welcome_page(request, session)


async def welcome_page(
    request: Request, session: Session, error: str = "", entered: str = "", status: int = 200
) -> Response:
    """Return the welcome, with what was wrong with the number that was entered."""
    async with services_of(request).warehouse.snapshot() as snapshot:
        freshness = await require_freshness(snapshot, session)
        strip = await popular(snapshot, session, ON_SHELF)
        some = await snapshot.rows("some_viewers", {"row_limit": SOME_VIEWERS, "newcomers_from": NEWCOMERS_FROM})
    context = {
        "strip": strip,
        "starters": strip[:STARTERS],
        "some_viewers": sorted(row["user_id"] for row in some),
        "error": error,
        "entered": entered,
    }
    return render(request, session, "welcome.html", {"freshness": freshness, "here": "welcome", **context}, status)


@router.get("/for-you")
async def for_you(request: Request, session: PageSession) -> Response:
    """The viewer's shelves, the best movie of the list on top."""
    if session.viewer is None:
        return RedirectResponse("/welcome", 303)
    viewer = session.viewer
    async with services_of(request).warehouse.snapshot() as snapshot:
        freshness = await require_freshness(snapshot, session)
        shelves = views.shelf_views(await snapshot.rows("shelves", {"user_id": viewer, "row_limit": ON_SHELF}))
        own = await newcomer_list(snapshot, viewer)
    if own:
        others = views.without(shelves, {movie["movie_id"] for movie in own})
        first = {"number": 0, "rule": "for_you", "heading": "For you", "meaning": "From what you like", "movies": own}
        shelves = [first, *(shelf for shelf in others if shelf["rule"] != "for_you")]
    pick = shelves[0]["movies"][0] if shelves and shelves[0]["rule"] == "for_you" else None
    shelves = views.without(shelves, {pick["movie_id"]}) if pick else shelves
    context = {"pick": pick, "shelves": shelves, "is_new": session.is_new}
    return render(request, session, "for_you.html", {"freshness": freshness, "here": "for you", **context})


async def has_list(snapshot: Snapshot, viewer: int) -> bool:
    """Tell whether a viewer has a published list."""
    row = await snapshot.row("has_list", {"user_id": viewer})
    return row is not None and bool(row["has_list"])


async def newcomer_list(snapshot: Snapshot, viewer: int) -> list[Row]:
    """Return a list from what a viewer without a published list likes; empty for everybody else."""
    if await has_list(snapshot, viewer):
        return []
    liked = await snapshot.rows("liked", {"user_id": viewer, "row_limit": MAX_CHOSEN})
    if not liked:
        return []
    parameters = {"chosen_movies": [row["movie_id"] for row in liked], "row_limit": ON_SHELF, "user_id": viewer}
    return views.movie_views(await snapshot.rows("newcomer", parameters))


async def popular(snapshot: Snapshot, session: Session, count: int) -> list[Row]:
    """Return what is popular, less what the viewer has answered to."""
    parameters = {"chosen_movies": [], "row_limit": count, "user_id": session.viewer}
    return views.movie_views(await snapshot.rows("newcomer", parameters))


@router.get("/movies/{movie_id}")
async def movie(request: Request, session: PageSession, movie_id: str) -> Response:
    """One movie: facts, why it is in the viewer's list, movies like it."""
    (number,) = movie_ids([movie_id]) or (0,)
    keys = {"movie_id": number, "user_id": session.viewer}
    async with services_of(request).warehouse.snapshot() as snapshot:
        freshness = await require_freshness(snapshot, session)
        row = await snapshot.row("movie", {"movie_id": number})
        if row is None:
            raise ProblemError(404, "there is no such movie")
        why = await snapshot.row("why", keys) if session.viewer else None
        similar = await snapshot.rows("similar", {**keys, "row_limit": ON_SHELF})
        last = await said_last(snapshot, session, number)
    context = {
        "movie": views.movie_view(row),
        "why": views.reasons(why),
        "similar": views.movie_views(similar),
        "feedback": {**last, "sentence": views.sentence(last["kind"], last["title"], last["value"])} if last else None,
    }
    return render(request, session, "movie.html", {"freshness": freshness, **context})


async def said_last(snapshot: Snapshot, session: Session, movie_id: int) -> Row | None:
    """Return what the viewer said last of a movie and did not take back, None where nothing."""
    parameters = {"user_id": session.viewer, "row_limit": 1, "after": None, "movie_id": movie_id}
    return await snapshot.row("feedback_of", parameters)


@router.get("/search")
async def search(request: Request, session: PageSession, q: SearchText = "") -> Response:
    """Movies by title; few of them with others like the first; where there is none, what is popular."""
    query = " ".join(q.split())
    async with services_of(request).warehouse.snapshot() as snapshot:
        freshness = await require_freshness(snapshot, session)
        matches = await snapshot.rows("search", {"query": query, "row_limit": ON_GRID}) if query else []
        others = [] if matches else await popular(snapshot, session, ON_SHELF)
        like = await movies_like(snapshot, session, matches) if 0 < len(matches) <= FEW_FOUND else []
    context = {"query": query, "movies": views.movie_views(matches), "like": like, "popular": others}
    return render(request, session, "search.html", {"freshness": freshness, **context})


async def movies_like(snapshot: Snapshot, session: Session, matches: list[Row]) -> list[Row]:
    """Return movies like the first of those that were found, less these."""
    parameters = {"movie_id": matches[0]["movie_id"], "user_id": session.viewer, "row_limit": LIKE_FOUND}
    similar = await snapshot.rows("similar", parameters)
    known = {row["movie_id"] for row in matches}
    return views.movie_views(row for row in similar if row["movie_id"] not in known)


@router.get("/suggest")
async def suggest(request: Request, _: PageSession, q: SearchText = "") -> Response:
    """Titles for the search field, as JSON."""
    rows = await services_of(request).warehouse.rows("search", {"query": q, "row_limit": SUGGESTIONS}) if q else []
    items = [{name: row[name] for name in ("movie_id", "title", "release_year")} for row in rows]
    return JSONResponse({"items": items}, headers={"cache-control": "private, max-age=60"})


@router.get("/new")
async def choose(
    request: Request,
    session: PageSession,
    find: SearchText = "",
    chosen: Annotated[list[str], Query()] = [],  # noqa: B006
) -> Response:
    """Movies for a newcomer to choose from."""
    return await choose_page(request, session, find, movie_ids(chosen))


async def choose_page(
    request: Request, session: Session, find: str, chosen: list[int], error: str = "", status: int = 200
) -> Response:
    """Return the page to choose from; what has been chosen before stays chosen."""
    async with services_of(request).warehouse.snapshot() as snapshot:
        freshness = await require_freshness(snapshot, session)
        query = " ".join(find.split())
        nobody = Session()
        matches = await snapshot.rows("search", {"query": query, "row_limit": ON_GRID}) if query else []
        movies = views.movie_views(matches) if query else await popular(snapshot, nobody, ON_GRID)
        shown = {each["movie_id"] for each in movies}
        carried = [await snapshot.row("movie", {"movie_id": each}) for each in chosen[:MAX_CHOSEN] if each not in shown]
    context = {"movies": movies, "chosen_ids": chosen, "carried": [row for row in carried if row], "most": MAX_CHOSEN}
    return render(
        request, session, "new.html", {"freshness": freshness, "find": query, "error": error, **context}, status
    )


def movie_ids(texts: list[str]) -> list[int]:
    """Return the ids among some texts, each once."""
    digits = (text for text in texts if text.isascii() and text.isdigit() and len(text) <= len(str(LARGEST_ID)))
    return list(dict.fromkeys(number for number in map(int, digits) if number <= LARGEST_ID))[:100]


@router.get("/said")
async def own_feedback(request: Request, session: PageSession, after: EventId = "") -> Response:
    """What the viewer said, the latest first, with what takes it back; page by page."""
    if session.viewer is None:
        return RedirectResponse("/welcome", 303)
    parameters = {"user_id": session.viewer, "row_limit": ON_SAID + 1, "after": after or None, "movie_id": None}
    async with services_of(request).warehouse.snapshot() as snapshot:
        freshness = await require_freshness(snapshot, session)
        rows = await snapshot.rows("feedback_of", parameters)
    events, has_more = views.event_views(rows[:ON_SAID]), len(rows) > ON_SAID
    context = {"events": events, "is_first": not after, "has_more": has_more}
    return render(request, session, "said.html", {"freshness": freshness, "here": "said", **context})


@router.get("/about")
async def about(request: Request, session: PageSession) -> Response:
    """Which version is live, how fresh it is, and how lists are made."""
    async with services_of(request).warehouse.snapshot() as snapshot:
        freshness = await require_freshness(snapshot, session)
    return render(request, session, "about.html", {"freshness": freshness, "here": "about"})
