"""Bring the containers up, run nights in them, look at what came of it, and take everything down again.

The first night runs as docker-compose.yaml is by default, with a shop in MariaDB (profile mysql) and a folder of events
beside the ratings; the second one on Celery's workers. Where an engine answers that can pull the base images, it is
used; elsewhere one is started for this test, and the base images are made from the distribution's packages (root on
Debian).
"""

import argparse
import shutil
import sys

from movierec.config import ROOT
from movierec.local import env_file
from tests.compose import checks, sources, stand_in_images
from tests.compose.engine import Engine, EngineError, machines_own, own_engine
from tests.compose.stack import Stack

FOLDER = ROOT / "build" / "compose"  # not under version control
IMAGE = "movierec"


def main(arguments: list[str]) -> int:
    """Run the test; 1 where something does not hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.compose", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="keep the images of an engine of this test's own")
    options = parser.parse_args(arguments)
    FOLDER.mkdir(parents=True, exist_ok=True)
    try:
        if engine := machines_own(list(stand_in_images.IMAGES)):
            engine.compose()  # rather missing now than after a build
            build(engine)
            try_nights(engine)
        else:
            with own_engine(FOLDER / "engine", is_isolated=False) as engine:
                stand_in_images.build(engine, FOLDER)
                build(engine, "--network=host")
            with own_engine(FOLDER / "engine", is_isolated=True) as engine:
                try_nights(engine)
    except (EngineError, AssertionError) as error:
        print(f"movierec: the containers do not work: {error}", file=sys.stderr)
        return 1
    if not options.keep:
        shutil.rmtree(FOLDER)
    print("the containers work")
    return 0


def build(engine: Engine, *options: str) -> None:
    """Build the image as docker-compose.yaml has it."""
    dockerfile = f"--file={ROOT / 'include/docker/Dockerfile'}"
    engine.run("docker", "build", *options, f"--tag={IMAGE}", dockerfile, str(ROOT))


def try_nights(engine: Engine) -> None:
    """Run a night by each executor, and check what came of it."""
    path = FOLDER / "env"
    path.unlink(missing_ok=True)
    env_file.complete(path)
    with path.open("a", encoding="utf-8") as file:
        file.writelines(f"{name}={value}\n" for name, value in sources.write(FOLDER / "sources").items())
    stack = Stack(engine, path, ("mysql",))
    try:
        try_night(stack)
        with path.open("a", encoding="utf-8") as file:
            file.write("MOVIEREC_EXECUTOR=CeleryExecutor\n")
        try_night(Stack(engine, path, ("mysql", "celery")))
    finally:
        stack.down()


def try_night(stack: Stack) -> None:
    """Bring the stack up, run a night, and look at what is served."""
    settings = dict(line.split("=", 1) for line in stack.env_file.read_text(encoding="utf-8").splitlines())
    try:
        stack.up()
        stack.run_night(settings)
        checks.check_stack(stack, settings)
    except EngineError:
        print(stack.engine.output(*stack.compose("logs", "--tail", "30")), file=sys.stderr)
        raise


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
