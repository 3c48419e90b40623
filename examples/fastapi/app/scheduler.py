"""The service tidy-scheduler, which deletes old notes. It runs on one unit of the application."""

import asyncio
import logging

import sqlalchemy as sa

from app import database
from app.models import Job, Note

JOB = "tidy-scheduler"
KEEP = 1000
SECONDS = 30
log = logging.getLogger(JOB)


async def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s")
    while True:
        try:
            log.info(await tidy())
        except sa.exc.OperationalError as error:
            log.warning("the database does not answer, trying again: %s", error)
        await asyncio.sleep(SECONDS)


async def tidy() -> str:
    newest = sa.select(Note.id).order_by(Note.id.desc()).limit(KEEP)
    async with database.sessions.begin() as session:
        removed = await session.execute(sa.delete(Note).where(Note.id.not_in(newest)))
        summary = f"removed {removed.rowcount} notes"
        await Job.record(session, JOB, summary)
    return summary


if __name__ == "__main__":
    asyncio.run(main())
