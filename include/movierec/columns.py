"""Column names, and the one threshold, that cross a module's border, written once."""

USER = "user_id"
MOVIE = "movie_id"
RATING = "rating"
RATED_AT = "rated_at"
SCORE = "score"
RANK = "rank"

RELEVANT_FROM = 4.0  # the rating from which on a movie was liked
