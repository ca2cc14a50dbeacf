"""What the API takes and gives, as OpenAPI describes it."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Path, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from movierec.rating_scale import STARS

LARGEST_ID = 2**53 - 1  # the largest that is exact wherever JSON is read (RFC 8259, 6)
MAX_EVENTS = 1000
EVENT_ID = r"^[A-Za-z0-9][A-Za-z0-9_.:@-]{0,149}$"  # what stands in a path as it is, so that it can be undone
NO_NUL = r"^[^\u0000]*$"

Text = Annotated[str, StringConstraints(max_length=100, pattern=NO_NUL)]
Id = Annotated[int, Field(ge=1, le=LARGEST_ID)]
UserId = Annotated[int, Path(ge=1, le=LARGEST_ID, description="The viewer.", examples=[42])]
MovieId = Annotated[int, Path(ge=1, le=LARGEST_ID, description="The movie.", examples=[50])]
Limit = Annotated[int, Query(ge=1, le=100, description="Movies at most.")]
After = Annotated[int, Query(ge=0, le=LARGEST_ID, description="`next` of the page before this one.")]
Genres = Annotated[list[Text], Query(max_length=20, description="May be repeated.", examples=[["Drama"]])]
Ids = Annotated[list[Id], Query(max_length=200, description="May be repeated.")]
Year = Annotated[int | None, Query(ge=1800, le=2200)]
Cap = Annotated[int | None, Query(ge=1, le=100, description="How many of a page may share a genre.")]
SearchText = Annotated[
    str, Query(max_length=200, pattern=NO_NUL, description="Typing errors are forgiven.", examples=["star wasr"])
]
Viewer = Annotated[
    int | None, Query(ge=1, le=LARGEST_ID, description="Leave out what this viewer has answered to.", examples=[42])
]
Kind = Literal["like", "dislike", "view", "click", "dismiss", "rating"]


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


class Recommendations(BaseModel):
    """A page of a viewer's list; all of it comes from one version."""

    user_id: int = Field(examples=[42])
    version_id: int = Field(description="The live version.", examples=[3])
    delta_id: int | None = Field(description="Its newest delta: lists renewed because of feedback.", examples=[7])
    is_complete: bool = Field(description="False where the filters left fewer movies than were asked for.")
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


class Shelves(BaseModel):
    """A viewer's shelves, from the top; a movie stands on one of them only."""

    user_id: int = Field(examples=[42])
    version_id: int = Field(examples=[3])
    delta_id: int | None = Field(examples=[7])
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


class Newcomer(BaseModel):
    """Somebody who has no list: a few movies that they like, and what is known of them."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"movies": [50, 100], "limit": 20}, {"age": 30, "gender": "F"}]}
    )
    movies: list[Id] = Field(default=[], max_length=5, description="One to five movies; with none, what is popular.")
    limit: int = Field(default=20, ge=1, le=100)
    age: int | None = Field(default=None, ge=0, le=150)
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
    value: float | None = Field(
        default=None, ge=STARS.low, le=STARS.high, description="Stars; for a rating only.", examples=[None]
    )
    created_at: AwareDatetime | None = Field(default=None, description="Now, unless given.", examples=[None])


class Events(BaseModel):
    """A batch of events; none stops another."""

    model_config = ConfigDict(extra="forbid")
    events: list[Event] = Field(min_length=1, max_length=MAX_EVENTS)


class Outcome(BaseModel):
    """What became of an event."""

    event_id: str = Field(examples=["0192f0c1"])
    outcome: Literal["accepted", "repeated", "rejected"]
    message: str | None = Field(description="Why it was rejected.", examples=[None])


class Outcomes(BaseModel):
    """What became of a batch, event by event."""

    accepted: int = Field(examples=[1])
    repeated: int = Field(description="Had come before; nothing changed.", examples=[0])
    rejected: int = Field(examples=[0])
    outcomes: list[Outcome]


class Undone(BaseModel):
    """Whether there was something to take back."""

    is_undone: bool


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
