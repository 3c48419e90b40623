"""``python -m paas_flask`` prints what charmcraft.yaml of the charm has."""

from paas_common import schema

from .charm import FLASK

schema.main(FLASK)
