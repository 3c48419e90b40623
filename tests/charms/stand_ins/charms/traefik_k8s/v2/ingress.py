"""Stand-in for the ingress library, which is not on a package index, with the same names and databags.

It has the part of the real library (LIBPATCH 21) that the charms use. ``test_ingress_library.py`` tests both, if the
real one is present.
"""

import json
import socket

import ops

LIBPATCH = 21
_HIGHEST_PORT = 65534


class DataValidationError(Exception):
    """Data that the databag must not have."""


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
    _stored = ops.StoredState()

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
        self._stored.set_default(current_url=None)
        events = charm.on[relation_name]
        for event in (events.relation_created, events.relation_joined, events.relation_changed):
            self.framework.observe(event, self._handle_relation)
        self.framework.observe(events.relation_broken, self._handle_relation_broken)

    @property
    def url(self) -> str | None:
        """Address of the application; None until the provider has written it."""
        return self._written_url()

    def _written_url(self) -> str | None:
        """Return the address in the databag.

        Raises ``DataValidationError`` for other data.
        """
        for relation in self._charm.model.relations[self._name]:
            text = relation.data[relation.app].get("ingress", "null")
            try:
                route = json.loads(text)
                return str(route["url"]) if route is not None else None
            except (ValueError, TypeError, LookupError) as error:
                raise DataValidationError("invalid ingress") from error
        return None

    def is_ready(self) -> bool:
        """Return whether there is an address."""
        try:
            return self._written_url() is not None
        except DataValidationError:
            return False

    def _handle_relation(self, event: ops.RelationEvent) -> None:
        if self._port is not None:
            self.provide_ingress_requirements(port=self._port)
        if self.is_ready() and self._stored.current_url != self._written_url():
            self._stored.current_url = self._written_url()
            self.on.ready.emit(event.relation, event.app, self._stored.current_url)

    def _handle_relation_broken(self, event: ops.RelationBrokenEvent) -> None:
        self._stored.current_url = None
        self.on.revoked.emit(event.relation, event.app)

    def provide_ingress_requirements(self, *, port: int) -> None:
        """Write the address on which the application listens; all keys are deleted and written again."""
        for relation in self._charm.model.relations[self._name]:
            if self._charm.unit.is_leader():
                self._write_request(relation, port)
            binding = self._charm.model.get_binding(relation)
            address = str(binding.network.bind_address) if binding else ""
            _replace(relation.data[self._charm.unit], {"host": json.dumps(socket.getfqdn()), "ip": json.dumps(address)})

    def _write_request(self, relation: ops.Relation, port: int) -> None:
        if not 0 < port <= _HIGHEST_PORT:
            raise DataValidationError("failed to validate app data")
        request = {
            "model": json.dumps(self._charm.model.name),
            "name": json.dumps(self._charm.app.name),
            "port": json.dumps(port),
        }
        if port in {each.port for each in self._charm.unit.opened_ports()}:
            request["is_port_open"] = "true"
        if self._strip:
            request["strip-prefix"] = "true"
        _replace(relation.data[self._charm.app], request)


def _replace(databag: ops.RelationDataContent, values: dict[str, str]) -> None:
    databag.clear()
    databag.update(values)
