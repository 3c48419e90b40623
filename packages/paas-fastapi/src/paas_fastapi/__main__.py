"""``python -m paas_fastapi`` prints what charmcraft.yaml of the charm has."""

from paas_common import schema

from .charm import FASTAPI

schema.main(FASTAPI)
