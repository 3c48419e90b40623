#!/usr/bin/env python3
"""The charm of the notes application."""

import ops
import paas_flask


class FlaskK8SCharm(paas_flask.Charm):
    """A guest book in Flask: the base class does all of the work."""


if __name__ == "__main__":
    ops.main(FlaskK8SCharm)
