"""The parts that act: services, checks, changes, notices, logs and commands."""
