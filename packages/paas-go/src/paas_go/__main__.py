"""``python -m paas_go`` prints what charmcraft.yaml of the charm has."""

from paas_common import schema

from .charm import GO

schema.main(GO)
