"""Bring the night's dataset to this machine.

MovieLens 100K comes out of the recbole package, which is verified file by file and never installed; other editions
come from GroupLens; anything else is the user's own.
"""

import errno
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from movierec.checksum import sha256_of
from movierec.config import Settings
from movierec.errors import SourceError
from movierec.local import editions
from movierec.local.editions import EDITIONS
from movierec.sources.http.addresses import is_url
from movierec.sources.http.fetch import fetch, local_path
from movierec.sources.movielens_tables import find_tables

PACKAGE = "recbole==1.2.1"
WHEEL = "recbole-1.2.1-py3-none-any.whl"
FOLDER_IN_WHEEL = "recbole/dataset_example/ml-100k"
SHA256 = {
    WHEEL: "9c9948202011f37eb0a7c6768129313f00d6403ad221ec940d5e2d5d5f33a407",
    "ml-100k.inter": "4edb74e2a81178c2ba9ff381495f754f996c4aea351b1272ca36b43da0935eff",
    "ml-100k.item": "51d7cdf777ce5c0f5b32c1d947a4a81fe07d75e78abbe761e0cd4d0756064532",
    "ml-100k.kg": "200a0636fa07c218119a42e5bac7aa3e26e3665a6f919c1b22909bd412b14779",
    "ml-100k.link": "524dca2c3d62619688ab99b3ec53ea2acb9b64d38eafec3e02bdd0dc6bb7d948",
    "ml-100k.user": "4f670007d9cfbeb9807e757209af1555b9bcc186bde25e767f67cb67c6dd5972",
}
ML_100K = "ml-100k"
FILES = tuple(name for name in SHA256 if name != WHEEL)
TIMEOUT_SECONDS = 300
PIP = (
    *(sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:"),
    *("--quiet", "--no-input", "--disable-pip-version-check"),
)


def fetch_dataset(settings: Settings) -> Path:
    """Return the path of the night's dataset, fetched first if need be: a folder, a zip or a file.

    Raises:
        SourceError: files are missing, cannot be fetched or are not the published ones.
    """
    if settings.dataset == ML_100K:
        return _fetch_ml_100k(dataset_path(settings))
    if settings.dataset in EDITIONS:
        return editions.fetch_edition(settings.dataset, _cache(settings))
    path = fetch(settings.dataset, _cache(settings)) if is_url(settings.dataset) else dataset_path(settings)
    if not path.exists():
        allowed = ", ".join((ML_100K, *EDITIONS))
        raise SourceError(f"MOVIEREC_DATASET is '{path}', which does not exist; allowed is {allowed}, a path or a URL")
    find_tables(path, settings.exclude)
    return path


def dataset_path(settings: Settings) -> Path:
    """Return the path at which the night's dataset lies, or will lie once it is fetched."""
    if settings.dataset == ML_100K:
        return _cache(settings) / ML_100K
    if settings.dataset in EDITIONS:
        return local_path(editions.edition_url(settings.dataset), _cache(settings))
    if is_url(settings.dataset):
        return local_path(settings.dataset, _cache(settings))
    return Path(settings.dataset).expanduser().absolute()


def _cache(settings: Settings) -> Path:
    return settings.state_folder.cache


def _fetch_ml_100k(folder: Path) -> Path:
    if not folder.exists():
        _unpack_wheel(folder)
    for name in FILES:
        _verify(folder / name, f"remove {folder} to fetch it again")
    return folder


def _unpack_wheel(folder: Path) -> None:
    cache = folder.parent
    cache.mkdir(parents=True, exist_ok=True)
    wheel = cache / WHEEL
    if not wheel.exists():
        _download_wheel(wheel)
    _verify(wheel, "remove it to fetch it again")
    with tempfile.TemporaryDirectory(dir=cache) as scratch:
        draft = Path(scratch) / folder.name
        draft.mkdir()
        _extract(wheel, draft)
        try:
            draft.rename(folder)
        except OSError as error:  # another process was faster; its files are verified like our own
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise


def _download_wheel(wheel: Path) -> None:
    print(f"fetching MovieLens 100K inside {PACKAGE} from the package index", flush=True)
    with tempfile.TemporaryDirectory(dir=wheel.parent) as scratch:
        _run_pip((*PIP, "--dest", scratch, PACKAGE))
        fetched = Path(scratch) / WHEEL
        _verify(fetched, "the package index served something else; nothing was kept")
        fetched.replace(wheel)


def _run_pip(command: tuple[str, ...]) -> None:
    environment = {key: value for key, value in os.environ.items() if key != "HOME" or value}
    try:
        result = subprocess.run(
            command, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, env=environment, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise SourceError(f"the package index did not deliver {PACKAGE} in {TIMEOUT_SECONDS} s") from error
    if result.returncode:
        reason = " | ".join(result.stderr.strip().splitlines()[-2:])
        raise SourceError(f"pip could not download {PACKAGE}: {reason}")


def _extract(wheel: Path, folder: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        for name in FILES:
            with archive.open(f"{FOLDER_IN_WHEEL}/{name}") as source, (folder / name).open("wb") as target:
                shutil.copyfileobj(source, target)
            _verify(folder / name, "the package's content has changed")


def _verify(path: Path, remedy: str) -> None:
    if not path.is_file():
        raise SourceError(f"{path} is missing; {remedy}")
    actual = sha256_of(path)
    if actual != SHA256[path.name]:
        size = path.stat().st_size
        raise SourceError(
            f"{path} is not the published file ({size} bytes, sha256 {actual[:12]}…, "
            f"expected {SHA256[path.name][:12]}…): truncated or changed; {remedy}"
        )
