"""The options of a model: an unknown one is set, as Juju does, and warned about."""

from collections.abc import Iterable

from paas_local.cli import output
from paas_local.juju import names


def warn_unknown(keys: Iterable[str], known: Iterable[str]) -> None:
    """Print a warning for each option that no model has."""
    known = list(known)
    for key in keys:
        if key not in known:
            output.say(
                f'WARNING key "{key}" is not defined in the current model configuration: possible misspelling'
                f"{names.did_you_mean(key, known)}"
            )
