"""A stand-in for the ingress library, which no package index carries: the same names, and the same databags.

Of the real library it has what our charms use. test_ingress.py compares the two wherever the real one is present.
"""

import json
import socket

import ops


class IngressReadyEvent(ops.RelationEvent):
    """The application has an address."""


class IngressRevokedEvent(ops.RelationEvent):
    """The address is gone."""


class IngressPerAppRequirerEvents(ops.ObjectEvents):
    """What the requirer emits."""

    ready = ops.EventSource(IngressReadyEvent)
    revoked = ops.EventSource(IngressRevokedEvent)


class IngressPerAppRequirer(ops.Object):
    """The requirer's side."""

    on = IngressPerAppRequirerEvents()  # pyright: ignore[reportAssignmentType]  as ops declares event groups

    def __init__(
        self,
        charm: ops.CharmBase,
        relation_name: str = "ingress",
        *,
        port: int | None = None,
        strip_prefix: bool = False,
    ) -> None:
        super().__init__(charm, relation_name)
        self._charm, self._name, self._port, self._strip = charm, relation_name, port, strip_prefix
        events = charm.on[relation_name]
        self.framework.observe(events.relation_changed, self._changed)
        self.framework.observe(events.relation_broken, self._broken)

    def _changed(self, event: ops.RelationChangedEvent) -> None:
        if event.relation.data[event.app].get("ingress"):
            self.on.ready.emit(event.relation, event.app)

    def _broken(self, event: ops.RelationBrokenEvent) -> None:
        self.on.revoked.emit(event.relation, event.app)

    def provide_ingress_requirements(self, *, port: int) -> None:
        """Publish where the application listens."""
        for relation in self._charm.model.relations[self._name]:
            unit = {"host": json.dumps(socket.getfqdn()), "ip": json.dumps("10.1.2.30")}
            self._write(relation.data[self._charm.unit], unit)
            if self._charm.unit.is_leader():
                asked = {
                    "model": json.dumps(self._charm.model.name),
                    "name": json.dumps(self._charm.app.name),
                    "port": json.dumps(port),
                    "strip-prefix": json.dumps(self._strip),
                }
                self._write(relation.data[self._charm.app], asked)

    @staticmethod
    def _write(bag: ops.RelationDataContent, wanted: dict[str, str]) -> None:
        for key, value in wanted.items():
            if bag.get(key) != value:
                bag[key] = value
