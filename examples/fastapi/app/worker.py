"""The service notes-worker, which counts the words of each new note.

PostgreSQL notifies it of new notes, so it does not poll. Several workers share the notes.
"""

import asyncio
import logging

import psycopg
import sqlalchemy as sa

from app import database
from app.models import Job, Note
from app.settings import settings

JOB = "notes-worker"
log = logging.getLogger(JOB)


async def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s")
    while True:
        try:
            await work()
        except (sa.exc.OperationalError, psycopg.OperationalError) as error:
            log.warning("the database does not answer, trying again: %s", error)
        await asyncio.sleep(2)


async def work() -> None:
    """Count the words of all new notes, at each notification and at least once a minute."""
    async with await psycopg.AsyncConnection.connect(
        settings.database.get_secret_value(), autocommit=True, connect_timeout=5
    ) as announcements:
        await announcements.execute("LISTEN note_added")
        while True:
            while await count_one():
                pass
            async for _ in announcements.notifies(timeout=60, stop_after=1):
                pass


async def count_one() -> bool:
    async with database.sessions.begin() as session:
        uncounted = sa.select(Note).where(Note.words.is_(None)).order_by(Note.id).limit(1)
        note = await session.scalar(uncounted.with_for_update(skip_locked=True))
        if note is None:
            return False
        note.words = len(note.text.split())
        await Job.record(session, JOB, f"note {note.id} has {note.words} words")
    log.info("note %s has %s words", note.id, note.words)
    return True


if __name__ == "__main__":
    asyncio.run(main())
