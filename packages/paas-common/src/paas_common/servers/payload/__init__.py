"""Modules whose text is pushed into the workload container and runs there."""
