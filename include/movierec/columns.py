"""Column names that cross a module's border, written once."""

USER = "user_id"
MOVIE = "movie_id"
RATING = "rating"
RATED_AT = "rated_at"
SCORE = "score"
RANK = "rank"
