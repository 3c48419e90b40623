"""The ids of secrets."""

import base64
import os


def fresh_id() -> str:
    """Return a random id of 20 characters, as Juju's secrets have."""
    return base64.b32hexencode(os.urandom(12)).decode().lower().rstrip("=")
