"""Prints the parts of charmcraft.yaml that a Go charm needs: ``python -m paas_go``."""

from paas_common import schema

from .framework import GO

schema.main(GO)
