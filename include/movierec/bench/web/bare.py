"""The yardstick: a FastAPI route that asks the database for 1, on the same server and the same pool of connections."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from movierec.web.database import Warehouse


def application() -> FastAPI:
    """Return the application; MOVIEREC_WEB_DATABASE says which database it asks."""
    warehouse = Warehouse(os.environ["MOVIEREC_WEB_DATABASE"])

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await warehouse.open()
        yield
        await warehouse.close()

    app = FastAPI(lifespan=lifespan)

    @app.get("/")
    async def one() -> dict[str, int]:
        return dict((await warehouse.rows("one", {}))[0])

    return app
