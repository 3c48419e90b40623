"""Juju sidecar charms on one machine, run as Juju runs them."""
