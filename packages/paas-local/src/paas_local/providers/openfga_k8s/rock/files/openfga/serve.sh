#!/bin/sh
# Creates or updates the tables in the database, and becomes the server; environment variables configure both.
set -eu

openfga migrate > /dev/null
exec openfga run
