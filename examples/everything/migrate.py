"""Create the missing tables.

The charm runs this on one unit at a time: before it starts the application, and again when a database is added.
"""

import os
from contextlib import closing

from app import orders, rows


def main() -> None:
    with rows.connect() as connection:
        for table in ("rows", "messages"):
            connection.execute(
                f"CREATE TABLE IF NOT EXISTS {table} (id bigint GENERATED ALWAYS AS IDENTITY, text text NOT NULL)"
            )
    if os.environ.get("MYSQL_DB_CONNECT_STRING"):
        with closing(orders.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(
                "CREATE TABLE IF NOT EXISTS orders (id bigint AUTO_INCREMENT PRIMARY KEY, item varchar(200) NOT NULL)"
            )


if __name__ == "__main__":
    main()
