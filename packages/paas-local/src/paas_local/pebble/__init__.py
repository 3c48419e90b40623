"""Pebble for the containers of paas-local: plan, services and HTTP API.

The behaviour, and the texts that clients show, are those of Canonical's Pebble.
"""

VERSION = "v1.32.1"
"""The version of Canonical's Pebble that this package follows, and that the API reports."""
