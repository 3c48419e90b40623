#!/usr/bin/env python3
"""Charm of the notes application."""

import ops
import paas_fastapi


class FastapiK8SCharm(paas_fastapi.Charm):
    """A guest book in FastAPI."""


if __name__ == "__main__":
    ops.main(FastapiK8SCharm)
