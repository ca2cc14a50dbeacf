"""Why a viewer is shown a movie, or is not: the way from the sources to the page in plain sentences.

The facts are those of `ops.why_viewer()`, `ops.why_movie()` and the view `ops.version_lineage`; the ranks that rankers
give a movie come from the kept models.
"""

from collections.abc import Iterator
from typing import Any

from upath import UPath

from movierec.config import Settings
from movierec.db import Connection, fetch
from movierec.errors import ModelError
from movierec.publishing.movie_ranks import MovieRanks, movie_ranks
from movierec.publishing.versions import describe_failures

Facts = dict[str, Any]


def why(conn: Connection, settings: Settings, viewer: int, movie: int | None = None) -> list[str]:
    """Return sentences about a viewer and the live version; with a movie, why it is in the viewer's list or not."""
    (about,) = fetch(conn, "report/why_viewer", {"user_id": viewer})
    origin = fetch(conn, "report/version_lineage", {"version_id": about["version_id"]})
    conn.commit()
    sentences = [*_about_viewer(about), *_about_version(about, origin)]
    if movie is not None:
        (found,) = fetch(conn, "report/why_movie", {"user_id": viewer, "movie_id": movie})
        conn.commit()
        sentences += [*_about_catalogue(found), *_about_place(about, found), *_about_stopped_version(found)]
        if origin and found["title"]:
            sentences += _about_rankers(settings, origin[0], viewer, found)
    return sentences + [sentence for row in origin for sentence in _made_of(row)]


def _about_viewer(about: Facts) -> Iterator[str]:
    viewer = about["user_id"]
    if about["is_known"] or about["events"]:
        last = f", the last of {_day(about['last_rated_at'])}" if about["ratings"] else ""
        given = f"{_count(about['ratings'], 'rating')}{last}; {_count(about['events'], 'event')}"
        yield f"Viewer {viewer} is known: {given}."
    else:
        yield f"Viewer {viewer} is not known: no source has a rating, an event or a profile of this id."
    if about["quarantined"]:
        rules = ", ".join(about["quarantine_rules"])
        yield f"{_count(about['quarantined'], 'row')} of this viewer in quarantine, by the rules {rules}."


def _about_version(about: Facts, origin: list[Facts]) -> Iterator[str]:
    if not origin:
        yield "No version is live yet; movierec_publish makes the first one."
        return
    version = f"Version {about['version_id']} is live, published {_moment(origin[0]['published_at'])}"
    if about["listed"]:
        source = f"delta {about['delta_id']}, made after the viewer's feedback," if about["delta_id"] else "it"
        movies = f"{about['listed']} movies for the viewer, and {about['following']} more"
        yield f"{version}; {source} has a list of {movies}."
    elif about["ratings"] or about["events"] or about["has_group"]:
        yield f"{version}; it has no list for the viewer, who was not known when its batch was made: the fallback list."
    else:
        yield f"{version}; without a rating, an event, an age or a gender a viewer has no list: the fallback list."


def _about_catalogue(found: Facts) -> Iterator[str]:
    if found["movie_id"] != found["asked_id"]:
        yield f"Movie {found['asked_id']} is movie {found['movie_id']} here: links lead to the same movie."
    if found["title"]:
        year = f" ({found['release_year']})" if found["release_year"] else ""
        yield f"Movie {found['movie_id']} is {found['title']}{year}, which is in the catalogue."
    elif found["quarantine_reasons"]:
        yield f"Movie {found['movie_id']} is not in the catalogue: rejected, {'; '.join(found['quarantine_reasons'])}."
    else:
        yield f"Movie {found['movie_id']} is not in the catalogue: no source lists it."
    if found["title"] and not found["is_in_version"]:
        yield "It came into the catalogue after the live version was made."
    if found["rejected_row_reasons"]:
        yield f"What the viewer said of it is in quarantine: {'; '.join(found['rejected_row_reasons'])}."


def _about_place(about: Facts, found: Facts) -> Iterator[str]:
    """Say where the movie is, and what takes it out."""
    if found["rank"] is not None:
        since = f"; each version since {found['since_version']} has listed it" if found["since_version"] else ""
        yield f"It is number {found['rank']} of {about['listed']} in the list: {found['reason']}{since}."
    elif found["following_place"] is not None:
        place = about["listed"] + found["following_place"]
        yield f"It is not in the list of {about['listed']}, but follows it at place {place}."
    elif about["listed"] and found["title"]:
        yield f"It is neither in the list nor among the {about['following']} movies that follow it."
    if found["rank"] is None and found["last_listed_version"]:
        yield f"Version {found['last_listed_version']} was the last to list it."
    if found["rating"] is not None:
        when = _day(found["rated_at"])
        yield f"The viewer rated it {found['rating']:g} on {when}: what is rated is recommended no more."
    elif found["is_answered"]:
        kinds = ", ".join(found["event_kinds"])
        yield f"The viewer has answered to it ({kinds}): it is left out wherever movies are recommended."
    elif found["event_kinds"]:
        yield f"The viewer's events with it are {', '.join(found['event_kinds'])}, none of a kind that is learned from."
    if found["placements"]:
        yield f"An engineer has placed it: {', '.join(found['placements'])}."


def _about_stopped_version(found: Facts) -> Iterator[str]:
    if found["rejected_version"] is None:
        return
    failed = describe_failures(found["rejected_checks"])
    place = f"at rank {found['rejected_rank']}" if found["rejected_rank"] else "not"
    yield (
        f"Version {found['rejected_version']} is newer and lists it {place}, but its audit stopped it: "
        f"{failed or 'what failed was not kept'}."
    )


def _about_rankers(settings: Settings, origin: Facts, viewer: int, found: Facts) -> Iterator[str]:
    if found["rating"] is not None:  # models leave out what was seen
        return
    try:
        ranks = movie_ranks(UPath(settings.artifacts) / origin["model"], viewer, found["movie_id"])
    except ModelError as error:
        yield f"The models of version {origin['version_id']} cannot be asked: {error}."
        return
    yield from _ranks(origin["ranker"], ranks)


def _ranks(ranker: str, ranks: MovieRanks) -> Iterator[str]:
    if ranks.own is None:
        yield f"{ranker} does not rank it for the viewer: it was seen, or not known, when the model was fitted."
        return
    yield f"{ranker} puts it at place {ranks.own} of what the viewer has not seen."
    if ranks.base_rankers:
        others = ", ".join(f"{name} {rank or 'none'}" for name, rank in ranks.base_rankers.items())
        yield f"The rankers that it builds on put it at: {others}."
    if ranks.is_candidate is not None:
        yield "It is among the candidates." if ranks.is_candidate else "No base ranker proposes it as a candidate."


def _made_of(row: Facts) -> Iterator[str]:
    hyper = ", ".join(f"{name}={value}" for name, value in (row["parameters"] or {}).items()) or "not kept"
    yield f"Version {row['version_id']} is made by {row['ranker']} ({hyper}), kept in {row['model']}."
    yield (
        f"It learned from training {row['training_id']} with the snapshot {row['snapshot']}, which is batch "
        f"{row['batch_id']} as of {_moment(row['as_of'])}: {', '.join(row['sources'] or ['rows that were pruned'])}, "
        f"loaded by {_batches(row['batches'])}."
    )
    failed = f", warnings: {', '.join(row['failed_expectations'])}" if row["failed_expectations"] else ""
    yield f"{_count(row['checks'], 'expectation')} of that batch checked{failed}."
    codes = {row["batch_code_version"], row["training_code_version"], row["code_version"]}
    yield f"Code: {', then '.join(sorted(code or 'not kept' for code in codes))}."


def _batches(batches: list[int] | None) -> str:
    numbers = ", ".join(map(str, batches)) if batches else "unknown"
    return f"batches {numbers}" if len(batches or []) > 1 else f"batch {numbers}"


def _count(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _day(moment: Any) -> str:
    return f"{moment:%Y-%m-%d}"


def _moment(moment: Any) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else "an unknown moment"
