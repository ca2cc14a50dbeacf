"""The API: `/api/v1`, for applications that show lists and send feedback."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from movierec.web import schemas
from movierec.web.access import Reader, Writer
from movierec.web.problems import ANYWHERE, describe
from movierec.web.schemas import After, Limit, MovieId, SearchText, UserId, Viewer
from movierec.web.services import services_of
from movierec.web.strict import StrictRoute

PREFIX = "/api/v1"
router = APIRouter(prefix=PREFIX, route_class=StrictRoute, responses=describe(*ANYWHERE, 401, 403, 422, 429))
Asked = Annotated[schemas.Selection, Query()]
EventId = Annotated[str, Path(pattern=schemas.EVENT_ID, description="As it was sent.", examples=["0192f0c1"])]
ETAG = {"ETag": {"description": "Holds until the answer may be another one.", "schema": {"type": "string"}}}
KNOWN_TAG = {
    "name": "If-None-Match",
    "in": "header",
    "description": "ETags of answers that you have; 304 says that one of them still holds.",
    "schema": {"type": "string"},
}


def tagged(*problems: int) -> dict[str, Any]:
    """Return what OpenAPI says about a route whose answers have tags, and which further problems it may answer with."""
    unchanged = {"description": "Nothing has changed (If-None-Match)", "headers": ETAG}
    responses = {200: {"headers": ETAG}, 304: unchanged, **describe(*problems)}
    return {"responses": responses, "openapi_extra": {"parameters": [KNOWN_TAG]}}


@router.get("/users/{user_id}/recommendations", response_model=schemas.Recommendations, tags=["lists"], **tagged())
async def recommendations(request: Request, _: Reader, user_id: UserId, asked: Asked) -> Response:
    """A viewer's list, best first; for a viewer without one, what is popular.

    What the viewer has rated or answered to is left out at once. Filters take movies from further down the list.
    """
    parameters = {
        "user_id": user_id,
        "row_limit": asked.limit,
        "genres_in": asked.genre or None,
        "genres_out": asked.not_genre or None,
        "year_from": asked.year_from,
        "year_to": asked.year_to,
        "leave_out": asked.leave_out or None,
        "genre_cap": asked.genre_cap,
        "after": asked.after,
    }
    return await services_of(request).answers.answer(request, "recommendations", parameters, viewer=user_id)


@router.get("/users/{user_id}/shelves", response_model=schemas.Shelves, tags=["lists"], **tagged())
async def shelves(request: Request, _: Reader, user_id: UserId, limit: Limit = 12) -> Response:
    """A viewer's shelves: the list, because you liked …, trending, new, popular by group, genre and decade."""
    parameters = {"user_id": user_id, "row_limit": limit}
    return await services_of(request).answers.answer(request, "shelves", parameters, viewer=user_id)


@router.get("/genres", response_model=schemas.GenreNames, tags=["movies"], **tagged())
async def genres(request: Request, _: Reader) -> Response:
    """The genres by which lists can be filtered, as they are spelt."""
    return await services_of(request).answers.answer(request, "genres", {})


@router.get("/movies", response_model=schemas.FoundMovies, tags=["movies"], **tagged())
async def search(request: Request, _: Reader, q: SearchText, limit: Limit = 20, after: After = 0) -> Response:
    """Movies whose title is most like a text."""
    parameters = {"query": q, "row_limit": limit, "after": after}
    return await services_of(request).answers.answer(request, "search", parameters)


@router.get("/movies/{movie_id}", response_model=schemas.MovieFacts, tags=["movies"], **tagged(404))
async def movie(request: Request, _: Reader, movie_id: MovieId) -> Response:
    """What the live version knows about a movie."""
    missing = f"there is no movie {movie_id}"
    return await services_of(request).answers.answer(request, "movie", {"movie_id": movie_id}, missing=missing)


@router.get("/movies/{movie_id}/similar", response_model=schemas.SimilarMovies, tags=["movies"], **tagged(404))
async def similar(
    request: Request, _: Reader, movie_id: MovieId, limit: Limit = 20, after: After = 0, user_id: Viewer = None
) -> Response:
    """Movies like one movie, the most similar first."""
    parameters = {"movie_id": movie_id, "row_limit": limit, "user_id": user_id, "after": min(after, 2**31 - 1)}
    missing = f"there is no movie {movie_id}"
    return await services_of(request).answers.answer(request, "similar", parameters, user_id, missing)


@router.post("/newcomer", response_model=schemas.NewcomerList, tags=["lists"], responses=describe(415))
async def newcomer(request: Request, _: Reader, somebody: schemas.Newcomer) -> Response:
    """A list at once for somebody who has none, from one to five movies that they like."""
    parameters = {
        "chosen_movies": somebody.movies,
        "row_limit": somebody.limit,
        "user_id": None,
        "age": somebody.age,
        "gender": somebody.gender,
    }
    body = (await services_of(request).answers.make("newcomer", parameters))[1]
    return Response(body, media_type="application/json", headers={"cache-control": "no-store"})


@router.post("/feedback", response_model=schemas.Outcomes, tags=["feedback"], responses=describe(415))
async def feedback(request: Request, key: Writer, batch: schemas.Events) -> schemas.Outcomes:
    """Keep up to 1,000 events. It counts at once: the lists of these viewers leave out what they answered to.

    Sending a batch again changes nothing: an event counts once by its `event_id`, whose names are your own.
    """
    services = services_of(request)
    events = [{**each.model_dump(mode="json"), "event_id": f"{key.name}:{each.event_id}"} for each in batch.events]
    rows = await services.warehouse.rows("give_feedback", {"events": json.dumps(events)})
    counts = {
        outcome: sum(row["outcome"] == outcome for row in rows) for outcome in ("accepted", "repeated", "rejected")
    }
    services.metrics.feedback.labels("api").inc(counts["accepted"])
    outcomes = [schemas.Outcome(**{**row, "event_id": row["event_id"].partition(":")[2]}) for row in rows]
    return schemas.Outcomes(**counts, outcomes=outcomes)


@router.delete("/users/{user_id}/feedback/{event_id}", response_model=schemas.Undone, tags=["feedback"])
async def undo(request: Request, key: Writer, user_id: UserId, event_id: EventId) -> schemas.Undone:
    """Take back an event that you sent: the movie may be recommended again.

    Asking again changes nothing, and is answered as the first time.
    """
    parameters = {"event_id": f"{key.name}:{event_id}", "user_id": user_id}
    row = await services_of(request).warehouse.row("undo_feedback", parameters)
    return schemas.Undone(is_undone=bool(row and row["is_undone"]))
