import hashlib
import zipfile
from dataclasses import replace

import pytest

from movierec.errors import SourceError
from movierec.local import download, state

CONTENT = {name: f"content of {name}".encode() for name in download.FILES}


@pytest.fixture
def cache(settings, monkeypatch):
    """A cache that holds a small wheel, whose checksums count as the published ones."""
    state.prepare(settings.home)
    folder = settings.home / "cache"
    folder.mkdir()
    with zipfile.ZipFile(folder / download.WHEEL, "w") as archive:
        for name, content in CONTENT.items():
            archive.writestr(f"{download.INSIDE}/{name}", content)
        archive.writestr("recbole/__init__.py", "")
    published = {name: sha256(content) for name, content in CONTENT.items()}
    published[download.WHEEL] = sha256((folder / download.WHEEL).read_bytes())
    monkeypatch.setattr(download, "SHA256", published)
    monkeypatch.setattr(download, "_download", lambda _: pytest.fail("fetched although it is in the cache"))
    return folder


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def test_exactly_the_five_files_are_taken_from_the_wheel(settings, cache):
    folder = download.dataset_folder(settings)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == CONTENT


def test_a_second_look_needs_no_wheel(settings, cache):
    first = download.dataset_folder(settings)
    (cache / download.WHEEL).unlink()
    assert download.dataset_folder(settings) == first


def test_a_truncated_wheel_is_refused(settings, cache):
    wheel = cache / download.WHEEL
    wheel.write_bytes(wheel.read_bytes()[:-100])
    with pytest.raises(SourceError, match=r"recbole-1.2.1.*truncated or changed; remove it to fetch it again"):
        download.dataset_folder(settings)
    assert not (cache / "ml-100k").exists()


def test_a_tampered_file_is_refused_and_says_what_to_do(settings, cache):
    folder = download.dataset_folder(settings)
    (folder / "ml-100k.inter").write_bytes(b"1\t1\t9\n")
    with pytest.raises(SourceError, match=r"ml-100k.inter is not the published file .* remove .*ml-100k to fetch"):
        download.dataset_folder(settings)


def test_a_missing_file_is_refused(settings, cache):
    (download.dataset_folder(settings) / "ml-100k.user").unlink()
    with pytest.raises(SourceError, match=r"ml-100k.user is missing"):
        download.dataset_folder(settings)


def test_an_interrupted_extraction_leaves_nothing_that_looks_complete(settings, cache, monkeypatch):
    published = {**download.SHA256, "ml-100k.kg": "0" * 64}
    monkeypatch.setattr(download, "SHA256", published)
    with pytest.raises(SourceError, match=r"ml-100k.kg"):
        download.dataset_folder(settings)
    assert [path.name for path in cache.iterdir()] == [download.WHEEL]


def test_the_package_index_delivers_the_published_files(settings):
    state.prepare(settings.home)
    try:
        folder = download.dataset_folder(settings)
    except SourceError as error:
        if "pip could not download" in str(error) or "did not deliver" in str(error):
            pytest.skip(f"no package index here: {error}")
        raise
    assert len((folder / "ml-100k.inter").read_text().splitlines()) == 100_001


def test_a_folder_of_the_users_own_needs_ratings_and_movies_only(settings, tmp_path):
    own = tmp_path / "mine"
    own.mkdir()
    chosen = replace(settings, dataset=str(own))
    (own / "a.inter").touch()
    with pytest.raises(SourceError, match=r"holds 0 \*\.item files; allowed is exactly one"):
        download.dataset_folder(chosen)
    (own / "a.item").touch()
    assert download.dataset_folder(chosen) == own
    (own / "a.kg").touch()
    (own / "b.kg").touch()
    with pytest.raises(SourceError, match=r"holds 2 \*\.kg files; allowed is at most one"):
        download.dataset_folder(chosen)


def test_a_dataset_that_is_no_folder_says_what_is_allowed(settings):
    with pytest.raises(SourceError, match="not a folder; allowed is ml-100k or a folder"):
        download.dataset_folder(replace(settings, dataset="/nowhere"))
