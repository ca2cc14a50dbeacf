"""The contract of each table: its columns, and the names that sources give them."""

from movierec.data.aliases import aliases_of
from movierec.sources.contract import Column, Contract, Kind


def _optional(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, required=False, aliases=aliases_of(name)) for name in names)


_USER = Column("user_id", Kind.INTEGER, aliases=aliases_of("user_id"))
_MOVIE = Column("movie_id", Kind.INTEGER, aliases=aliases_of("movie_id"))
_TCONST = Column("tconst")

RATINGS = Contract(
    "ratings",
    (
        _USER,
        _MOVIE,
        Column("rating", Kind.NUMBER, aliases=aliases_of("rating")),
        Column("rated_at", Kind.TIME, aliases=aliases_of("rated_at")),
    ),
    ("user_id", "movie_id"),
    ("updated_at", "rated_at"),
)
MOVIES = Contract(
    "movies",
    (
        _MOVIE,
        Column("title", aliases=aliases_of("title")),
        Column("release_year", required=False, aliases=aliases_of("release_year")),
        Column("release_date", required=False, aliases=aliases_of("release_date")),
        Column("genres", required=False, aliases=aliases_of("genres")),
    ),
    ("movie_id",),
)
LINKS = Contract(
    "links",
    (_MOVIE, Column("imdb_id", aliases=("imdbId",)), Column("tmdb_id", required=False, aliases=("tmdbId",))),
    ("movie_id",),
)
TAGS = Contract(
    "tags",
    (_USER, _MOVIE, Column("tag"), Column("tagged_at", Kind.TIME, aliases=("timestamp",))),
    ("user_id", "movie_id", "tag"),
    ("updated_at", "tagged_at"),
)
USER_PROFILE = Contract(
    "user_profile",
    (_USER, *_optional("age", "gender", "occupation", "zip_code")),
    ("user_id",),
)
MOVIE_LINK = Contract("movie_link", (_MOVIE, Column("entity_id")), ("movie_id",))
GRAPH = Contract(
    "graph",
    (Column("head_id"), Column("relation_id"), Column("tail_id")),
    ("head_id", "relation_id", "tail_id"),
)
CREDITS = Contract(
    "credits",
    (
        _MOVIE,
        *_optional("title", "released"),
        Column("director", aliases=aliases_of("director")),
        Column("actors", aliases=aliases_of("actors")),
        *_optional("writers"),
    ),
    ("movie_id",),
)
GENOME = Contract("genome", (_MOVIE, Column("tags"), Column("relevances")), ("movie_id",))
IMDB_TITLE = Contract(
    "imdb_title",
    (
        _TCONST,
        Column("title_type", aliases=("titleType",)),
        Column("primary_title", aliases=("primaryTitle",)),
        Column("original_title", aliases=("originalTitle",)),
        Column("start_year", aliases=("startYear",)),
        Column("runtime_minutes", aliases=("runtimeMinutes",)),
        Column("genres"),
    ),
    ("tconst",),
)
IMDB_CREW = Contract("imdb_crew", (_TCONST, Column("directors"), Column("writers")), ("tconst",))
IMDB_PRINCIPAL = Contract(
    "imdb_principal",
    (_TCONST, Column("ordering", Kind.INTEGER), Column("nconst"), Column("category"), *_optional("job", "characters")),
    ("tconst", "ordering"),
)
IMDB_RATING = Contract(
    "imdb_rating",
    (
        _TCONST,
        Column("average_rating", Kind.NUMBER, aliases=("averageRating",)),
        Column("num_votes", Kind.INTEGER, aliases=("numVotes",)),
    ),
    ("tconst",),
)
IMDB_NAME = Contract(
    "imdb_name",
    (
        Column("nconst"),
        Column("primary_name", aliases=("primaryName",)),
        Column("birth_year", required=False, aliases=("birthYear",)),
    ),
    ("nconst",),
)
FEEDBACK_EVENT = Contract(
    "feedback_event",
    (
        Column("event_id"),
        _USER,
        _MOVIE,
        Column("kind"),
        Column("value", required=False),
        Column("created_at", Kind.TIME, aliases=("occurred_at", "timestamp")),
    ),
    ("event_id",),
    ("updated_at", "created_at"),
)

CONTRACTS = {
    contract.table: contract
    for contract in (
        *(MOVIES, LINKS, CREDITS, IMDB_TITLE, IMDB_CREW, IMDB_PRINCIPAL, IMDB_RATING, IMDB_NAME, MOVIE_LINK, GRAPH),
        GENOME,
        *(USER_PROFILE, RATINGS, TAGS, FEEDBACK_EVENT),
    )
}
