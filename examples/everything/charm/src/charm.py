#!/usr/bin/env python3
"""Charm of the application that uses every integration."""

import ops
import paas_flask


class EverythingK8SCharm(paas_flask.Charm):
    """A charm with every integration."""


if __name__ == "__main__":
    ops.main(EverythingK8SCharm)
