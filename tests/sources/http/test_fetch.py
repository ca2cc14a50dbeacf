import hashlib
import io
import logging
from urllib.request import Request

import pytest

from movierec.errors import DiskFullError, SourceError
from movierec.sources.http.addresses import is_url
from movierec.sources.http.fetch import fetch, local_path
from movierec.sources.http.redirects import Redirects
from movierec.sources.http.transfer import GoneError, RetryPolicy, UnreachableError
from tests.sources.web import serve

CONTENT = bytes(range(256)) * 4096
CHECKSUM = hashlib.sha256(CONTENT).hexdigest()
HASTY = RetryPolicy(attempts=3, pause_seconds=0.01, timeout_seconds=5.0)


@pytest.fixture
def site():
    with serve({"/data.zip": CONTENT}) as site:
        yield site


def get(site, cache, suffix="", **options):
    return fetch(site.address + "/data.zip" + suffix, cache, retry_policy=HASTY, **options)


def test_a_file_arrives_whole_and_under_its_name(site, tmp_path):
    path = get(site, tmp_path)
    assert path.read_bytes() == CONTENT
    assert path == local_path(site.address + "/data.zip", tmp_path)
    assert path.name == "data.zip"


def test_a_cache_without_room_is_named_and_no_server_is_blamed(site, tmp_path, small_disk):
    sentence = rf"^no room in {local_path(site.address + '/data.zip', small_disk).parent}, where [\d,]+ bytes are free"
    with pytest.raises(DiskFullError, match=sentence):
        get(site, small_disk)
    assert len(site.seen) == 1
    site.content["/data.zip"], site.etag = b"small", '"old"'
    path = get(site, small_disk)
    site.content["/data.zip"], site.etag = CONTENT, '"new"'
    with pytest.raises(DiskFullError, match=sentence):  # nor does an old copy stand for what the server has
        get(site, small_disk)
    assert path.read_bytes() == b"small"


def test_what_is_up_to_date_is_not_sent_again(site, tmp_path):
    path = get(site, tmp_path)
    path.touch()
    assert get(site, tmp_path) == path
    assert site.seen[-1]["If-None-Match"] == '"one"'


def test_what_has_changed_is_fetched_again(site, tmp_path):
    get(site, tmp_path)
    site.content["/data.zip"], site.etag = b"new", '"two"'
    assert get(site, tmp_path).read_bytes() == b"new"


def test_a_copy_that_was_damaged_in_the_cache_is_fetched_again(site, tmp_path):
    get(site, tmp_path).write_bytes(b"damaged")
    assert get(site, tmp_path).read_bytes() == CONTENT
    assert "If-None-Match" not in site.seen[-1]


def test_a_broken_connection_is_resumed_where_it_broke(site, tmp_path):
    site.faults = ["cut", "cut"]
    assert get(site, tmp_path).read_bytes() == CONTENT
    assert [request.get("Range") for request in site.seen] == [
        None,
        f"bytes={len(CONTENT) // 2}-",
        f"bytes={len(CONTENT) * 3 // 4}-",
    ]


def test_a_later_run_resumes_what_an_earlier_one_left(site, tmp_path):
    site.faults = ["cut", 503, 503, 503]
    with pytest.raises(UnreachableError):
        get(site, tmp_path)
    assert get(site, tmp_path).read_bytes() == CONTENT
    assert site.seen[-1]["Range"] == f"bytes={len(CONTENT) // 2}-"


def test_a_file_that_changed_meanwhile_starts_over(site, tmp_path):
    site.faults = ["cut", 503, 503, 503]
    with pytest.raises(UnreachableError):
        get(site, tmp_path)
    site.content["/data.zip"], site.etag = b"new" * 1000, '"two"'
    assert get(site, tmp_path).read_bytes() == b"new" * 1000


@pytest.mark.parametrize("change", [{"has_ranges": False}, {"etag": None}])
def test_a_server_that_cannot_resume_starts_over(site, tmp_path, change):
    for name, value in change.items():
        setattr(site, name, value)
    site.faults = ["cut"]
    assert get(site, tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_server_is_tried_again(site, tmp_path, status):
    site.faults = [status, status]
    assert get(site, tmp_path).read_bytes() == CONTENT
    assert len(site.seen) == 3


def test_an_answer_that_stays_busy_ends_with_what_the_server_said(site, tmp_path):
    site.faults = [503] * 10
    with pytest.raises(
        UnreachableError, match=r"data.zip could not be fetched: the server answers 503 Service Unavail"
    ):
        get(site, tmp_path)
    assert len(site.seen) == HASTY.attempts


def test_a_refusal_is_not_tried_again(site, tmp_path):
    site.faults = [403]
    with pytest.raises(SourceError, match="the server answers 403 Forbidden"):
        get(site, tmp_path)
    assert len(site.seen) == 1


def test_a_missing_file_is_told_from_a_missing_server(site, tmp_path):
    with pytest.raises(GoneError, match=r"nothing.zip is not there: the server answers 404"):
        fetch(site.address + "/nothing.zip", tmp_path, retry_policy=HASTY)


def test_without_the_server_the_copy_in_the_cache_serves(tmp_path, caplog):
    with serve({"/data.zip": CONTENT}) as site:
        path = get(site, tmp_path)
    with caplog.at_level(logging.WARNING):
        assert get(site, tmp_path) == path
    assert "going on with the copy in the cache" in caplog.text


def test_without_the_server_and_without_a_copy_it_says_so(tmp_path):
    with serve({}) as site:
        pass
    with pytest.raises(UnreachableError, match=r"127.0.0.1.*could not be fetched: .*refused"):
        get(site, tmp_path)


@pytest.mark.parametrize("form", ["argument", "fragment"])
def test_a_wrong_checksum_keeps_nothing(site, tmp_path, form):
    wrong = "0" * 64
    with pytest.raises(SourceError, match=f"not the expected file: sha256 {CHECKSUM}, expected 0000"):
        get(site, tmp_path, f"#sha256={wrong}") if form == "fragment" else get(site, tmp_path, sha256=wrong)
    assert [path.name for path in tmp_path.rglob("data.zip*")] == []


def test_a_file_of_the_right_checksum_needs_no_server_again(tmp_path):
    with serve({"/data.zip": CONTENT}) as site:
        path = get(site, tmp_path, f"#sha256={CHECKSUM}")
    assert get(site, tmp_path, f"#sha256={CHECKSUM.upper()}") == path


def test_a_fragment_that_is_no_checksum_is_refused(site, tmp_path):
    with pytest.raises(SourceError, match=r"'#md5=1' is not a checksum; allowed is #sha256="):
        get(site, tmp_path, "#md5=1")


def test_a_file_url_is_the_file(tmp_path):
    path = tmp_path / "a file.zip"
    path.write_bytes(CONTENT)
    assert fetch(path.as_uri(), tmp_path / "cache") == path
    assert fetch(f"{path.as_uri()}#sha256={CHECKSUM}", tmp_path / "cache") == path
    with pytest.raises(SourceError, match="is not the expected file"):
        fetch(f"{path.as_uri()}#sha256={'0' * 64}", tmp_path / "cache")
    with pytest.raises(SourceError, match="does not exist"):
        fetch("file:///nowhere/file.zip", tmp_path / "cache")


def test_other_schemes_are_refused(tmp_path):
    with pytest.raises(SourceError, match=r"ftp://host/x cannot be fetched; allowed are http, https, file"):
        fetch("ftp://host/x", tmp_path)


def test_login_and_query_are_sent_and_never_shown(site, tmp_path):
    secret = site.address.replace("//", "//ann:sec%20ret@")
    assert fetch(f"{secret}/data.zip?token=abc", tmp_path, retry_policy=HASTY).read_bytes() == CONTENT
    assert site.seen[-1]["Authorization"] == "Basic YW5uOnNlYyByZXQ="
    with pytest.raises(GoneError) as raised:
        fetch(f"{secret}/nothing?token=abc", tmp_path, retry_policy=HASTY)
    assert not any(word in str(raised.value) for word in ("sec", "token", "ann"))


def test_a_path_is_no_url():
    assert not is_url("/data/ml-1m.zip")
    assert not is_url("ml-1m")
    assert is_url("https://host/ml-1m.zip")


def test_a_redirect_on_the_same_host_is_followed(site, tmp_path):
    site.redirects["/moved.zip"] = f"{site.address}/data.zip"
    assert fetch(f"{site.address}/moved.zip", tmp_path, retry_policy=HASTY).read_bytes() == CONTENT


@pytest.mark.parametrize(
    "target", ["http://127.0.0.2:{}/data.zip?token=s3cret", "http://[::ffff:127.0.0.2]:{}/data.zip"]
)
def test_a_redirect_into_a_private_network_is_refused_at_once(site, tmp_path, target):
    site.redirects["/moved.zip"] = target.format(site.address.rpartition(":")[2])
    with pytest.raises(SourceError, match=r"moved.zip redirects to .* is in a private network; allowed are") as refused:
        fetch(f"{site.address}/moved.zip?token=s3cret", tmp_path, retry_policy=HASTY)
    assert len(site.seen) == 1
    assert "s3cret" not in str(refused.value)


def test_a_private_host_that_is_configured_is_followed(tmp_path, monkeypatch, site):
    site.redirects["/moved.zip"] = site.address.replace("127.0.0.1", "localhost") + "/data.zip"
    monkeypatch.setenv("MOVIEREC_PRIVATE_HOSTS", "files.example, LOCALHOST")
    assert fetch(f"{site.address}/moved.zip", tmp_path, retry_policy=HASTY).read_bytes() == CONTENT


@pytest.mark.parametrize("target", ["file:///etc/hostname", "ftp://example.com/data.zip"])
def test_a_redirect_to_another_scheme_is_refused(site, tmp_path, target):
    site.redirects["/moved.zip"] = target
    with pytest.raises(SourceError):
        fetch(f"{site.address}/moved.zip", tmp_path, retry_policy=HASTY)
    assert len(site.seen) == 1


def test_a_redirect_that_gives_encryption_up_is_refused():
    handler = Redirects("https://example.com/data.zip")
    request = Request("https://example.com/data.zip")
    answer = io.BytesIO(b"moved")
    with pytest.raises(SourceError, match="not encrypted as the first address was; allowed is https"):
        handler.redirect_request(request, answer, 302, "", {}, "http://example.com/data.zip")
    assert answer.closed
