"""The pool of connections to PostgreSQL, and a session for each request."""

import logging
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Request
from fastapi.responses import JSONResponse
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from app.settings import settings

log = logging.getLogger("uvicorn.error")
engine = create_async_engine(settings.database_url, pool_pre_ping=True, connect_args={"connect_timeout": 5})
sessions = async_sessionmaker(engine, expire_on_commit=False)


async def of_request() -> AsyncIterator[AsyncSession]:
    async with sessions() as session:
        yield session


Session = Annotated[AsyncSession, Depends(of_request)]


async def unavailable(_: Request, error: Exception) -> JSONResponse:
    """Return 503 for any route while the database does not answer."""
    log.warning("the database does not answer: %s", error)
    return JSONResponse({"error": "the database does not answer"}, status_code=503)
