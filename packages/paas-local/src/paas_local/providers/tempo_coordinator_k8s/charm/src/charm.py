#!/usr/bin/env python3
"""A charm that runs a receiver of traces, and publishes its address."""

import itertools
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

import ops

if TYPE_CHECKING:  # where a type checker finds it; in a packed charm it is next to this file
    from paas_local.providers.common import provider
else:
    import provider

PORT = 4318
PROTOCOL = "otlp_http"
DEFAULT_LIMIT = 100


class TempoCharm(provider.ProviderCharm):
    """A receiver of OTLP over HTTP, which all clients share."""

    endpoints = ("tracing",)

    def __init__(self, framework: ops.Framework) -> None:
        super().__init__(framework)
        framework.observe(self.on["list-spans"].action, self._list_spans)
        framework.observe(self.on["list-receivers"].action, self._list_receivers)

    def server(self) -> provider.Server:
        """Describe the receiver."""
        command = f"/bin/python3 /tempo/server.py --port {PORT}"
        return provider.Server(container="tempo", command=command, port=PORT)

    def publish(self, relation: ops.Relation) -> None:
        """Write the address of the receiver; as with the real charm, to all clients if one of them requests it."""
        protocols = _read(relation)
        requested = self._requested()
        if protocols is None and PROTOCOL not in requested:
            return
        receiver = {"protocol": {"name": PROTOCOL, "type": "http"}, "url": self._url}
        receivers = [receiver] if PROTOCOL in requested else []
        provider.write(relation.data[self.app], {"receivers": json.dumps(receivers)})
        if others := sorted({*(protocols or ())} - {PROTOCOL}):
            raise provider.RefusedError(
                f"{relation.app.name} asks to send traces by {', '.join(others)}; only {PROTOCOL} is supported"
            )

    @property
    def _url(self) -> str:
        return f"http://{self.host}:{PORT}"

    def _requested(self) -> frozenset[str]:
        """Return the protocols that clients request."""
        return frozenset(name for _, names in self.requests(_read) for name in names)

    def _list_receivers(self, event: ops.ActionEvent) -> None:
        event.set_results({PROTOCOL.replace("_", "-"): self._url} if PROTOCOL in self._requested() else {})

    def _list_spans(self, event: ops.ActionEvent) -> None:
        service = event.params.get("service")

        def spans() -> Iterator[dict[str, object]]:
            matching = (span for span in provider.ask(PORT, "/spans") if service in {None, span["service"]})
            for span in itertools.islice(matching, event.params.get("limit", DEFAULT_LIMIT)):
                fields = {key: span[key] for key in ("service", "name", "status")}
                yield {**fields, "trace-id": span["trace"], "duration": f"{span['duration']:.3f}ms"}

        self.answer(event, "spans", spans)


def _read(relation: ops.Relation) -> list[str] | None:
    """Read the protocols that a client requests; None until it has written any."""
    text = relation.data[relation.app].get("receivers")
    if text is None:
        return None
    try:
        names: object = json.loads(text)
    except json.JSONDecodeError:
        names = None
    if not isinstance(names, list):
        raise provider.invalid(relation, f"receivers (must be a JSON list of names, not {text[:100]!r})")
    return [str(name) for name in cast("list[object]", names)]


if __name__ == "__main__":
    ops.main(TempoCharm)
