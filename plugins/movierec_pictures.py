"""Pictures of trainings in Airflow: a task that draws them, a button that opens them, and an app that serves them.

The app is mounted at /movierec/trainings in Airflow's own web server. It serves nothing but the page and the PNGs in
`plots/` of a training, read-only, to who may read the DAG `movierec_train`.
"""

import logging
import re
from collections.abc import Awaitable, Callable, MutableMapping
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from airflow.plugins_manager import AirflowPlugin
from airflow.sdk import BaseOperator, BaseOperatorLink

from movierec.dag_ids import TRAIN
from movierec_connections import base_url, open_connection, training_folder

if TYPE_CHECKING:
    from fastapi import FastAPI

    from movierec.config import Settings

PREFIX = "/movierec/trainings"
FILE_NAME = re.compile(r"[a-z]{1,60}\.png|index\.html")
TRAINING_ID = re.compile(r"[0-9]{1,18}")
MEDIA_TYPES = {"png": "image/png", "html": "text/html; charset=utf-8"}
# The page holds no scripts, and shows nothing from elsewhere.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "private, no-cache",
}

Scope = MutableMapping[str, Any]
Channel = Callable[..., Awaitable[Any]]


def address(training_id: int) -> str:
    """Return the path of a training's page, below whatever path Airflow is served at."""
    return f"{urlsplit(base_url()).path}{PREFIX}/{training_id}/"


class PicturesLink(BaseOperatorLink):
    """The button of a task that has drawn pictures."""

    name = "Pictures"

    def get_link(self, operator: BaseOperator, *, ti_key: Any) -> str:
        """Return the page of the training that the task drew; nothing before it knows which."""
        training_id = str(getattr(operator, "training_id", ""))
        return address(int(training_id)) if training_id.isdecimal() else ""


class DrawPictures(BaseOperator):
    """Draws the pictures of a training and returns their names."""

    template_fields = ("training_id",)
    operator_extra_links = (PicturesLink(),)

    def __init__(self, *, training_id: Any, **kwargs: Any) -> None:
        """Store which training; where this is an XComArg, Airflow fills it in when the task runs."""
        super().__init__(**kwargs)
        self.training_id = training_id

    def execute(self, context: Any) -> list[str]:
        """Draw; what cannot be drawn is left out with a line in the log."""
        from movierec.plots import pictures

        training_id = int(self.training_id)
        with open_connection() as conn:
            names = pictures.draw(conn, training_folder(training_id))
        logging.getLogger(__name__).info("%d pictures: %s", len(names), address(training_id))
        return names


def read_plot(settings: "Settings", training_id: int, name: str) -> bytes | None:
    """Return a file of a training's plots; None where the name is of another kind, or there is no such file."""
    from movierec.training.folder import TrainingFolder

    if not FILE_NAME.fullmatch(name) or training_id < 1:
        return None
    try:
        return bytes((TrainingFolder.of(settings, training_id).plots / name).read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None


@cache
def web() -> "FastAPI":
    """Make the app; only the web server gets here, so that no task imports FastAPI for it."""
    from airflow.api_fastapi.core_api.security import requires_access_dag
    from fastapi import Depends, FastAPI, HTTPException
    from fastapi.responses import RedirectResponse, Response

    from movierec.config import Settings

    guard = Depends(requires_access_dag(method="GET", param_dag_id=TRAIN))
    app = FastAPI(title="movierec: pictures of trainings", docs_url=None, redoc_url=None, openapi_url=None)

    def number(training: str) -> int:
        if not TRAINING_ID.fullmatch(training):
            raise HTTPException(404, "a training is a number of at most 18 digits")
        return int(training)

    @app.get("/{training}", dependencies=[guard])
    def open_page(training: str) -> RedirectResponse:
        return RedirectResponse(address(number(training)))

    @app.get("/{training}/", dependencies=[guard])
    @app.get("/{training}/{name}", dependencies=[guard])
    def send(training: str, name: str = "index.html") -> Response:
        data = read_plot(Settings.from_env(), number(training), name)
        if data is None:
            what = "pictures" if name == "index.html" else f"file of the name {name[:60]}"
            raise HTTPException(404, f"training {number(training)} has no {what}")
        return Response(data, media_type=MEDIA_TYPES[name.rpartition(".")[2]], headers=HEADERS)

    return app


class OnFirstRequest:
    """An ASGI app that makes the real one on the first request."""

    def __init__(self, make: Callable[[], Any]) -> None:
        """Store what makes the real one, and remembers it."""
        self.make = make

    async def __call__(self, scope: Scope, receive: Channel, send: Channel) -> None:
        """Pass the request on."""
        await self.make()(scope, receive, send)


class Pictures(AirflowPlugin):
    """What Airflow finds in this file."""

    name = "movierec_pictures"
    fastapi_apps = [{"app": OnFirstRequest(web), "url_prefix": PREFIX, "name": "movierec_pictures"}]  # noqa: RUF012
    operator_extra_links = [PicturesLink()]  # noqa: RUF012
