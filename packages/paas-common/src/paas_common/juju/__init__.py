"""Everything that calls ops: reads the model, writes databags, secrets and the status."""
