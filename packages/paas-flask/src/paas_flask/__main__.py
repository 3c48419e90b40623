"""Prints the parts of charmcraft.yaml that a Flask charm needs: ``python -m paas_flask``."""

from paas_common import schema

from .framework import FLASK

schema.main(FLASK)
