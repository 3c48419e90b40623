"""A test application for Django charms."""
