#!/bin/sh
# Becomes the server, once the tables in its file are as it wants them; variables say how it runs.
set -eu

openfga migrate > /dev/null
exec openfga run
