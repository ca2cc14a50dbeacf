"""A small world that changes every day, at random: rating files, links, tags, and an application's database."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from movierec.db import Connection, connect
from movierec.ingestion.core import TABLES
from tests.faults.datasets import Rows, write_csv

START = datetime(2010, 1, 1, tzinfo=UTC)
USERS, MOVIES, DAYS = 8, 14, 12
APP_TABLES = (
    "create table ratings (user_id bigint, movie_id bigint, rating numeric, rated_at timestamptz, "
    "updated_at timestamptz default clock_timestamp(), primary key (user_id, movie_id))",
    "create table movies (movie_id bigint primary key, title text, genres text)",
)
_FACTS = "select coalesce(string_agg(fact::text, '|' order by fact::text), '') from {}.{} as fact"


def facts(conn: Connection, schema: str = "core") -> dict[str, str]:
    """Return every row of every table of a schema."""
    found = {}
    for table in TABLES:
        (found[table],) = conn.execute(_FACTS.format(schema, table)).fetchone()
    conn.commit()
    return found


@dataclass
class World:
    """Its state, and how it may change.

    Attributes:
        dice: the only source of chance.
        folder: where the rating files lie.
        app: the application's database.
    """

    dice: random.Random
    folder: Path
    app: str
    ratings: dict[str, list[tuple[str, ...]]] = field(default_factory=lambda: {"": []})
    movies: dict[int, tuple[str, ...]] = field(default_factory=dict)
    links: dict[int, tuple[str, ...]] = field(default_factory=dict)
    tags: list[tuple[str, ...]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin with some movies and ratings."""
        with connect(self.app) as conn:
            for statement in APP_TABLES:
                conn.execute(statement)
        for movie in range(1, MOVIES - 3):
            self.movies[movie] = self._movie(movie)
        for _ in range(30):
            self.new_rating()
        self.write()

    def day(self) -> None:
        """Do a few things, and write the files anew."""
        for act in self.dice.choices(self.acts(), k=self.dice.randint(0, 5)):
            act()
        self.write()

    def acts(self) -> list[Callable[[], None]]:
        """Return everything that can happen."""
        return [
            *(self.new_rating, self.changed_rating, self.lost_rating, self.moved_rating, self.new_part, self.lost_part),
            *(self.new_movie, self.lost_movie, self.renamed_movie, self.new_link, self.lost_link),
            *(self.new_tag, self.lost_tag, self.app_rating, self.app_lost_rating, self.app_rerated),
            *(self.app_event, self.app_lost_event, self.app_changed_event),
            *(self.app_profile, self.app_lost_profile, self.app_movie, self.app_lost_movie),
        ]

    def write(self) -> None:
        """Write the files of the dataset."""
        for old in self.folder.glob("ratings*.csv"):
            old.unlink()
        movies = [self.movies[movie] for movie in sorted(self.movies)]
        for part, ratings in self.ratings.items():
            rows = Rows(ratings=ratings, movies=movies, tags=self.tags, links=list(self.links.values()))
            write_csv(self.folder, rows)
            (self.folder / "ratings.csv").rename(self.folder / f"ratings{part}.csv")

    def moment(self) -> datetime:
        """Return some hour of the days in question: hours make ties likely."""
        return START + timedelta(hours=self.dice.randrange(DAYS * 24))

    def new_rating(self) -> None:
        self._part().append(self._rating())

    def changed_rating(self) -> None:
        part = self._part()
        if part:
            place = self.dice.randrange(len(part))
            user, movie, _, rated_at = part[place]
            part[place] = (user, movie, str(self.dice.randint(1, 5)), rated_at)

    def lost_rating(self) -> None:
        part = self._part()
        if part:
            part.pop(self.dice.randrange(len(part)))

    def moved_rating(self) -> None:
        part = self._part()
        if part:
            self._part().append(part.pop(0))

    def new_part(self) -> None:
        self.ratings[f"-{self.dice.randint(1, 3)}"] = [self._rating() for _ in range(3)]

    def lost_part(self) -> None:
        if len(self.ratings) > 1:
            self.ratings.pop(self.dice.choice([part for part in self.ratings if part]))

    def new_movie(self) -> None:
        movie = self.dice.randint(1, MOVIES)
        self.movies[movie] = self._movie(movie)

    def lost_movie(self) -> None:
        if len(self.movies) > 3:
            self.movies.pop(self.dice.choice(list(self.movies)))

    def renamed_movie(self) -> None:
        self.new_movie()

    def new_link(self) -> None:
        movie = self.dice.randint(1, MOVIES)
        imdb = self.dice.choice(["", f"{self.dice.randint(1, 5):07}"])
        self.links[movie] = (str(movie), imdb, self.dice.choice(["", str(self.dice.randint(1, 5))]))

    def lost_link(self) -> None:
        if self.links:
            self.links.pop(self.dice.choice(list(self.links)))

    def new_tag(self) -> None:
        user, movie, _, tagged_at = self._rating()
        self.tags.append((user, movie, self.dice.choice(["dark", "Dark", "fun"]), tagged_at))

    def lost_tag(self) -> None:
        if self.tags:
            self.tags.pop(0)

    def app_rating(self) -> None:
        self._ask(
            "insert into ratings values (%s, %s, %s, %s) on conflict (user_id, movie_id) do update set "
            "rating = excluded.rating, rated_at = excluded.rated_at, updated_at = clock_timestamp()",
            *(self._user(), self._movie_id(), self.dice.randint(1, 5), self.moment()),
        )

    def app_rerated(self) -> None:
        self._ask(
            "update ratings set rating = %s, updated_at = clock_timestamp() where user_id = %s",
            *(self.dice.randint(1, 5), self._user()),
        )

    def app_lost_rating(self) -> None:
        self._ask("delete from ratings where user_id = %s", self._user())

    def app_event(self) -> None:
        self._ask(
            "insert into feedback_event (user_id, movie_id, kind, value, created_at) values (%s, %s, %s, %s, %s)",
            *(self._user(), self._movie_id(), self.dice.choice(["rating", "rating", "view"])),
            *(self.dice.randint(1, 5), self.moment()),
        )

    def app_changed_event(self) -> None:
        self._ask(
            "update feedback_event set movie_id = %s, kind = %s, value = %s where user_id = %s",
            *(self._movie_id(), self.dice.choice(["rating", "view"]), self.dice.randint(1, 5), self._user()),
        )

    def app_lost_event(self) -> None:
        self._ask("delete from feedback_event where user_id = %s", self._user())

    def app_profile(self) -> None:
        user = self._user()
        self._ask("delete from user_profile where user_id = %s", str(user))
        self._ask("insert into user_profile values (%s, %s, 'F', 'x', '1')", str(user), str(self.dice.randint(10, 90)))

    def app_lost_profile(self) -> None:
        self._ask("delete from user_profile where user_id = %s", str(self._user()))

    def app_movie(self) -> None:
        movie = self._movie_id()
        self._ask("delete from movies where movie_id = %s", movie)
        self._ask("insert into movies values (%s, %s, 'Drama')", movie, f"App film {movie} (1999)")

    def app_lost_movie(self) -> None:
        self._ask("delete from movies where movie_id = %s", self._movie_id())

    def _ask(self, statement: str, *values: object) -> None:
        with connect(self.app) as conn:
            conn.execute(statement, values)

    def _part(self) -> list[tuple[str, ...]]:
        return self.ratings[self.dice.choice(list(self.ratings))]

    def _rating(self) -> tuple[str, ...]:
        return (
            *(str(self._user()), str(self._movie_id()), str(self.dice.randint(1, 5))),
            str(int(self.moment().timestamp())),
        )

    def _movie(self, movie: int) -> tuple[str, ...]:
        return (str(movie), f"Film {movie} ({1990 + self.dice.randint(1, 3)})", self.dice.choice(["War", "Drama"]))

    def _movie_id(self) -> int:
        return self.dice.randint(1, MOVIES)

    def _user(self) -> int:
        return self.dice.randint(1, USERS)
