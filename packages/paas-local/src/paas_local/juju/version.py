"""The emulated versions of Juju."""

JUJU_VERSION = "3.6.11"
"""The version of the controller and, unless it has another, of a model; charms read it from JUJU_VERSION."""
AGENT_VERSIONS = (JUJU_VERSION, "4.0.1")
"""The values of a model's agent-version: unit databags have the words of that version."""
