"""The tables: the notes, and the last results of the background services."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

LONGEST = 500


class Base(DeclarativeBase):
    pass


class Note(Base):
    """A note; the worker sets the number of its words."""

    __tablename__ = "notes"

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(always=True), primary_key=True)
    text: Mapped[str] = mapped_column(sa.String(LONGEST))
    words: Mapped[int | None]
    written_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now())


class Job(Base):
    """The last result of one background service."""

    __tablename__ = "jobs"

    name: Mapped[str] = mapped_column(sa.String(100), primary_key=True)
    summary: Mapped[str] = mapped_column(sa.String(200))
    ran_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now())

    @classmethod
    async def record(cls, session: AsyncSession, name: str, summary: str) -> None:
        change = {"summary": summary, "ran_at": sa.func.now()}
        insert = postgresql.insert(cls).values(name=name, **change)
        await session.execute(insert.on_conflict_do_update(index_elements=[cls.name], set_=change))
