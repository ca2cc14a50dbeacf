"""Serve the web application: `python -m movierec.web`.

The parent listens and hands its socket to the process that answers. When that process is restarted (SIGHUP to the
parent) or dies, requests wait in the socket's queue for the next one; none is refused.
"""

import os
import socket
import sys

import uvicorn
from uvicorn.supervisors import Multiprocess

from movierec.config import Settings
from movierec.errors import ConfigError, MovierecError
from movierec.web import keys
from movierec.web.app import create_app
from movierec.web.protocol import BoundedProtocol

FACTORY = "movierec.web.__main__:application"
BACKLOG = 2048
GRACE_SECONDS = 5


def application() -> object:
    """Return the application of this installation; the environment says which database it reads."""
    settings = Settings.from_env()
    conninfo = os.environ.get("MOVIEREC_WEB_DATABASE")
    if not conninfo:
        raise ConfigError("MOVIEREC_WEB_DATABASE is not set; make up starts the web application with it")
    return create_app(conninfo, settings.state_folder.web_keys, (settings.web_host, *settings.web_allowed_hosts))


def main() -> None:
    """Listen, and keep one process answering."""
    settings = Settings.from_env()
    keys.read(settings.state_folder.web_keys)  # what is wrong is said here, once, not by every process that starts
    config = uvicorn.Config(
        FACTORY,
        factory=True,
        workers=1,
        http=BoundedProtocol,
        loop="uvloop",
        lifespan="on",
        log_level="info",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_keep_alive=30,
        timeout_worker_healthcheck=60,
    )
    with listen(settings.web_host, settings.web_port) as listening:
        Multiprocess(config, [listening]).run()


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket.

    Raises:
        ConfigError: the address cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        raise ConfigError(
            f"cannot listen on {host}:{port} ({os.strerror(error.errno or 0)}); set MOVIEREC_WEB_PORT to a free port"
        ) from error
    listening.listen(BACKLOG)
    listening.set_inheritable(True)
    return listening


if __name__ == "__main__":
    try:
        main()
    except MovierecError as error:
        sys.exit(f"movierec: {error}")
