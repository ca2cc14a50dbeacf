"""What the API takes and gives, as OpenAPI describes it."""

import re
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Path, Query
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from movierec.rating_scale import STARS

LARGEST_ID = 2**53 - 1  # the largest that is exact wherever JSON is read (RFC 8259, 6)
MAX_EVENTS = 1000
EVENT_ID = r"^[A-Za-z0-9][A-Za-z0-9_.:@-]{0,149}$"  # what stands in a path as it is, so that it can be undone
NO_NUL = r"^[^\u0000]*$"


def _in_digits(value: object) -> object:
    """Refuse what stands in an address and is a number to Python alone: 1_000, 1.0, a blank before the digits."""
    if isinstance(value, str) and not re.fullmatch(r"-?[0-9]+", value):
        raise PydanticCustomError("digits", "a whole number in digits is needed")
    return value


def _as_number(value: object) -> object:
    """Refuse what stands in a body and is no number of JSON: digits in quotes, true and false."""
    if isinstance(value, bool | str):
        raise PydanticCustomError("number", "a number is needed, without quotes")
    return value


def _as_moment(value: object) -> object:
    """Refuse what may be meant as seconds or as milliseconds since 1970."""
    if not (isinstance(value, str) and re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]", value)):
        raise PydanticCustomError("moment", "a date, a time and their zone are needed, such as 2026-01-31T20:15:00Z")
    return value


def _genre_query(which: str) -> Any:
    description = f"Movies that have {which}, spelt as in `/genres`. May be repeated."
    return Query(max_length=20, description=description, examples=[["Drama"]])


IN_DIGITS, AS_NUMBER = BeforeValidator(_in_digits), BeforeValidator(_as_number)
Text = Annotated[str, StringConstraints(max_length=100, pattern=NO_NUL)]
# bounds come before what looks at the value as it was sent: only so does OpenAPI name them
Id = Annotated[int, Field(ge=1, le=LARGEST_ID), AS_NUMBER]
IdInAddress = Annotated[int, Field(ge=1, le=LARGEST_ID), IN_DIGITS]
Count = Annotated[int, Field(ge=1, le=100), AS_NUMBER]
CountInAddress = Annotated[int, Field(ge=1, le=100), IN_DIGITS]
YearInAddress = Annotated[int, Field(ge=1800, le=2200), IN_DIGITS]
UserId = Annotated[IdInAddress, Path(description="The viewer.", examples=[42])]
MovieId = Annotated[IdInAddress, Path(description="The movie.", examples=[50])]
Limit = Annotated[CountInAddress, Query(description="Movies at most.")]
After = Annotated[
    Annotated[int, Field(ge=0, le=LARGEST_ID), IN_DIGITS], Query(description="`next` of the page before this one.")
]
GenresIn = Annotated[list[Text], _genre_query("one of these or more")]
GenresOut = Annotated[list[Text], _genre_query("none of these")]
Ids = Annotated[list[IdInAddress], Query(max_length=200, description="May be repeated.")]
Year = Annotated[YearInAddress | None, Query()]
Cap = Annotated[CountInAddress | None, Query(description="How many of a page may share a genre.")]
SearchText = Annotated[
    str, Query(max_length=200, pattern=NO_NUL, description="Typing errors are forgiven.", examples=["star wasr"])
]
Viewer = Annotated[IdInAddress | None, Query(description="Leave out what this viewer has answered to.", examples=[42])]
Kind = Literal["like", "dislike", "view", "click", "dismiss", "rating"]


class Selection(BaseModel):
    """Which part of a viewer's list is asked for; as one model it is read at once (see `StrictRoute`)."""

    limit: Limit = 20
    after: After = 0
    genre: GenresIn = []
    not_genre: GenresOut = []
    year_from: Year = None
    year_to: Year = None
    leave_out: Ids = []
    genre_cap: Cap = None


class Movie(BaseModel):
    """A movie in a list."""

    rank: int = Field(description="From 1.", examples=[1])
    movie_id: int = Field(examples=[50])
    title: str = Field(examples=["Star Wars"])
    release_year: int | None = Field(examples=[1977])
    genres: list[str] = Field(examples=[["Action", "Sci-Fi"]])


class Recommended(Movie):
    """A movie in a viewer's list, with why it is there."""

    reason: str = Field(description="For the viewer to read.", examples=["Because you liked Fargo"])
    because_movie_id: int | None = Field(description="The liked movie that speaks most for it.", examples=[100])
    origin: str = Field(
        description="Where it comes from: pin, list, candidate, fallback or popular; for newcomers chosen, group, "
        "popular or fallback.",
        examples=["list"],
    )


class ForViewer(BaseModel):
    """What an answer for a viewer comes from."""

    user_id: int = Field(examples=[42])
    version_id: int = Field(description="The live version.", examples=[3])
    delta_id: int | None = Field(description="Its newest delta: lists renewed because of feedback.", examples=[7])


class Recommendations(ForViewer):
    """A page of a viewer's list; all of it comes from one version."""

    is_complete: bool = Field(description="False where the filters left fewer movies than were asked for.")
    unknown_genres: list[str] = Field(
        description="Genres of the request that no movie has, as where one is misspelt: see `/genres`.", examples=[[]]
    )
    next: int | None = Field(description="`after` of the next page; null at the end.", examples=[20])
    items: list[Recommended]


class ShelfMovie(Movie):
    """A movie on a shelf."""

    reason: str = Field(examples=["Because you liked Fargo"])


class Shelf(BaseModel):
    """A row of movies with its rule."""

    shelf_id: str = Field(examples=["because"])
    key: str = Field(description="A movie, genre, decade or group; tells shelves of a rule apart.", examples=["100"])
    rule: str = Field(examples=["because"])
    heading: str = Field(examples=["Because you liked Fargo"])
    items: list[ShelfMovie]


class Shelves(ForViewer):
    """A viewer's shelves, from the top; a movie stands on one of them only."""

    shelves: list[Shelf]


class MovieFacts(BaseModel):
    """What the live version knows about a movie."""

    version_id: int = Field(examples=[3])
    movie_id: int = Field(examples=[50])
    title: str = Field(examples=["Star Wars"])
    release_year: int | None = Field(examples=[1977])
    genres: list[str] = Field(examples=[["Action", "Sci-Fi"]])
    directors: list[str] = Field(examples=[["George Lucas"]])
    actors: list[str] = Field(examples=[["Mark Hamill", "Carrie Fisher"]])
    runtime_minutes: int | None = Field(examples=[121])
    imdb_id: str | None = Field(examples=["tt0076759"])
    imdb_rating: float | None = Field(examples=[8.6])
    ratings: int = Field(description="How many viewers have rated it.", examples=[583])
    mean_rating: float | None = Field(description="Stars.", examples=[4.36])
    popularity_rank: int = Field(examples=[1])


class SimilarMovie(Movie):
    """A movie like another one."""

    score: float = Field(description="Only the order means something.", examples=[0.61])


class SimilarMovies(BaseModel):
    """Movies like one movie, the most similar first."""

    movie_id: int = Field(examples=[50])
    version_id: int = Field(examples=[3])
    next: int | None = Field(examples=[20])
    items: list[SimilarMovie]


class FoundMovie(Movie):
    """A movie whose title is like what was searched for."""

    similarity: float = Field(description="1 for the same title.", examples=[0.75])


class FoundMovies(BaseModel):
    """Movies by title, the most similar first."""

    version_id: int = Field(examples=[3])
    next: int | None = Field(examples=[20])
    items: list[FoundMovie]


class Genre(BaseModel):
    """A genre by which lists can be filtered."""

    genre: str = Field(examples=["Drama"])
    movies: int = Field(description="How many movies have it.", examples=[716])


class GenreNames(BaseModel):
    """The genres of the live version, by name."""

    version_id: int = Field(examples=[3])
    items: list[Genre]


class Newcomer(BaseModel):
    """Somebody who has no list: a few movies that they like, and what is known of them."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"movies": [50, 100], "limit": 20}, {"age": 30, "gender": "F"}]}
    )
    movies: list[Id] = Field(default=[], max_length=5, description="One to five movies; with none, what is popular.")
    limit: Count = 20
    age: Annotated[int, Field(ge=0, le=150), AS_NUMBER] | None = None
    gender: Literal["F", "M"] | None = None


class NewcomerList(BaseModel):
    """A newcomer's list."""

    version_id: int = Field(examples=[3])
    items: list[Recommended]


class Event(BaseModel):
    """Something that a viewer did or said."""

    model_config = ConfigDict(extra="forbid")
    event_id: Annotated[str, StringConstraints(pattern=EVENT_ID)] = Field(
        description="Of your choice; an event that comes twice counts once.", examples=["0192f0c1"]
    )
    user_id: Id = Field(examples=[42])
    movie_id: Id = Field(examples=[50])
    kind: Kind = Field(description="view: watched; click: opened its page; dismiss: not interested.", examples=["like"])
    value: Annotated[float, Field(ge=STARS.low, le=STARS.high), AS_NUMBER] | None = Field(
        default=None, description="Stars; for a rating only.", examples=[None]
    )
    created_at: Annotated[AwareDatetime, BeforeValidator(_as_moment)] | None = Field(
        default=None,
        description="Now, unless given; a clock may be fast by up to 5 minutes.",
        examples=[None],
    )


class Events(BaseModel):
    """A batch of events; none stops another."""

    model_config = ConfigDict(extra="forbid")
    events: list[Event] = Field(min_length=1, max_length=MAX_EVENTS)


class Outcome(BaseModel):
    """What became of an event."""

    event_id: str = Field(examples=["0192f0c1"])
    outcome: Literal["accepted", "repeated", "rejected"]
    message: str | None = Field(
        description="Why it was rejected; of a repeated one, that it was another one before, or has been taken back.",
        examples=[None],
    )


class Outcomes(BaseModel):
    """What became of a batch, event by event."""

    accepted: int = Field(examples=[1])
    repeated: int = Field(description="Had come before; nothing changed.", examples=[0])
    rejected: int = Field(examples=[0])
    outcomes: list[Outcome]


class Undone(BaseModel):
    """Whether the event counts no more, taken back by this request or by an earlier one."""

    is_undone: bool = Field(description="false: there is no such event of this viewer.")


class Health(BaseModel):
    """Whether requests can be answered."""

    status: Literal["ok", "no version"] = Field(description="no version: nothing has been published yet.")
    version_id: int | None = Field(examples=[3])


class Version(BaseModel):
    """Which version is live, and how fresh it is."""

    version_id: int = Field(examples=[3])
    ranker: str = Field(examples=["hybrid"])
    published_at: datetime
    since: datetime = Field(description="Since when readers see it.")
    as_of: datetime | None = Field(description="The moment up to which it knows what happened.")
    delta_id: int | None = Field(description="The newest delta: lists renewed because of feedback.", examples=[7])
    delta_since: datetime | None = Field(description="When that was.")
    dataset: str | None = Field(examples=["folder"])
    age_seconds: float = Field(description="Since it was published.", examples=[7200.0])
