"""The emulated version of Juju."""

JUJU_VERSION = "3.6.11"
"""Charms read it from JUJU_VERSION, clients from ``juju version`` and the status document."""
