"""A supervisor that speaks Pebble's HTTP API over a unix socket, for the containers of paas-local."""

VERSION = "v1.32.1"
"""The version of Pebble whose behaviour this follows, and which clients are told."""
