"""Charm of a Go application."""

import paas_common
from paas_common import lazy


class Charm(paas_common.PaasCharm):
    """Base class of a charm that runs a Go application."""

    spec = lazy.spec("paas_go.framework", "GO")
