#!/usr/bin/env python3
"""The charm of the application that uses every integration."""

import ops
import paas_flask


class EverythingK8SCharm(paas_flask.Charm):
    """Every integration, and still nothing to write."""


if __name__ == "__main__":
    ops.main(EverythingK8SCharm)
