"""A made-up warehouse to ask: movies, viewers, ratings, and versions of lists as a night would publish them."""

from collections.abc import Iterator
from itertools import product

from movierec.data.columns import LIKED_WEIGHT, RELEVANT_FROM
from movierec.db import Connection, copy_rows, fetch, run_sql
from movierec.publishing.catalogue import FILLED, SHELF_LENGTH

RATINGS_PER_VIEWER = 10
GENRES = (
    *("Action", "Adventure", "Animation", "Comedy", "Crime", "Documentary", "Drama", "Fantasy", "Film-Noir"),
    *("Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War", "Western"),
)
ADJECTIVES = (
    *("Red", "Silent", "Last", "Golden", "Lost", "Broken", "Secret", "Winter", "Midnight", "Hidden", "Iron", "Paper"),
    *("Burning", "Distant", "Endless"),
)
NOUNS = (
    *("River", "House", "Garden", "Soldier", "Mountain", "Letter", "Station", "Harbour", "Empire", "Stranger"),
    *("Mirror", "Kingdom", "Orchard", "Tower"),
)
ENDINGS = ("", " of Glass", " in Rome", " Returns", " at Dawn", " and the Sea", " for Two", " of Kings", " Tonight")


def write_facts(conn: Connection, users: int, movies: int) -> None:
    """Write movies with ids from 1, viewers with ids from 1, and ratings."""
    titles = _titles()
    rows = ((movie_id, next(titles), 1930 + movie_id % 95) for movie_id in range(1, movies + 1))
    copy_rows(conn, "core.movies", ("movie_id", "title", "release_year"), rows)
    genres = {
        (movie_id, GENRES[movie_id * step % len(GENRES)]) for movie_id in range(1, movies + 1) for step in (1, 2, 3)
    }
    copy_rows(conn, "core.movie_genre", ("movie_id", "genre"), sorted(genres))
    run_sql(conn, "bench/facts", {"users": users, "movies": movies, "ratings": RATINGS_PER_VIEWER})
    conn.commit()


def write_version(conn: Connection, movies: int) -> int:
    """Write a whole version, which nobody sees yet, and return its id."""
    version_id = int(fetch(conn, "bench/open_version")[0]["version_id"])
    parameters = {"version_id": version_id, "relevant_from": RELEVANT_FROM, "liked_weight": LIKED_WEIGHT}
    conn.execute("set local search_path to core")
    for part in FILLED:
        run_sql(conn, f"serving/fill_{part}", {**parameters, "shelf_length": SHELF_LENGTH})
    conn.execute("set local search_path to default")
    run_sql(conn, "bench/lists", {"version_id": version_id, "movies": movies})
    run_sql(conn, "serving/fill_item_weight", {"version_id": version_id})
    conn.commit()
    return version_id


def show_version(conn: Connection, version_id: int) -> None:
    """Make a version the one that readers see."""
    run_sql(conn, "bench/show_version", {"version_id": version_id})
    conn.commit()


def _titles() -> Iterator[str]:
    """Yield titles without end; the parts that follow a title are numbered."""
    part = 1
    while True:
        for ending, noun, adjective in product(ENDINGS, NOUNS, ADJECTIVES):
            yield f"{adjective} {noun}{ending}" + (f" {part}" if part > 1 else "")
        part += 1
