"""Shared parts of the charms for twelve-factor web applications."""
