#!/bin/bash
# Upgrades the database to the newest schema; the charm runs this before it starts the application.
exec python3 -m alembic --config app/alembic.ini upgrade head
