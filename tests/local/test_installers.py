"""uv where it can be had, pip where it cannot; a stand-in for Python notes what it was asked to do."""

import sys

import pytest

from movierec.local import installers
from movierec.local.installers import InstallError, install, locked_block, run, uv_variables

LOCK = """alembic==1.0 \\
    --hash=sha256:aa
    # via airflow
uv==0.13.9 \\
    --hash=sha256:bb \\
    --hash=sha256:cc
    # via -r requirements.in
uvicorn==0.54.0 \\
    --hash=sha256:dd
"""
EXACT = {"UV_INDEX_STRATEGY": "unsafe-best-match"}


@pytest.fixture
def lock(tmp_path):
    path = tmp_path / "requirements.txt"
    path.write_text(LOCK)
    return path


@pytest.fixture
def python(tmp_path):
    """Return a function that makes a stand-in for Python, and says what it was called with."""

    def make(**answers):
        cases = "".join(f'*"{call}"*) {answer};;\n' for call, answer in answers.items())
        path = tmp_path / "python"
        path.write_text(f'#!/bin/sh\necho "$@" "[$UV_INDEX]" >> "{tmp_path}/calls"\ncase "$*" in\n{cases}esac\n')
        path.chmod(0o755)
        return path

    return make


@pytest.fixture
def calls(tmp_path):
    return lambda: (tmp_path / "calls").read_text().splitlines()


def test_uv_comes_from_the_lock_and_installs_the_rest(python, lock, calls):
    settings = "echo \"global.extra-index-url='https://a/simple https://b/simple'\""
    install(python(**{"config list": settings}), [lock], {}, print)
    first, second, third = calls()
    assert "pip" in first
    assert "--requirement" in first
    assert "config list" in second
    assert third.startswith("-m uv pip install --quiet --python")
    assert third.endswith(f"--requirement {lock} [https://a/simple https://b/simple]")


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ({"--requirement /": "echo 'no matching distribution'; exit 1"}, None),
        ({"uv pip": "echo 'error: no network'; exit 2"}, "uv could not install them (error: no network); pip tries"),
        ({"config list": "echo \"global.no-binary=':all:'\""}, None),
    ],
)
def test_pip_installs_where_uv_cannot(python, lock, calls, answers, sentence):
    told = []
    if "--requirement /" in answers:  # the file of uv alone cannot be installed, the whole lock can
        answers = {f"--requirement {lock}": "exit 0", "--requirement": answers["--requirement /"]}
        sentence = "uv cannot be had here (no matching distribution); pip installs instead"
    install(python(**answers), [lock], {}, told.append)
    assert calls()[-1].startswith("-m pip --no-input --disable-pip-version-check install")
    assert calls()[-1].endswith(f"--requirement {lock} []")
    assert told == ([sentence] if sentence else [])


def test_where_nothing_can_install_what_was_said_last_is_the_error(python, lock):
    with pytest.raises(InstallError, match="no space left"):
        install(python(**{"install": "echo no space left; exit 1"}), [lock], {}, lambda line: None)


@pytest.mark.parametrize(
    ("settings", "variables"),
    [
        ("", {}),
        ("global.index-url='https://a/simple'", {"UV_DEFAULT_INDEX": "https://a/simple"}),
        ("global.extra-index-url='\\nhttps://a/s\\nhttps://b/s'", {"UV_INDEX": "https://a/s https://b/s"}),
        ("global.find-links='/one /two'", {"UV_FIND_LINKS": "/one,/two"}),
        ("global.cert='/a.pem'\n:env:.cert='/b.pem'", {"SSL_CERT_FILE": "/b.pem"}),
        (":env:.index-url='https://b/s'\nglobal.index-url='https://a/s'", {"UV_DEFAULT_INDEX": "https://b/s"}),
        ("install.trusted-host='a b'", {"UV_INSECURE_HOST": "a b"}),
        ("global.default-timeout='180'\nglobal.quiet='1'", {"UV_HTTP_TIMEOUT": "180"}),
        ("global.proxy='http://p:1'\nglobal.no-index='false'", {"ALL_PROXY": "http://p:1"}),
        ("download.index-url='https://c/s'", {}),
    ],
)
def test_uv_looks_where_pip_looks(settings, variables):
    assert uv_variables(settings) == {**EXACT, **variables}


@pytest.mark.parametrize(
    "option", ["no-index='true'", "no-binary=':all:'", "platform='any'", "keyring-provider='disabled'"]
)
def test_settings_without_a_counterpart_are_pips_affair(option):
    assert uv_variables(f"global.{option}") is None


def test_only_the_package_itself_is_taken_from_the_lock(lock):
    assert locked_block("uv", [lock]) == "uv==0.13.9 \\\n    --hash=sha256:bb \\\n    --hash=sha256:cc\n"
    assert locked_block("numba", [lock]) == ""


def test_who_waits_is_told_what_for(monkeypatch):
    monkeypatch.setattr(installers, "SECONDS_A_LINE", 0.2)
    told = []
    assert (
        run((sys.executable, "-c", "import time; time.sleep(0.7); print('done')"), {}, told.append, "working")
        == "done\n"
    )
    assert len(told) >= 2
    assert all(line.startswith("working: ") and line.endswith(" s") for line in told)
