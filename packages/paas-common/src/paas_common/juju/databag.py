"""Writing into our own databags, so that Juju hears of what is new and of nothing else."""

import ops

from paas_common.values import facts


def write(bag: ops.RelationDataContent, before: facts.Text, wanted: facts.Text) -> None:
    """Write what differs; an empty value removes the key, and what is not mentioned stays."""
    for name, value in wanted.items():
        if value != before.get(name, ""):
            bag[name] = value
