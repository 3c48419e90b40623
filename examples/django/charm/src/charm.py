#!/usr/bin/env python3
"""The charm of the notes application."""

import ops
import paas_django


class DjangoK8SCharm(paas_django.Charm):
    """A guest book in Django: the base class does all of the work."""


if __name__ == "__main__":
    ops.main(DjangoK8SCharm)
