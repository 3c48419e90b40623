"""Talks to Pebble: reads the workload container and makes it match the plan."""
