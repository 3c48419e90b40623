"""Juju's commands; they talk to the controller over its socket only."""
