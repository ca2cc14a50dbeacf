"""The names of all rankers, so that a form can list them without importing any."""

RANKERS = (
    "popularity",
    "user_knn",
    "item_knn",
    "ials",
    "ease",
    "slim",
    "slit",
    "neural",
    "content",
    "recent_popularity",
    "blend",
    "random_forest",
    "gradient_boosting",
    "hybrid",
)
