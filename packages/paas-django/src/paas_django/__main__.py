"""Prints the parts of charmcraft.yaml that a Django charm needs: ``python -m paas_django``."""

from paas_common import schema

from .framework import DJANGO

schema.main(DJANGO)
