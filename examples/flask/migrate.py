"""Upgrade the database to the newest schema; the charm runs this before it starts the application.

Each file in ``app/migrations`` is applied once, in the order of the numbers. The units of one application
may start together, so a lock lets one unit migrate while the others wait and then have nothing to do.
"""

from pathlib import Path

from app import database

FOLDER = Path(__file__).parent / "app" / "migrations"
LOCK = 4_027_761_001  # any number that is the same in every unit


def main() -> None:
    with database.connect() as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
        connection.execute(
            "CREATE TABLE IF NOT EXISTS migrations"
            " (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())"
        )
        applied = {row["name"] for row in connection.execute("SELECT name FROM migrations")}
        for file in sorted(FOLDER.glob("*.sql")):
            if file.stem not in applied:
                connection.execute(file.read_bytes())
                connection.execute("INSERT INTO migrations (name) VALUES (%s)", (file.stem,))
                print(f"applied {file.stem}")  # noqa: T201 - the charm shows this output when a migration fails


if __name__ == "__main__":
    main()
