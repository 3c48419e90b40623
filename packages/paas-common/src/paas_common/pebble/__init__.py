"""Everything that calls Pebble: makes the container match the plan."""
