"""Run a Juju sidecar charm on one machine, as Juju would."""
