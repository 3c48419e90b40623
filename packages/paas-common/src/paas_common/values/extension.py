"""The arguments and the results of the methods that a charm class overrides."""

import collections.abc
import dataclasses

from paas_common.values.environment import Environment
from paas_common.values.facts import OptionValue, StrMap
from paas_common.values.workload import File, LayerEntry


@dataclasses.dataclass(frozen=True, kw_only=True)
class WorkloadContext:
    """The application as it is about to run: the argument of the methods that a charm overrides."""

    app: str
    """The application's name, ``flask-k8s``."""
    unit: str
    """The unit's name, ``flask-k8s/0``."""
    model: str
    """The model's name."""
    leader: bool
    """This unit is the leader of the application."""
    options: collections.abc.Mapping[str, OptionValue] = dataclasses.field(repr=False)
    """The charm's options that have a value, as ``juju config`` shows them."""
    environment: StrMap = dataclasses.field(repr=False)
    """The application's whole environment, secrets in plain text."""
    port: int
    """Port that the application listens on."""
    base_url: str
    """The application's URL: the ingress's, else the one inside the cluster."""
    app_dir: str
    """The application's folder in the container."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Additions:
    """Additions of a charm class's methods to the workload."""

    environment: Environment
    """All variables, with the changes of the charm's ``environment``."""
    context: WorkloadContext
    """The context with that environment."""
    files: tuple[File, ...] = ()
    ports: tuple[int, ...] = ()
    services: collections.abc.Mapping[str, LayerEntry] = dataclasses.field(default_factory=dict[str, LayerEntry])
    """Services in addition to the image's, by name."""
