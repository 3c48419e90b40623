#!/usr/bin/env python3
"""The charm of the notes application."""

import ops
import paas_fastapi


class FastapiK8SCharm(paas_fastapi.Charm):
    """A guest book in FastAPI: the base class does all of the work."""


if __name__ == "__main__":
    ops.main(FastapiK8SCharm)
