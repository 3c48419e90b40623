"""Talks to Juju through ``ops``: reads the model, writes databags, secrets and the status."""
