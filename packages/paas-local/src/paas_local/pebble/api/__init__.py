"""Pebble's HTTP API: endpoints, request bodies, websockets, access and files."""
