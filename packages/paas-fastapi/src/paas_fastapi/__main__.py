"""Prints the parts of charmcraft.yaml that a FastAPI charm needs: ``python -m paas_fastapi``."""

from paas_common import schema

from .framework import FASTAPI

schema.main(FASTAPI)
