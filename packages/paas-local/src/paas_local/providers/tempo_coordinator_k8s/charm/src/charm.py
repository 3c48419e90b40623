#!/usr/bin/env python3
"""Keeps a receiver of traces running, and tells clients where it is."""

import itertools
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

import ops

if TYPE_CHECKING:  # where a type checker finds it; in a packed charm it is beside this file
    from paas_local.providers.common import provider
else:
    import provider

PORT = 4318
PROTOCOL = "otlp_http"
SHOWN = 100


class TempoCharm(provider.ProviderCharm):
    """A receiver of OTLP over HTTP, which all clients share."""

    endpoints = ("tracing",)

    def __init__(self, framework: ops.Framework) -> None:
        super().__init__(framework)
        framework.observe(self.on["list-spans"].action, self._list_spans)

    def server(self) -> provider.Server:
        """Run it."""
        command = f"/bin/python3 /tempo/server.py --port {PORT}"
        return provider.Server(container="tempo", command=command, port=PORT)

    def publish(self, relation: ops.Relation) -> None:
        """Tell the address of what is asked for, and can be had."""
        text = relation.data[relation.app].get("receivers")
        if text is None:
            return
        asked = _protocols(text)
        if asked is None:
            raise provider.RefusedError(
                f"{relation.app.name} asks for receivers that are no JSON list of names: {text[:100]!r}"
            )
        receiver = {"protocol": {"name": PROTOCOL, "type": "http"}, "url": f"http://{self.host}:{PORT}"}
        told = [receiver] if PROTOCOL in asked else []
        provider.write(relation.data[self.app], {"receivers": json.dumps(told)})
        if others := sorted({*asked} - {PROTOCOL}):
            raise provider.RefusedError(
                f"{relation.app.name} asks to send traces by {', '.join(others)}; only {PROTOCOL} is received here"
            )

    def _list_spans(self, event: ops.ActionEvent) -> None:
        service = event.params.get("service")

        def spans() -> Iterator[dict[str, object]]:
            of_service = (each for each in provider.ask(PORT, "/spans") if service in {None, each["service"]})
            for each in itertools.islice(of_service, event.params.get("limit", SHOWN)):
                named = {key: each[key] for key in ("service", "name", "status")}
                yield {**named, "trace-id": each["trace"], "duration": f"{each['duration']:.3f}ms"}

        self.answer(event, "spans", spans)


def _protocols(text: str) -> list[str] | None:
    try:
        names: object = json.loads(text)
    except json.JSONDecodeError:
        return None
    return [str(name) for name in cast("list[object]", names)] if isinstance(names, list) else None


if __name__ == "__main__":
    ops.main(TempoCharm)
