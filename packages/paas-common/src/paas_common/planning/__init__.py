"""Pure functions from facts to a plan: what should run, or why it cannot."""
