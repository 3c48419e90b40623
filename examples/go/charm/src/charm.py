#!/usr/bin/env python3
"""Charm of the notes application."""

import ops
import paas_go


class GoK8SCharm(paas_go.Charm):
    """A guest book in Go."""


if __name__ == "__main__":
    ops.main(GoK8SCharm)
