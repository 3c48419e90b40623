"""Everything that acts: services, checks, changes, notices, logs and commands."""
