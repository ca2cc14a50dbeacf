"""Column names, and what ratings and weights mean, written once for all modules."""

USER = "user_id"
MOVIE = "movie_id"
RATING = "rating"
RATED_AT = "rated_at"
WEIGHT = "weight"
SCORE = "score"
RANK = "rank"

RELEVANT_FROM = 4.0  # the rating from which on a movie was liked
LIKED_WEIGHT = 0.5  # the weight from which on feedback without a rating says that a movie was liked
