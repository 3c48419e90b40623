"""Writing our databags, so that Juju sees changed keys only."""

import ops

from paas_common.values.facts import StrMap


def write(databag: ops.RelationDataContent, before: StrMap, values: StrMap) -> None:
    """Write the values that differ; an empty value removes its key, and other keys stay."""
    for name, value in values.items():
        if value != before.get(name, ""):
            databag[name] = value
