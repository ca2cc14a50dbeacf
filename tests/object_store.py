"""A server that speaks S3, for the tests: moto's, on a free port of the loopback, gone at the end."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

PATIENCE_SECONDS = 60
BUCKET = "models"
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "movierec",
    "AWS_SECRET_ACCESS_KEY": "of-the-tests",
    "AWS_DEFAULT_REGION": "us-east-1",
}


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start the server and return its address."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = tmp_path_factory.mktemp("s3") / "log"
    command = (sys.executable, "-m", "moto.server", "--host", "127.0.0.1", "--port", str(port))
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env={**os.environ, **CREDENTIALS})
    try:
        _await(f"http://127.0.0.1:{port}", process, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)


@pytest.fixture
def s3_url(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Set the environment as docs/operations.md says, and return a URL in an empty bucket."""
    for name, value in {**CREDENTIALS, "AWS_ENDPOINT_URL": s3_server}.items():
        monkeypatch.setenv(name, value)
    import s3fs  # noqa: PLC0415 - a second, needed here only

    s3fs.S3FileSystem.clear_instance_cache()  # those of other tests have another address
    store = s3fs.S3FileSystem()
    store.mkdir(BUCKET)
    yield f"s3://{BUCKET}/nightly"
    store.rm(BUCKET, recursive=True)
    s3fs.S3FileSystem.clear_instance_cache()


def _await(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            opener.open(address, timeout=5).close()
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"moto's server did not start:\n{log.read_text(encoding='utf-8')[-2000:]}")
            time.sleep(0.2)
        else:
            return
