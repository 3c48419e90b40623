"""The Alembic environment.

The units of one application may start together, so a lock lets one unit migrate while the others wait and then have
nothing to do.
"""

from logging.config import fileConfig

import sqlalchemy as sa
from alembic import context
from app import models
from app.settings import settings

LOCK = 4_027_761_003  # any number that is the same in every unit

fileConfig(context.config.config_file_name, disable_existing_loggers=False)

with sa.create_engine(settings.database_url, poolclass=sa.NullPool).connect() as connection:
    context.configure(connection=connection, target_metadata=models.Base.metadata)
    with context.begin_transaction():
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
        context.run_migrations()
