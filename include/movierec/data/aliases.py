"""What columns are called elsewhere: by MovieLens, by RecBole's atomic files, in plain words.

One table serves the sources of a night and the files that `movierec evaluate` reads.
"""

import re

# One meaning to a row; of several columns that mean the same, a source's first in this order counts.
SYNONYMS = (
    ("user_id", "userId", "user", "uid", "viewer_id"),
    ("movie_id", "movieId", "item_id", "movie", "item", "iid", "film_id"),
    ("rating", "ratings", "stars"),
    ("rated_at", "timestamp", "time", "datetime", "date"),
    ("title", "movie_title", "name"),
    ("release_year", "year"),
    ("release_date", "released"),
    ("runtime_minutes", "runtime"),
    ("genres", "class", "genre"),
    ("countries", "country"),
    ("director", "directors"),
    ("actors", "cast", "actor"),
    ("writers", "writer"),
    ("plot", "overview", "description"),
    ("gender", "sex"),
    ("zip_code", "zip", "postcode"),
)

# Names that are not understood, because they mean something else elsewhere, and yet may be what somebody means.
UNCERTAIN_NAMES = {
    "user_id": (
        *("customer", "reviewer", "member", "account", "person", "rater", "nutzer", "benutzer", "utente", "usuario"),
        *("usuário", "utilisateur", "gebruiker", "użytkownik", "kullanıcı", "пользователь", "用户", "ユーザー"),
    ),
    "movie_id": (
        *("show", "anime", "book", "product", "business", "asin", "isbn", "artist", "track", "song", "title_"),
        *("filme", "filmnummer", "película"),
        *("pelicula", "фильм", "电影", "映画"),
    ),
    "rating": (
        *("user_rating", "score", "overall", "grade", "value", "vote", "bewertung", "wertung", "nota", "note"),
        *("voto", "puntuación"),
        *("beoordeling", "ocena", "puan", "оценка", "评分", "評価"),
    ),
    "rated_at": (
        *("ts", "when", "created_at", "date_added", "review_date", "review_time", "rating_time", "rating_date"),
        *("ratingtimestamp", "rating_timestamp", "rated", "unixreviewtime", "event_time", "watched_at"),
        *("horodatage", "zeit", "datum", "data", "fecha", "tijd", "tarih"),
        *("дата", "时间", "日時"),
    ),
    "title": ("titel", "titre", "título", "titolo", "название", "标题", "タイトル"),
}


def aliases_of(column: str) -> tuple[str, ...]:
    """Return the other names of a column, the most usual first."""
    return next((tuple(word for word in row if word != column) for row in SYNONYMS if column in row), ())


def normalise_name(name: str) -> str:
    """Return `userid` for user_id, userId, "User ID" and RecBole's user_id:token."""
    return re.sub(r"[^a-z0-9]", "", re.sub(r":(token|float)(_seq)?$", "", name.strip().lower()))


def is_name_of(column: str, name: str) -> bool:
    """Tell whether a name in a header stands for a column."""
    return normalise_name(name) in map(normalise_name, (column, *aliases_of(column)))
