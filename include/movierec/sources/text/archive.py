"""The files of a dataset, in a folder, a zip or a tar, or on their own, packed or not: read where they are."""

import os
import posixpath
import stat
import tarfile
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING

from movierec.errors import SourceError
from movierec.scratch import naming_the_folder
from movierec.sources.text import formats
from movierec.sources.text.file import File, Opener, buffered
from movierec.sources.text.lines import BLOCK_BYTES
from movierec.sources.text.read_errors import plain_read_errors

if TYPE_CHECKING:
    from tempfile import _TemporaryFileWrapper

MAX_FILES = 100_000  # the Netflix Prize has 17,770
SPREADSHEETS = (".xlsx", ".xlsm", ".xlsb", ".ods", ".numbers")
SPREADSHEET = "a spreadsheet, which is not read; save each of its sheets as CSV (UTF-8) and put that in its place"
_HIDDEN = ("desktop.ini", "Thumbs.db", "_SUCCESS", "_metadata", "_common_metadata")
MAX_LINK_BYTES = 4_096  # as long as a path may be
MAX_DEPTH = 3  # a dataset's folder, its folders and theirs


def files(path: Path) -> list[File]:
    """List what a folder, a zip or a tar holds, by name; a file on its own is a list of one.

    Raises:
        SourceError: the path does not exist, cannot be read, is a device, or is a corrupt zip.
    """
    if path.exists() and not path.is_dir() and not path.is_file():
        raise SourceError(f"{path} is a device, a pipe or a socket; allowed is a folder, a zip or a file")
    with plain_read_errors(f"{path} cannot be read"):
        if path.is_dir():
            walked = [file for file in _walk(path, MAX_DEPTH) if not leads_out(file, path)]
            listed = [_on_disk(file, _name(file, path)) for file in walked]
        elif path.exists() and _looks_like_zip(path):
            listed = _files_of_zip(path)
        elif path.exists() and _is_tar(path):
            listed = _files_of_tar(path)
        else:
            listed = [_on_disk(path, _name(path, path.parent))] if path.exists() else []
    if not listed and not path.exists():
        raise SourceError(f"{path} does not exist; allowed is a folder, a zip or a file")
    if len(listed) > MAX_FILES:
        raise SourceError(f"{path} holds more than {MAX_FILES:,} files; that is no dataset")
    return sorted(_without_top_folder(_without_packers(listed)), key=lambda file: file.name)


def single_file(path: Path) -> File:
    """Return the one file at a path: itself, or the only one in a zip.

    Raises:
        SourceError: there is none or more than one, or it is a folder.
    """
    if path.is_dir():
        raise SourceError(f"{path} is a folder; allowed is a file, or a zip of one")
    listed = files(path)
    if len(listed) != 1:
        raise SourceError(f"{path} holds {len(listed)} files; allowed is a file, or a zip of one")
    return listed[0]


def links_out(folder: Path) -> list[str]:
    """Return which files of a folder are not read because a link leads to them from outside of it, by name."""
    if not folder.is_dir():
        return []
    return sorted(_name(file, folder) for file in _walk(folder, MAX_DEPTH) if leads_out(file, folder))


def special_files(folder: Path) -> dict[str, str]:
    """Return what is neither a file nor a folder, by name and what it is: links to nothing or in a circle, pipes."""
    reasons = _special_files(folder, MAX_DEPTH) if folder.is_dir() else {}
    return {_name(path, folder): reason for path, reason in sorted(reasons.items())}


def _special_files(folder: Path, depth: int) -> dict[Path, str]:
    reasons: dict[Path, str] = {}
    for path in folder.iterdir():
        if _is_hidden(path.name):
            continue
        if path.is_symlink() and not path.exists():
            reasons[path] = "a link that leads nowhere"
        elif path.is_symlink() and _is_circle(path):
            reasons[path] = "a link to a folder that it lies in"
        elif path.is_dir() and depth > 1:
            reasons |= _special_files(path, depth - 1)
        elif not path.is_dir() and not path.is_file():
            reasons[path] = "a device, a pipe or a socket"
    return reasons


def _is_circle(path: Path) -> bool:
    return path.resolve() in [parent.resolve() for parent in path.parents]


def _name(path: Path, folder: Path) -> str:
    """Return a file's name in a folder; bytes of it that are not UTF-8 are spelt out."""
    return os.fsencode(path.relative_to(folder).as_posix()).decode("utf-8", "backslashreplace")


def too_deep(folder: Path) -> list[str]:
    """Return the folders that are not looked into because they lie too deep, by name."""
    if not folder.is_dir():
        return []
    return sorted(_name(path, folder) for path in _folders(folder, MAX_DEPTH))


def _folders(folder: Path, depth: int) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.is_dir() and not _is_hidden(path.name) and not (path.is_symlink() and _is_circle(path)):
            yield from _folders(path, depth - 1) if depth > 1 else [path]


def leads_out(path: Path, folder: Path) -> bool:
    """Tell whether a path in a folder leads, by a link on its way, to a file outside of that folder."""
    return not path.resolve().is_relative_to(folder.resolve())


def _walk(folder: Path, depth: int) -> Iterator[Path]:
    for path in folder.iterdir():
        if _is_hidden(path.name):
            continue
        if path.is_file():
            yield path
        elif path.is_dir() and depth > 1 and not (path.is_symlink() and _is_circle(path)):
            yield from _walk(path, depth - 1)


def _on_disk(path: Path, name: str) -> File:
    where = os.fsencode(path).decode("utf-8", "backslashreplace")
    return File(name, where, lambda: path.open("rb"), path)


def _files_of_zip(path: Path) -> list[File]:
    archive = zipfile.ZipFile(path)  # open for as long as its files are: to list it for each of them takes too long
    inside = {entry.filename: entry for entry in archive.infolist() if not entry.is_dir()}
    links = {name: os.fsdecode(archive.read(entry)) for name, entry in inside.items() if _is_link(entry)}
    names = [name for name in inside if not any(map(_is_hidden, PurePosixPath(name).parts))]

    def opener(name: str) -> Opener:
        target = _followed(name, links)
        is_file = target in inside and target not in links
        return lambda: archive.open(target) if is_file else _dead_link(links[name])

    return [File(name, f"{path}: {name}", opener(name), path, is_inside=True) for name in names]


def _is_link(entry: zipfile.ZipInfo) -> bool:
    """Tell whether an entry of a zip is a symbolic link, whose content is the name that it leads to."""
    return stat.S_ISLNK(entry.external_attr >> 16) and entry.file_size < MAX_LINK_BYTES


def _followed(name: str, links: Mapping[str, str]) -> str:
    """Return the name that a name in an archive leads to in the end, by links that are relative to where they lie."""
    for _ in links:
        if name not in links:
            break
        name = posixpath.normpath(posixpath.join(posixpath.dirname(name), links[name]))
    return name


def _dead_link(target: str) -> AbstractContextManager[IO[bytes]]:
    raise OSError(f"it is a link to {target}, which is no file of the archive")


def _looks_like_zip(path: Path) -> bool:
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
        if {"xl/workbook.xml", "xl/workbook.bin", "mimetype", "Index/Document.iwa"} & set(names):
            raise SourceError(f"{path} is {SPREADSHEET}")
        return True
    with path.open("rb") as file:
        if file.read(4) == b"PK\x03\x04":
            raise SourceError(f"{path} is a damaged zip: its end is missing")
    return False


def _is_tar(path: Path) -> bool:
    with _on_disk(path, path.name).open_stored() as stored:
        return formats.is_tar(stored.head)


def _files_of_tar(path: Path) -> list[File]:
    stored = _unpack(path) if _is_packed(path) else None
    with tarfile.open(stored.name if stored else path, mode="r:") as archive:
        entries = {posixpath.normpath(entry.name): entry for entry in archive}  # of one name the last counts
    inside = {name: entry for name, entry in entries.items() if entry.isfile()}
    # a second name of a file says which is the first, from the top of the archive; a link is relative to where it lies
    links = {name: entry.linkname for name, entry in entries.items() if entry.issym()}
    links |= {
        name: posixpath.relpath(entry.linkname, posixpath.dirname(name))
        for name, entry in entries.items()
        if entry.islnk()
    }

    def opener(name: str) -> Opener:
        entry = inside.get(_followed(name, links))

        @contextmanager
        def open_entry() -> Iterator[IO[bytes]]:
            with tarfile.open(stored.name if stored else path, mode="r:") as archive:
                if file := archive.extractfile(entry) if entry else None:
                    yield buffered(file)

        return open_entry if entry else lambda: _dead_link(links[name])

    return [
        File(name, f"{path}: {name}", opener(name), path, is_inside=True)
        for name in (*inside, *links)
        if not any(map(_is_hidden, PurePosixPath(name).parts))
    ]


def _is_packed(path: Path) -> bool:
    with path.open("rb") as file:
        return formats.is_packed(file.read(formats.HEAD_BYTES))


def _unpack(path: Path) -> "_TemporaryFileWrapper[bytes]":
    """Return an unpacked copy, which is there for as long as it is used: each entry is then found at its place."""
    file = tempfile.NamedTemporaryFile(prefix="movierec-tar-")  # noqa: SIM115 - see above
    try:
        with naming_the_folder(), _on_disk(path, path.name).open_stored() as stored:
            while data := stored.stream.read(BLOCK_BYTES):
                file.write(data)
            file.flush()
    except BaseException:
        with suppress(OSError):  # what has no room has none now either
            file.close()
        raise
    return file


def _without_packers(listed: list[File]) -> list[File]:
    """Give packed files the names that they have unpacked, unless two would then share a name."""
    plain = {file: _without_gz(file.name) for file in listed}
    files_by_name = Counter(plain.values())
    return [replace(file, name=name) if files_by_name[name] == 1 else file for file, name in plain.items()]


def _without_top_folder(listed: list[File]) -> list[File]:
    """Drop the one folder that everything lies in: a dataset is the same with and without it."""
    tops = {PurePosixPath(file.name).parts[0] for file in listed}
    if len(tops) != 1 or any(len(PurePosixPath(file.name).parts) == 1 for file in listed):
        return listed
    return _without_top_folder([replace(file, name=file.name.partition("/")[2]) for file in listed])


def _without_gz(name: str) -> str:
    return next((name.removesuffix(suffix) for suffix in formats.PACKED_SUFFIXES if name.endswith(suffix)), name)


def _is_hidden(name: str) -> bool:
    """Tell whether a file or folder is one that Unix, macOS, Windows, Office or Hadoop hide."""
    return name in _HIDDEN or (name != ".." and name.startswith((".", "__MACOSX", "~$")))
