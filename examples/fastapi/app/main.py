"""The application that Uvicorn serves."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from prometheus_fastapi_instrumentator import Instrumentator
from sqlalchemy.exc import OperationalError
from starlette.middleware.sessions import SessionMiddleware

from app import database, metrics, notes, pages
from app.settings import settings


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    with metrics.served():
        yield
    await database.engine.dispose()


app = FastAPI(title="Notes", lifespan=lifespan)
# The cookie contains the session, signed with the secret key: a new key invalidates all sessions.
app.add_middleware(SessionMiddleware, secret_key=settings.secret_key.get_secret_value())
app.add_exception_handler(OperationalError, database.unavailable)
# It counts requests and their durations, with the metric names of the charm's dashboard and alert rules.
Instrumentator().instrument(app)
app.include_router(pages.router)
app.include_router(notes.router)
app.include_router(metrics.router)
app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static")
