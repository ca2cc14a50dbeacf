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
    (viewer_facts,) = fetch(conn, "report/why_viewer", {"user_id": viewer})
    origin = fetch(conn, "report/version_lineage", {"version_id": viewer_facts["version_id"]})
    conn.commit()
    sentences = [*_about_viewer(viewer_facts), *_about_version(viewer_facts, origin)]
    if movie is not None:
        (pair,) = fetch(conn, "report/why_movie", {"user_id": viewer, "movie_id": movie})
        conn.commit()
        sentences += [*_about_catalogue(pair), *_about_place(viewer_facts, pair), *_about_stopped_version(pair)]
        if origin and pair["title"]:
            sentences += _about_rankers(settings, origin[0], viewer, pair)
    return sentences + [sentence for row in origin for sentence in _made_of(row)]


def _about_viewer(viewer_facts: Facts) -> Iterator[str]:
    viewer = viewer_facts["user_id"]
    if viewer_facts["is_known"] or viewer_facts["events"]:
        last = f", the last of {_day(viewer_facts['last_rated_at'])}" if viewer_facts["ratings"] else ""
        history = f"{_count(viewer_facts['ratings'], 'rating')}{last}; {_count(viewer_facts['events'], 'event')}"
        yield f"Viewer {viewer} is known: {history}."
    else:
        yield f"Viewer {viewer} is not known: no source has a rating, an event or a profile of this id."
    if viewer_facts["quarantined"]:
        rules = ", ".join(viewer_facts["quarantine_rules"])
        yield f"{_count(viewer_facts['quarantined'], 'row')} of this viewer in quarantine, by the rules {rules}."


def _about_version(viewer_facts: Facts, origin: list[Facts]) -> Iterator[str]:
    if not origin:
        yield "No version is live yet; movierec_publish makes the first one."
        return
    version = f"Version {viewer_facts['version_id']} is live, published {_moment(origin[0]['published_at'])}"
    if viewer_facts["listed"]:
        source = (
            f"delta {viewer_facts['delta_id']}, made after the viewer's feedback," if viewer_facts["delta_id"] else "it"
        )
        movies = f"{viewer_facts['listed']} movies for the viewer, and {viewer_facts['following']} more"
        yield f"{version}; {source} has a list of {movies}."
    elif viewer_facts["ratings"] or viewer_facts["events"] or viewer_facts["has_group"]:
        yield f"{version}; it has no list for the viewer, who was not known when its batch was made: the fallback list."
    else:
        yield f"{version}; without a rating, an event, an age or a gender a viewer has no list: the fallback list."


def _about_catalogue(pair: Facts) -> Iterator[str]:
    if pair["movie_id"] != pair["asked_id"]:
        yield f"Movie {pair['asked_id']} is movie {pair['movie_id']} here: links lead to the same movie."
    if pair["title"]:
        year = f" ({pair['release_year']})" if pair["release_year"] else ""
        yield f"Movie {pair['movie_id']} is {pair['title']}{year}, which is in the catalogue."
    elif pair["quarantine_reasons"]:
        yield f"Movie {pair['movie_id']} is not in the catalogue: rejected, {'; '.join(pair['quarantine_reasons'])}."
    else:
        yield f"Movie {pair['movie_id']} is not in the catalogue: no source lists it."
    if pair["title"] and not pair["is_in_version"]:
        yield "It came into the catalogue after the live version was made."
    if pair["rejected_row_reasons"]:
        yield f"What the viewer said of it is in quarantine: {'; '.join(pair['rejected_row_reasons'])}."


def _about_place(viewer_facts: Facts, pair: Facts) -> Iterator[str]:
    """Say where the movie is, and what takes it out."""
    if pair["rank"] is not None:
        since = f"; each version since {pair['since_version']} has listed it" if pair["since_version"] else ""
        yield f"It is number {pair['rank']} of {viewer_facts['listed']} in the list: {pair['reason']}{since}."
    elif pair["following_place"] is not None:
        place = viewer_facts["listed"] + pair["following_place"]
        yield f"It is not in the list of {viewer_facts['listed']}, but follows it at place {place}."
    elif viewer_facts["listed"] and pair["title"]:
        yield f"It is neither in the list nor among the {viewer_facts['following']} movies that follow it."
    if pair["rank"] is None and pair["last_listed_version"]:
        yield f"Version {pair['last_listed_version']} was the last to list it."
    if pair["rating"] is not None:
        when = _day(pair["rated_at"])
        yield f"The viewer rated it {pair['rating']:g} on {when}: what is rated is recommended no more."
    elif pair["is_answered"]:
        kinds = ", ".join(pair["event_kinds"])
        yield f"The viewer has answered to it ({kinds}): it is left out wherever movies are recommended."
    elif pair["event_kinds"]:
        yield f"The viewer's events with it are {', '.join(pair['event_kinds'])}, none of a kind that is learned from."
    if pair["placements"]:
        yield f"An engineer has placed it: {', '.join(pair['placements'])}."


def _about_stopped_version(pair: Facts) -> Iterator[str]:
    if pair["rejected_version"] is None:
        return
    failed = describe_failures(pair["rejected_checks"])
    place = f"at rank {pair['rejected_rank']}" if pair["rejected_rank"] else "not"
    yield (
        f"Version {pair['rejected_version']} is newer and lists it {place}, but its audit stopped it: "
        f"{failed or 'what failed was not kept'}."
    )


def _about_rankers(settings: Settings, origin: Facts, viewer: int, pair: Facts) -> Iterator[str]:
    if pair["rating"] is not None:  # models leave out what was seen
        return
    try:
        ranks = movie_ranks(UPath(settings.artifacts) / origin["model"], viewer, pair["movie_id"])
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
    hyper = ", ".join(f"{name}={value}" for name, value in (row["parameters"] or {}).items())
    said = hyper or "its hyper-parameters were not kept"
    yield f"Version {row['version_id']} is made by {row['ranker']} ({said}); its model is {row['model']}."
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
