"""``python -m paas_django`` prints what charmcraft.yaml of the charm has."""

from paas_common import schema

from .charm import DJANGO

schema.main(DJANGO)
