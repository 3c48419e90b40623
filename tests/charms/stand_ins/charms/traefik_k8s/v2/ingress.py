"""Stand-in for the ingress library, which is not on a package index, with the same names and databags.

It has the part of the real library that the charms use. ``test_ingress_library.py`` tests both, if the real one is
present.
"""

import contextlib
import json
import socket

import ops


class IngressPerAppReadyEvent(ops.RelationEvent):
    """Event of a new address."""

    def __init__(self, handle: ops.Handle, relation: ops.Relation, app: ops.Application, url: str = "") -> None:
        super().__init__(handle, relation, app)
        self.url = url

    def snapshot(self) -> dict[str, object]:  # pyright: ignore[reportIncompatibleMethodOverride]  ops leaves it untyped
        return {**super().snapshot(), "url": self.url}

    def restore(self, snapshot: dict[str, object]) -> None:
        super().restore(snapshot)
        self.url = str(snapshot["url"])


class IngressPerAppRevokedEvent(ops.RelationEvent):
    """Event of a removed address."""


class IngressPerAppRequirerEvents(ops.ObjectEvents):
    """Events of the requirer."""

    ready = ops.EventSource(IngressPerAppReadyEvent)
    revoked = ops.EventSource(IngressPerAppRevokedEvent)


class IngressPerAppRequirer(ops.Object):
    """Requirer of an ingress per application."""

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

    @property
    def url(self) -> str | None:
        """Address of the application; None until the provider has written it."""
        for relation in self._charm.model.relations[self._name]:
            # invalid data counts as no data
            with contextlib.suppress(ValueError, TypeError, LookupError):
                return str(json.loads(relation.data[relation.app]["ingress"])["url"])
        return None

    def is_ready(self) -> bool:
        """Return whether there is an address."""
        return self.url is not None

    def _changed(self, event: ops.RelationChangedEvent) -> None:
        if self._port is not None:
            self.provide_ingress_requirements(port=self._port)
        if url := self.url:
            self.on.ready.emit(event.relation, event.app, url)

    def _broken(self, event: ops.RelationBrokenEvent) -> None:
        self.on.revoked.emit(event.relation, event.app)

    def provide_ingress_requirements(self, *, port: int) -> None:
        """Write the address on which the application listens."""
        for relation in self._charm.model.relations[self._name]:
            binding = self._charm.model.get_binding(relation)
            address = str(binding.network.bind_address) if binding else ""
            self._write(
                relation.data[self._charm.unit], {"host": json.dumps(socket.getfqdn()), "ip": json.dumps(address)}
            )
            if self._charm.unit.is_leader():
                request = {
                    "model": json.dumps(self._charm.model.name),
                    "name": json.dumps(self._charm.app.name),
                    "port": json.dumps(port),
                }
                if self._strip:
                    request["strip-prefix"] = "true"
                self._write(relation.data[self._charm.app], request)

    @staticmethod
    def _write(bag: ops.RelationDataContent, databag_content: dict[str, str]) -> None:
        for key, value in databag_content.items():
            if bag.get(key) != value:
                bag[key] = value
