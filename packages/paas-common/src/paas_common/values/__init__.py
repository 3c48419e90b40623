"""Frozen values that everything else shares."""
