"""Why files of a dataset are not read, in words: for the remarks of a night, and for refusing a dataset."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from movierec.sources.contract import Contract
from movierec.sources.layouts import genome, netflix
from movierec.sources.recognition import (
    SPLIT_SUFFIXES,
    describe_header,
    is_named_like,
    looks_like_ratings,
    why_unread,
)
from movierec.sources.text.archive import MAX_DEPTH, links_out, special_files, too_deep
from movierec.sources.text.delimited import first_lines
from movierec.sources.text.file import File

MANY_FILES = 20  # that are not read for the same reason: named one by one up to here
PROSE = "not a table that a rating dataset has"
EMPTY = "empty"
DEEP = f"lies deeper than {MAX_DEPTH - 1} folders below the dataset's own"
SPLIT = "a ready-made split of the ratings, which stand in other files"
ASIDE = "by its name a backup or an unfinished download; rename it if it is meant"
ASIDE_SUFFIXES = (".bak", ".old", ".orig", ".tmp", ".swp", ".part", ".partial", ".crdownload", ".download")
NETFLIX = (
    "written as the Netflix Prize is, where a line of its own names the movie of those below, which is not read beside "
    "other ratings"
)
NETFLIX_LIST = "a list of the Netflix Prize's, without ratings"
IMDB = "one of IMDb's datasets, which are read from a folder of their own: MOVIEREC_IMDB names it"


def why_not_read(file: File) -> str:
    """Return what a file is that holds no table."""
    path = PurePosixPath(file.name)
    if path.suffix in SPLIT_SUFFIXES:
        return SPLIT
    if is_aside(file):
        return ASIDE
    return why_unread(file) or (genome.NEEDED if path.name.startswith("genome-") else _layout_elsewhere(file))


def _layout_elsewhere(file: File) -> str:
    """Return what a text is, as its first line tells."""
    first = next(iter(first_lines(file, 1)), b"")
    if netflix.is_list(file):
        return NETFLIX if netflix.has_ratings(file) else NETFLIX_LIST
    if not first:
        return EMPTY
    return IMDB if first.startswith((b"tconst\t", b"nconst\t")) else PROSE


def is_aside(file: File) -> bool:
    """Tell by its name whether a file is what a program leaves beside another one."""
    return file.name.endswith("~") or file.name.lower().endswith(ASIDE_SUFFIXES)


def sentences_of_reasons(reasons: Mapping[File, str]) -> Iterator[str]:
    """Yield a sentence for every file that is not read, or for all of a reason that many share."""
    for reason, count in Counter(reasons.values()).items():
        names = [file.name for file, of in reasons.items() if of == reason]
        if count > MANY_FILES:
            yield f"{names[0]} and {count - 1:,} more are not read: each is {reason}"
        else:
            yield from (f"{name} is not read: it is {reason}" for name in names)


def unread_links(path: Path) -> dict[str, str]:
    """Return the links of a folder that are not followed, and what is no file, by name with the reason."""
    return dict.fromkeys(links_out(path), "a link out of the dataset's folder") | special_files(path)


def sentence_of_missing(
    path: Path, contract: Contract, all_files: Sequence[File], reasons: Mapping[File, str], used_files: Sequence[File]
) -> str:
    """Say which table is missing, and of each file why it is none; `used_files` are read as another table."""
    columns = ", ".join(column.name for column in contract.columns if column.required)
    seen = ", ".join(file.name for file in all_files[:20]) or "no file"
    message = f"{path}: no file has {contract.table} ({columns}); seen: {seen}; required are ratings and movies"
    clauses = [f"the folder {name} {DEEP}" for name in too_deep(path)[:1]]
    clauses += [f"{name} is {reason}" for name, reason in unread_links(path).items()]
    many = (SPLIT, NETFLIX)
    clauses += [f"{file.name} is {reason}" for file, reason in reasons.items() if reason not in (PROSE, *many)]
    clauses += [next((f"{file.name} is {of}" for file, of in reasons.items() if of == each), "") for each in many]
    clauses += [
        description
        for file, reason in reasons.items()
        if reason == PROSE and (description := describe_header(file, contract))
    ]
    clauses += [
        description
        for file in used_files
        if is_named_like(file, contract) and (description := describe_header(file, contract))
    ]
    clauses += [
        f"{file.name} has no columns that are separated by commas, semicolons, tabs or |"
        for file, reason in reasons.items()
        if reason == PROSE and looks_like_ratings(file) and not describe_header(file, contract)
    ]
    return "; ".join((message, *[*filter(None, clauses)][:5]))
