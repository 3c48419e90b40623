"""The names of applications, units and pods, and the rules for them."""

import difflib
import re
from collections.abc import Iterable

CONTROLLER = "local"
OWNER = "admin"
MODEL_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")
APPLICATION_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]*[a-z][a-z0-9]*)*")
UNIT_NAME = re.compile(rf"{APPLICATION_NAME.pattern}/(\d+|leader)")
SECRET_KEY = re.compile(r"[a-z](-?[a-z0-9]){2,}")
# without this, "--foo" is like "--color"
_SIMILAR = 0.75
_CLUSTER_DOMAIN = "svc.cluster.local"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return the end of an error about an unknown name: the closest known one, or an empty string."""
    closest = difflib.get_close_matches(word, known, n=1, cutoff=_SIMILAR)
    return f'; did you mean "{closest[0]}"?' if closest else ""


def pod_name(unit: str) -> str:
    """Return the name of a unit's pod: ``web-0``."""
    return unit.replace("/", "-")


def unit_tag(unit: str) -> str:
    """Return the name of a unit in folders, log lines and tasks: ``unit-web-0``."""
    return f"unit-{pod_name(unit)}"


def agent_folder(unit: str) -> str:
    """Return the folder of a unit's agent in the charm container."""
    return f"/var/lib/juju/agents/{unit_tag(unit)}"


def charm_folder(unit: str) -> str:
    """Return the charm's folder in the charm container."""
    return f"{agent_folder(unit)}/charm"


def storage_folder(storage: str) -> str:
    """Return the folder of a storage in the charm container: ``/var/lib/juju/storage/data/0``."""
    return f"/var/lib/juju/storage/{storage}"


def cluster_name(model: str, service: str) -> str:
    """Return the name of a Kubernetes service in a model's namespace."""
    return f"{service}.{model}.{_CLUSTER_DOMAIN}"


def fqdn(model: str, unit: str) -> str:
    """Return the name of a unit's pod in the cluster."""
    return cluster_name(model, f"{pod_name(unit)}.{unit.partition('/')[0]}-endpoints")
