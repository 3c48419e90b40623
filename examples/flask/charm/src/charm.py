#!/usr/bin/env python3
"""Charm of the notes application."""

import ops
import paas_flask


class FlaskK8SCharm(paas_flask.Charm):
    """A guest book in Flask."""


if __name__ == "__main__":
    ops.main(FlaskK8SCharm)
