#!/usr/bin/env python3
"""Charm of the notes application."""

import ops
import paas_django


class DjangoK8SCharm(paas_django.Charm):
    """A guest book in Django."""


if __name__ == "__main__":
    ops.main(DjangoK8SCharm)
