"""How Alembic reaches the database.

The units of one application may start together, so a lock lets one of them work while the others wait and
then find nothing to do.
"""

from logging.config import fileConfig

import sqlalchemy as sa
from alembic import context
from app import models
from app.settings import settings

LOCK = 4_027_761_003  # any number, the same in every unit

fileConfig(context.config.config_file_name, disable_existing_loggers=False)

with sa.create_engine(settings.database_url, poolclass=sa.NullPool).connect() as connection:
    context.configure(connection=connection, target_metadata=models.Base.metadata)
    with context.begin_transaction():
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
        context.run_migrations()
