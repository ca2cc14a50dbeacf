"""A made-up warehouse to ask: movies, viewers, ratings, and versions of lists as a night would publish them."""

from movierec.config import Settings
from movierec.data.columns import LIKED_WEIGHT, RELEVANT_FROM
from movierec.data.dataset import SCHEMA, Dataset
from movierec.db import Connection, copy_rows, fetch, fetch_frame, run_sql
from movierec.publishing.catalogue import FILLED, SHELF_LENGTH

RATINGS_PER_VIEWER = 10
VIEWERS_LIST = 50  # movies in a list, where none are written
GENRES = (
    *("Action", "Adventure", "Animation", "Comedy", "Crime", "Documentary", "Drama", "Fantasy", "Film-Noir"),
    *("Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War", "Western"),
)
SYLLABLES = (
    *("ba", "cor", "del", "fin", "gar", "hol", "im", "jas", "kel", "lo", "mar", "ni", "or", "pen", "quil", "ra"),
    *("sel", "tor", "un", "vi", "wen", "xan", "yor", "zel"),
)
FRAMES = (
    "The {}",
    "{}",
    "{} Returns",
    "A {} Story",
    "The Last {}",
    "{} and {}",
    "{} of {}",
    "My {}",
    "{}: {}",
    "Little {}",
)


def write_facts(conn: Connection, users: int, movies: int) -> None:
    """Write movies with ids from 1, viewers with ids from 1, and ratings."""
    rows = ((movie_id, _title(movie_id), 1930 + movie_id % 95) for movie_id in range(1, movies + 1))
    copy_rows(conn, "core.movies", ("movie_id", "title", "release_year"), rows)
    genres = {
        (movie_id, GENRES[movie_id * step % len(GENRES)]) for movie_id in range(1, movies + 1) for step in (1, 2, 3)
    }
    copy_rows(conn, "core.movie_genre", ("movie_id", "genre"), sorted(genres))
    run_sql(conn, "bench/facts", {"users": users, "movies": movies, "ratings": RATINGS_PER_VIEWER})
    conn.commit()


def write_version(conn: Connection, movies: int, list_length: int, ranker: str = "hybrid", one_in: int = 1) -> int:
    """Write a whole version, which nobody sees yet, and return its id.

    Args:
        conn: the warehouse.
        movies: how many there are.
        list_length: of each list; 0: there are no lists.
        ranker: that is said to have made them.
        one_in: so many viewers has a list.
    """
    version_id = _open_version(conn, list_length, ranker)
    parameters = {"version_id": version_id, "relevant_from": RELEVANT_FROM, "liked_weight": LIKED_WEIGHT}
    conn.execute("set local search_path to core")
    for part in FILLED:
        run_sql(conn, f"serving/fill_{part}", {**parameters, "shelf_length": SHELF_LENGTH})
    conn.execute("set local search_path to default")
    if list_length:
        lists = {"version_id": version_id, "movies": movies, "list_length": list_length, "one_in": one_in}
        run_sql(conn, "bench/lists", lists)
        run_sql(conn, "serving/analyze_version")
        run_sql(conn, "serving/fill_item_weight", {"version_id": version_id})
    conn.commit()
    return version_id


def write_fit(conn: Connection, settings: Settings, version_id: int, ranker: str) -> None:
    """Write the training of a version: the snapshot of what there is, its features, and a ranker fitted on them."""
    from movierec.features.content import MovieFeatures  # noqa: PLC0415 - as in every task, of what it needs alone
    from movierec.rankers import registry  # noqa: PLC0415
    from movierec.training.folder import TrainingFolder  # noqa: PLC0415

    (version,) = fetch(conn, "bench/training_of", {"version_id": version_id})
    folder = TrainingFolder.of(settings, version["training_id"])
    conn.execute("set local search_path to core")
    dataset = Dataset.of({table: fetch_frame(conn, f"snapshot/{table}") for table in SCHEMA})
    conn.execute("set local search_path to default")
    dataset.save(folder.snapshot)
    features = MovieFeatures.build(dataset)
    features.save(folder.final_features)
    registry.create(ranker).fit(dataset, features).save(folder.final_model(ranker))


def copy_lists(conn: Connection, from_version_id: int, list_length: int) -> int:
    """Write a version that has the lists of another one and nothing else, and return its id."""
    version_id = _open_version(conn, list_length, "hybrid")
    run_sql(conn, "bench/copy_lists", {"from_version_id": from_version_id, "version_id": version_id})
    conn.commit()
    return version_id


def show_version(conn: Connection, version_id: int) -> None:
    """Make a version the one that readers see."""
    run_sql(conn, "bench/show_version", {"version_id": version_id})
    conn.commit()


def _open_version(conn: Connection, list_length: int, ranker: str) -> int:
    opened = {"ranker": ranker, "list_length": max(list_length, VIEWERS_LIST)}
    return int(fetch(conn, "bench/open_version", opened)[0]["version_id"])


def _title(movie_id: int) -> str:
    """Return a title of words as diverse as those of a real catalogue."""
    return FRAMES[movie_id % len(FRAMES)].format(_word(movie_id * 7), _word(movie_id * 11 + 3))


def _word(number: int) -> str:
    """Return one of 13,824 words."""
    size = len(SYLLABLES)
    return "".join(SYLLABLES[number // size**place % size] for place in range(3)).capitalize()
