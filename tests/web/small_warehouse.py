"""A small published warehouse: sixty movies, forty viewers with tastes, lists, similar movies, and titles that bite.

Facts go to `core`; the catalogue, the search index and the shelves of the version are written by the statements that a
night writes them with. Lists are made here, by genre, so that the tests know what to expect.
"""

from datetime import UTC, datetime, timedelta

from movierec.db import Connection, run_sql
from movierec.publishing.catalogue import FILLED

MOVIES = [
    (1, "Toy Story", 1995, "Animation|Children|Comedy"),
    (2, "GoldenEye", 1995, "Action|Adventure|Thriller"),
    (3, "Heat", 1995, "Action|Crime|Thriller"),
    (4, "Sense and Sensibility", 1995, "Drama|Romance"),
    (5, "Casablanca", 1942, "Drama|Romance|War"),
    (6, "The Maltese Falcon", 1941, "Film-Noir|Mystery"),
    (7, "Double Indemnity", 1944, "Crime|Film-Noir"),
    (8, "Metropolis", 1927, "Sci-Fi"),
    (9, "2001: A Space Odyssey", 1968, "Drama|Mystery|Sci-Fi|Thriller"),
    (10, "Alien", 1979, "Action|Horror|Sci-Fi|Thriller"),
    (11, "Blade Runner", 1982, "Film-Noir|Sci-Fi"),
    (12, "Star Wars", 1977, "Action|Adventure|Romance|Sci-Fi|War"),
    (13, "The Empire Strikes Back", 1980, "Action|Adventure|Drama|Romance|Sci-Fi|War"),
    (14, "Return of the Jedi", 1983, "Action|Adventure|Romance|Sci-Fi|War"),
    (15, "Raiders of the Lost Ark", 1981, "Action|Adventure"),
    (16, "The Shining", 1980, "Horror"),
    (17, "Psycho", 1960, "Horror|Romance|Thriller"),
    (18, "Vertigo", 1958, "Mystery|Thriller"),
    (19, "Rear Window", 1954, "Mystery|Thriller"),
    (20, "North by Northwest", 1959, "Comedy|Thriller"),
    (21, "Some Like It Hot", 1959, "Comedy|Crime"),
    (22, "The Apartment", 1960, "Comedy|Drama"),
    (23, "Singin' in the Rain", 1952, "Musical|Romance"),
    (24, "The Wizard of Oz", 1939, "Adventure|Children|Drama|Musical"),
    (25, "Snow White and the Seven Dwarfs", 1937, "Animation|Children|Musical"),
    (26, "Pinocchio", 1940, "Animation|Children"),
    (27, "The Lion King", 1994, "Animation|Children|Musical"),
    (28, "Beauty and the Beast", 1991, "Animation|Children|Musical"),
    (29, "Fargo", 1996, "Crime|Drama|Thriller"),
    (30, "Pulp Fiction", 1994, "Crime|Drama"),
    (31, "Reservoir Dogs", 1992, "Crime|Thriller"),
    (32, "GoodFellas", 1990, "Crime|Drama"),
    (33, "The Godfather", 1972, "Action|Crime|Drama"),
    (34, "The Godfather: Part II", 1974, "Action|Crime|Drama"),
    (35, "Chinatown", 1974, "Film-Noir|Mystery|Thriller"),
    (36, "Unforgiven", 1992, "Western"),
    (37, "High Noon", 1952, "Western"),
    (38, "The Good, the Bad and the Ugly", 1966, "Action|Western"),
    (39, "Hoop Dreams", 1994, "Documentary"),
    (40, "Crumb", 1994, "Documentary"),
    (41, "Koyaanisqatsi", 1982, "Documentary|War"),
    (42, "Apocalypse Now", 1979, "Drama|War"),
    (43, "Full Metal Jacket", 1987, "Action|Drama|War"),
    (44, "Das Boot", 1981, "Action|Drama|War"),
    (45, "Amélie", 2001, "Comedy|Romance"),
    (46, "千と千尋の神隠し", 2001, "Animation|Fantasy"),
    (47, "فروشنده", 2016, "Drama|Thriller"),
    (48, "<script>document.title='owned'</script>", 1999, "Horror"),
    (49, '"><img src=x onerror=alert(1)>', 2000, "Horror|Comedy"),
    (50, "{{ 7 * 7 }} ${7*7} '; drop table serving.version; --", 1998, "Thriller"),
    (51, "Dr. Strangelove or: How I Learned to Stop Worrying and Love the Bomb", 1963, "Comedy|War"),
    (52, "Taumatawhakatangihangakoauauotamateaturipukakapikimaungahoronukupokaiwhenuakitanatahu" * 3, 1997, ""),
    (53, "M", 1931, "Crime|Film-Noir|Thriller"),
    (54, "12 Angry Men", 1957, "Drama"),
    (55, "It's a Wonderful Life", 1946, "Drama"),
    (56, "The Princess Bride", 1987, "Action|Adventure|Comedy|Romance"),
    (57, "Monty Python and the Holy Grail", 1974, "Comedy"),
    (58, "Groundhog Day", 1993, "Comedy|Romance"),
    (59, "Four Weddings and a Funeral", 1994, "Comedy|Romance"),
    (60, "\u202eRight to left & <b>bold</b> &amp; \u0000".replace("\u0000", ""), None, "<i>Genre</i>|Drama"),
]
BITING = (48, 49, 50, 52, 60)
VIEWERS = range(1, 41)
TASTES = ("Sci-Fi", "Crime", "Romance", "Animation", "Film-Noir", "War", "Comedy", "Horror")
LIST_LENGTH = 12
TODAY = datetime(2026, 1, 1, tzinfo=UTC)
GENRES = {movie_id: [genre for genre in genres.split("|") if genre] for movie_id, _, _, genres in MOVIES}


def taste_of(viewer: int) -> str:
    """Return the genre that a viewer likes most."""
    return TASTES[viewer % len(TASTES)]


def fill(conn: Connection) -> None:
    """Write the facts and publish version 1."""
    _write_facts(conn)
    publish(conn)
    conn.commit()


def publish(conn: Connection, ranker: str = "hybrid") -> int:
    """Write a version and make it live; return its id."""
    (training_id,) = conn.execute(
        "insert into ml.training (run_id, batch_id, seed) values (gen_random_uuid(), 1, 1) returning training_id"
    ).fetchone()
    (version_id,) = conn.execute(
        "insert into serving.version (run_id, training_id, ranker, list_length, status, published_at)"
        " values ('run', %s, %s, %s, 'published', now()) returning version_id",
        [training_id, ranker, LIST_LENGTH],
    ).fetchone()
    parameters = {"version_id": version_id, "relevant_from": 4.0, "liked_weight": 0.5, "shelf_length": 60}
    conn.execute("set local search_path to core")
    for table in FILLED:
        run_sql(conn, f"serving/fill_{table}", parameters)
    conn.execute("set local search_path to default")
    conn.execute(SIMILAR, parameters)
    run_sql(conn, "serving/fill_item_weight", parameters)
    conn.execute(FALLBACK, parameters)
    for viewer in VIEWERS:
        conn.execute(LISTS, {**parameters, "viewer": viewer, "taste": taste_of(viewer), "length": LIST_LENGTH})
    conn.execute(
        "insert into serving.live (version_id) values (%(version_id)s)"
        " on conflict (only_row) do update set version_id = excluded.version_id, since = now(),"
        " delta_id = null, delta_since = null",
        parameters,
    )
    return int(version_id)


def _write_facts(conn: Connection) -> None:
    with conn.cursor() as cursor:
        cursor.executemany(
            "insert into core.movies (movie_id, title, release_year) values (%s, %s, %s)", [row[:3] for row in MOVIES]
        )
        cursor.executemany(
            "insert into core.movie_genre values (%s, %s)",
            [(movie_id, genre) for movie_id, genres in GENRES.items() for genre in genres],
        )
        cursor.executemany(
            "insert into core.person values (%s, %s)", [("p1", "<u>O'Nobody & Sons</u>"), ("p2", "Ann Other")]
        )
        cursor.executemany(
            "insert into core.movie_person values (%s, %s, %s, %s)",
            [(12, "p1", "director", 1), (12, "p2", "actor", 1), (12, "p1", "actor", 2)],
        )
        cursor.executemany(
            "insert into core.users (user_id, age, gender) values (%s, %s, %s)",
            [(viewer, 18 + viewer, "FM"[viewer % 2]) for viewer in VIEWERS],
        )
        cursor.executemany("insert into core.ratings values (%s, %s, %s, %s)", list(_ratings()))


def _ratings() -> list[tuple[int, int, float, datetime]]:
    """Return ratings: of what has been seen, four stars or more for what is to the viewer's taste."""
    rows = []
    for viewer in VIEWERS:
        for movie_id, genres in GENRES.items():
            if (viewer * 7 + movie_id * 13) % 5 != 0 or movie_id in BITING:
                continue
            stars = 4.5 if taste_of(viewer) in genres else 3.0
            rows.append((viewer, movie_id, stars, TODAY - timedelta(days=(viewer * movie_id) % 400)))
    return rows


SIMILAR = """
    insert into serving.similar_movie (version_id, movie_id, rank, similar_movie_id, title, release_year, score)
    select version_id, movie_id, rank, similar_movie_id, title, release_year, score
    from (
        select one.version_id, one.movie_id, other.movie_id as similar_movie_id, other.title, other.release_year,
            shared.score,
            row_number() over (partition by one.movie_id order by shared.score desc, other.movie_id) as rank
        from serving.catalogue as one
        inner join serving.catalogue as other
            on one.version_id = other.version_id and one.movie_id <> other.movie_id
        cross join lateral (
            select count(*) / sqrt(greatest(cardinality(one.genres) * cardinality(other.genres), 1)) as score
            from unnest(one.genres) as genre where genre = any(other.genres)
        ) as shared
        where one.version_id = %(version_id)s
    ) as ranked
    where rank <= 20
"""
FALLBACK = """
    insert into serving.fallback (version_id, rank, movie_id, title, release_year, score, reason)
    select version_id, popularity_rank, movie_id, title, release_year, 100 - popularity_rank, 'Popular with everyone'
    from serving.catalogue
    where version_id = %(version_id)s and popularity_rank <= 30
"""
LISTS = """
    insert into serving.recommendation
        (version_id, user_id, rank, movie_id, title, release_year, score, because_movie_id, reason)
    select version_id, %(viewer)s, row_number() over (order by is_taste desc, popularity_rank), movie_id, title,
        release_year, 100 - popularity_rank, because_movie_id,
        coalesce('Because you liked ' || because_title, 'Popular with everyone')
    from (
        select catalogue.*, %(taste)s = any(catalogue.genres) as is_taste, because.movie_id as because_movie_id,
            because.title as because_title
        from serving.catalogue
        left join lateral (
            select liked.movie_id, liked_movie.title
            from core.ratings as liked
            inner join serving.catalogue as liked_movie
                on liked_movie.version_id = %(version_id)s and liked.movie_id = liked_movie.movie_id
            where liked.user_id = %(viewer)s and liked.rating >= 4 and liked_movie.genres && catalogue.genres
            order by liked.movie_id
            limit 1
        ) as because on true
        where catalogue.version_id = %(version_id)s
            and not exists (
                select 1 from core.ratings
                where ratings.user_id = %(viewer)s and ratings.movie_id = catalogue.movie_id
            )
        order by is_taste desc, popularity_rank
        limit %(length)s
    ) as chosen
"""
