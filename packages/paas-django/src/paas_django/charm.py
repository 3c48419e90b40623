"""Charm of a Django application, with the action ``create-superuser``."""

import ops
import paas_common
from paas_common import lazy


class Charm(paas_common.PaasCharm):
    """Base class of a charm that runs a Django application under Gunicorn."""

    spec = lazy.spec("paas_django.framework", "DJANGO")

    def __init__(self, framework: ops.Framework) -> None:
        super().__init__(framework)
        if "create-superuser" in self.meta.actions:
            framework.observe(self.on["create-superuser"].action, self._on_create_superuser)

    def _on_create_superuser(self, event: ops.ActionEvent) -> None:
        from . import superuser  # noqa: PLC0415  only this event needs it

        superuser.create(self, event)
