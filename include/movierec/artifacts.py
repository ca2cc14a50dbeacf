"""The artifact store: a folder by default, S3, GCS or Azure by its URL. Snapshots, features and models live here.

Tables are Parquet, arrays `.npz` without pickles; equal contents give equal bytes. A file that is missing or damaged is
a `ModelError`, since trying again cannot help; trouble on the way to it is not, and comes through as it is.
"""

import logging
import os
import re
import shutil
import time
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4
from zipfile import BadZipFile

import numpy as np
import pandas as pd
from scipy import sparse
from upath import UPath

from movierec.errors import ConfigError, DiskFullError, ModelError
from movierec.scratch import NO_ROOM

log = logging.getLogger(__name__)

# What a file system of these shows is whole: they take a file in one request.
OBJECT_STORES = ("s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl")

UNFINISHED = re.compile(r"\..+\.[0-9a-f]{32}")  # the name of a file that is being written
DEAD_AFTER_SECONDS = 3_600.0  # since an unfinished file was last written to: nobody writes one for so long

Arrays = dict[str, np.ndarray[Any, Any]]


def read_bytes(path: UPath) -> bytes:
    """Read a file whole, so that what fails afterwards is its contents and not the way to it.

    Raises:
        ModelError: the file is missing. Any other OSError is passed on: the next try may succeed.
    """
    try:
        return bytes(path.read_bytes())
    except FileNotFoundError as error:
        raise ModelError(f"{path} is missing; train again") from error


def save_frame(path: UPath, frame: pd.DataFrame) -> None:
    """Write a frame as Parquet."""
    buffer = BytesIO()
    frame.to_parquet(buffer, index=False, compression="zstd")
    write_bytes(path, buffer.getvalue())


def load_frame(path: UPath) -> pd.DataFrame:
    """Read a frame that `save_frame` wrote.

    Raises:
        ModelError: the file is missing or not Parquet.
    """
    data = read_bytes(path)
    try:
        return pd.read_parquet(BytesIO(data))
    except (OSError, ValueError) as error:  # from memory: Arrow calls some damage an OSError
        raise ModelError(f"{path} is not a readable table ({error}); train again") from error


def save_arrays(path: UPath, arrays: Arrays) -> None:
    """Write named arrays as one `.npz`."""
    buffer = BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    write_bytes(path, buffer.getvalue())


def load_arrays(path: UPath) -> Arrays:
    """Read what `save_arrays` wrote.

    Raises:
        ModelError: the file is missing, cut short or not of plain arrays.
    """
    data = read_bytes(path)
    try:
        with np.load(BytesIO(data), allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, BadZipFile) as error:
        raise ModelError(f"{path} does not hold readable arrays ({error}); train again") from error


def pack(matrix: sparse.csr_matrix) -> Arrays:
    """Take a sparse matrix apart into arrays that `unpack` puts together again."""
    shape = np.array(matrix.shape, np.int64)
    return {"data": matrix.data, "indices": matrix.indices, "indptr": matrix.indptr, "shape": shape}


def unpack(arrays: Arrays) -> sparse.csr_matrix:
    """Put a sparse matrix together again; a KeyError or ValueError says that these are not its parts."""
    parts = (arrays["data"], arrays["indices"], arrays["indptr"])
    return sparse.csr_matrix(parts, shape=tuple(arrays["shape"]))


def write_bytes(path: UPath, data: bytes) -> None:
    """Write a file; whoever reads it meanwhile, or after a failure, finds it as it was before, or whole.

    Raises:
        DiskFullError: there is no room for it; nothing of it is left.
        ConfigError: the object store has no such bucket.
    """
    try:
        if path.protocol in OBJECT_STORES:
            _write_object(path, data)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            _write_and_rename(path, data)
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        raise DiskFullError(
            f"no room for {path}: {len(data):,} bytes are needed, {_free_bytes(path)} are free"
        ) from error


def _write_object(path: UPath, data: bytes) -> None:
    """Write to a store that shows nothing of a file before it has all of it, and that knows no folders."""
    try:
        path.write_bytes(data)
    except FileNotFoundError as error:
        raise ConfigError(f"{path} cannot be written: {error}; create the bucket, or set MOVIEREC_ARTIFACTS") from error


def _write_and_rename(path: UPath, data: bytes) -> None:
    unfinished = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        with unfinished.open("wb") as file:
            file.write(data)
            if is_local(path):
                file.flush()
                os.fsync(file.fileno())
        if is_local(path):
            Path(unfinished.path).replace(path.path)
            _sync_folder(Path(path.path).parent)
        else:
            path.fs.mv(unfinished.path, path.path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def remove_unfinished(folder: UPath) -> int:
    """Remove what processes that were killed had begun to write in a folder and those in it; return how many files."""
    if not is_local(folder):
        return 0  # object stores show nothing unfinished
    latest = time.time() - DEAD_AFTER_SECONDS
    unfinished = [path for path in Path(folder.path).rglob(".*") if UNFINISHED.fullmatch(path.name)]
    dead = [path for path in unfinished if path.is_file() and path.stat().st_mtime < latest]
    for path in dead:
        path.unlink(missing_ok=True)
    return len(dead)


def _sync_folder(folder: Path) -> None:
    """Let a new name survive a power failure, as the file behind it does."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def is_local(path: UPath) -> bool:
    """Tell whether a path lies on a disk of this machine."""
    return path.protocol in ("", "file", "local")


def _free_bytes(path: UPath) -> str:
    """Return how many bytes are free where a file was to be written, as far as that can be told."""
    if not is_local(path):
        return "not so many"
    existing = next(folder for folder in Path(path.path).parents if folder.exists())
    return f"{shutil.disk_usage(existing).free:,}"


def copy_folder(source: UPath, target: UPath, last: str) -> None:
    """Copy all files of a folder, the one named `last` after all others.

    Files on one disk of this machine are linked and take no room twice: nobody writes into a file that is there;
    `write_bytes` puts another one in its place.
    """
    files = [path for path in source.rglob("*") if path.is_file() and not path.name.startswith(".")]  # none unfinished
    for path in sorted(files, key=lambda path: path.name == last):
        copied = target / path.relative_to(source).as_posix()
        if not (is_local(path) and is_local(copied) and _link(Path(path.path), Path(copied.path))):
            write_bytes(copied, read_bytes(path))


def _link(source: Path, target: Path) -> bool:
    """Give a file a second name, in the place of what may be there; tell whether the file system could."""
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f".{target.name}.{uuid4().hex}")
    try:
        os.link(source, unfinished)
    except OSError:  # another disk, or one that knows no links; whatever else it is, the copy meets it again
        return False
    try:
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)  # of two names of one file, neither replaces the other
    _sync_folder(target.parent)
    return True
