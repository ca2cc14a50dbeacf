"""Small datasets in the layout of RecBole's ml-100k: a hand-written one and a generated one."""

from pathlib import Path

import numpy as np

HEADERS = {
    "inter": "user_id:token\titem_id:token\trating:float\ttimestamp:float",
    "item": "item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq",
    "user": "user_id:token\tage:token\tgender:token\toccupation:token\tzip_code:token",
    "link": "item_id:token\tentity_id:token",
    "kg": "head_id:token\trelation_id:token\ttail_id:token",
}
FILES = {
    "item": [
        "1\tToy Story\t1995\tAnimation Children's Comedy",
        "2\tUsual Suspects, The\t1995\tCrime Thriller",
        "3\tunknown\tunkonwn\tunknown",
    ],
    "inter": ["10\t1\t5\t881250949", "10\t2\t3\t881250950", "11\t1\t4\t881250951"],
    "user": ["10\t24\tM\ttechnician\t85711", "11\t53\tF\tother\t94043"],
    "link": ["1\tm.toys", "2\tm.suspects"],
    "kg": [
        "m.toys\tfilm.film.directed_by\tm.lasseter",
        "m.toys\tfilm.film.actor\tm.hanks",
        "m.suspects\tfilm.film.written_by\tm.mcquarrie",
        "m.suspects\tfilm.film.country\tm.usa",
        "m.lasseter\tfilm.director.film\tm.toys",
    ],
}
GENRES = ("Action", "Comedy", "Drama", "Horror")
FIRST_SECOND = 880_000_000


def write(folder: Path, **changes: list[str]) -> Path:
    """Write the small dataset, with the lines of some files changed."""
    folder.mkdir(parents=True, exist_ok=True)
    for suffix, lines in {**FILES, **changes}.items():
        text = "\n".join([HEADERS[suffix], *lines]) + "\n"
        (folder / f"tiny.{suffix}").write_text(text, encoding="utf-8")
    return folder


def generate(folder: Path, users: int = 60, movies: int = 90, each: int = 25, seed: int = 1) -> Path:
    """Write a dataset in which every viewer likes one of four genres, so that there is something to learn."""
    rng = np.random.default_rng(seed)
    genre = np.arange(movies) % len(GENRES)
    ratings = []
    for user in range(1, users + 1):
        taste = np.where(genre == user % len(GENRES), 6.0, 1.0) / np.sqrt(1 + np.arange(movies) / 10)
        seen = rng.choice(movies, size=each, replace=False, p=taste / taste.sum())
        for order, movie in enumerate(seen):
            stars = int(np.clip(rng.normal(4.5 if genre[movie] == user % len(GENRES) else 2.5, 0.7), 1, 5))
            ratings.append(f"{user}\t{movie + 1}\t{stars}\t{FIRST_SECOND + user * 1000 + order}")
    return write(
        folder,
        inter=ratings,
        item=[
            f"{movie + 1}\tMovie {movie + 1}\t{1980 + movie % 20}\t{GENRES[genre[movie]]}" for movie in range(movies)
        ],
        user=[f"{user}\t{18 + user % 50}\t{'MF'[user % 2]}\tother\t12345" for user in range(1, users + 1)],
        link=[f"{movie + 1}\tm.{movie + 1}" for movie in range(movies)],
        kg=[f"m.{movie + 1}\tfilm.film.directed_by\tm.director{movie % 12}" for movie in range(movies)],
    )
