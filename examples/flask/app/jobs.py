"""The last results of the background services, in a table."""

from app import database


def record(connection: database.Connection, job: str, summary: str) -> None:
    connection.execute(
        "INSERT INTO jobs (job, summary) VALUES (%s, %s)"
        " ON CONFLICT (job) DO UPDATE SET summary = excluded.summary, ran_at = now()",
        (job, summary),
    )
