"""Pure functions: what should run, or why it cannot."""
