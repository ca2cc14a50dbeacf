"""Images under the names that docker-compose.yaml and the Dockerfile use, made from Debian's and PyPI's packages."""

import subprocess
from pathlib import Path

from tests.compose.engine import Engine, EngineError

HERE = Path(__file__).parent / "stand_ins"
SUITE = "trixie"
BASE = "movierec-debian"
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")  # what this machine trusts, the images trust
IMAGES = {"python:3.13-slim": "python", "postgres:18": "postgres", "redis:8": "redis", "mariadb:11.8": "mariadb"}
OF_THE_STACK = ("postgres:18", "redis:8", "mariadb:11.8")


def build(engine: Engine, cache: Path) -> None:
    """Build every image; what has been built and has not changed is taken as it is."""
    root = cache / SUITE
    if not (root / "etc/debian_version").exists() or (root / "debootstrap").exists():
        _bootstrap(root)
        _import(engine, root)
    elif not engine.output("docker", "images", "--quiet", BASE).strip():
        _import(engine, root)
    for name, folder in IMAGES.items():
        engine.run("docker", "build", "--network=host", f"--tag={name}", str(HERE / folder))


def _bootstrap(root: Path) -> None:
    root.parent.mkdir(parents=True, exist_ok=True)
    print(f"bootstrapping Debian {SUITE} in {root}", flush=True)
    made = subprocess.run(
        ["debootstrap", "--variant=minbase", "--include=ca-certificates", SUITE, str(root)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if made.returncode:
        raise EngineError(f"debootstrap failed:\n{made.stdout[-2000:]}")
    if CERTIFICATES.exists():
        (root / CERTIFICATES.relative_to("/")).write_bytes(CERTIFICATES.read_bytes())


def _import(engine: Engine, root: Path) -> None:
    trusted = ["--change", f"ENV PIP_CERT={CERTIFICATES}"] if CERTIFICATES.exists() else []
    packing = subprocess.Popen(["tar", "--create", "--directory", str(root), "."], stdout=subprocess.PIPE)
    loading = subprocess.run(
        ["docker", "import", *trusted, "-", BASE], stdin=packing.stdout, env=engine.environment, check=False
    )
    if packing.wait() or loading.returncode:
        raise EngineError(f"{root} could not be made an image")
