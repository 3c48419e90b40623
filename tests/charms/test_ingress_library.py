"""Tests of the ingress library: of the stand-in, and of the real library if it is present.

The real library is found in the ``lib`` folders of the examples, or in the folder ``INGRESS_LIB``.
"""

import importlib.util
import inspect
import json
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import ops
import pytest
from ops import testing

HERE = Path(__file__).parent
FILE = Path("charms/traefik_k8s/v2/ingress.py")
LIBS = [HERE / "stand_ins", *HERE.parent.parent.glob("examples/*/charm/lib"), Path(os.environ.get("INGRESS_LIB", ""))]
LIBRARIES = [lib / FILE for lib in LIBS if (lib / FILE).is_file()]
OPTIONAL = {"is_port_open"}
"""Keys that only newer versions write."""


@pytest.fixture(params=LIBRARIES, ids=str)
def library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("ingress_library", request.param)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, module.__name__, module)  # its dataclasses look for their module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def context(library: ModuleType) -> testing.Context[ops.CharmBase]:
    """Return the context of a charm that requires an ingress."""

    class Charm(ops.CharmBase):
        def __init__(self, framework: ops.Framework) -> None:
            super().__init__(framework)
            self.ingress: Any = library.IngressPerAppRequirer(self, relation_name="ingress", strip_prefix=True)
            framework.observe(self.on.update_status, self._publish)
            framework.observe(self.ingress.on.ready, self._ready)
            framework.observe(self.ingress.on.revoked, self._revoked)

        def _publish(self, _: ops.EventBase) -> None:
            self.ingress.provide_ingress_requirements(port=self.config["port"])

        def _ready(self, event: Any) -> None:
            self.unit.status = ops.ActiveStatus(event.url)
            assert self.ingress.is_ready()
            assert self.ingress.url == event.url

        def _revoked(self, _: ops.EventBase) -> None:
            self.unit.status = ops.MaintenanceStatus("revoked")

    return testing.Context(
        Charm,
        meta={"name": "web", "requires": {"ingress": {"interface": "ingress", "limit": 1}}},
        config={"options": {"port": {"type": "int", "default": 8000}}},
        juju_version="3.6.11",
    )


def state(*, leader: bool = True, remote: dict[str, str] | None = None) -> testing.State:
    model = testing.Model("demo", type="kubernetes")
    return testing.State(leader=leader, relations={client(remote)}, model=model)


def client(remote: dict[str, str] | None = None) -> testing.Relation:
    return testing.Relation("ingress", interface="ingress", id=7, remote_app_data=remote or {})


def parameters(function: Callable[..., Any]) -> dict[str, Any]:
    return {name: each.default for name, each in inspect.signature(function).parameters.items()}


def test_has_the_names_that_charms_use(library: ModuleType):
    requirer = library.IngressPerAppRequirer

    arguments = parameters(requirer.__init__)
    assert {"relation_name": "ingress", "port": None, "strip_prefix": False}.items() <= arguments.items()
    assert "port" in parameters(requirer.provide_ingress_requirements)
    assert issubclass(requirer.on.ready.event_type, ops.RelationEvent)
    assert issubclass(requirer.on.revoked.event_type, ops.RelationEvent)
    assert (requirer.on.ready.event_type.__name__, requirer.on.revoked.event_type.__name__) == (
        "IngressPerAppReadyEvent",
        "IngressPerAppRevokedEvent",
    )


def test_the_leader_writes_the_application_databag(context: testing.Context[ops.CharmBase]):
    after = context.run(context.on.update_status(), state()).get_relation(7)

    request = {key: value for key, value in after.local_app_data.items() if key not in OPTIONAL}
    assert request == {"model": '"demo"', "name": '"web"', "port": "8000", "strip-prefix": "true"}
    assert {key: type(json.loads(after.local_unit_data[key])) for key in ("host", "ip")} == {"host": str, "ip": str}
    assert json.loads(after.local_unit_data["ip"]) == "192.0.2.0"


def test_a_follower_writes_only_its_address(context: testing.Context[ops.CharmBase]):
    after = context.run(context.on.update_status(), state(leader=False)).get_relation(7)

    assert not after.local_app_data
    assert {"host", "ip"} <= after.local_unit_data.keys()


@pytest.mark.parametrize("leader", [True, False])
def test_everything_is_written_again_at_each_call(
    context: testing.Context[ops.CharmBase], monkeypatch: pytest.MonkeyPatch, leader: bool
):
    first = context.run(context.on.update_status(), state(leader=leader))
    removed: list[str] = []
    delete = ops.RelationDataContent.__delitem__

    def watched(databag: ops.RelationDataContent, key: str) -> None:
        removed.append(key)
        delete(databag, key)

    monkeypatch.setattr(ops.RelationDataContent, "__delitem__", watched)

    after = context.run(context.on.update_status(), first)

    keys = {"model", "name", "port", "strip-prefix"} if leader else set[str]()
    assert set(removed) >= keys | {"host", "ip"}
    assert after.get_relation(7).local_unit_data == first.get_relation(7).local_unit_data


def test_the_highest_port_is_refused(context: testing.Context[ops.CharmBase]):
    before = replace(state(), config={"port": 65535})

    with pytest.raises(testing.errors.UncaughtCharmError, match="DataValidationError"):
        context.run(context.on.update_status(), before)


def test_an_address_emits_ready(context: testing.Context[ops.CharmBase]):
    before = state(remote={"ingress": '{"url": "http://host/demo-web"}'})

    after = context.run(context.on.relation_changed(before.get_relation(7)), before)

    assert after.unit_status == testing.ActiveStatus("http://host/demo-web")


def test_the_same_address_emits_ready_once(context: testing.Context[ops.CharmBase]):
    before = state(remote={"ingress": '{"url": "http://host/demo-web"}'})
    ready = context.run(context.on.relation_changed(before.get_relation(7)), before)
    context.emitted_events.clear()

    context.run(context.on.relation_changed(ready.get_relation(7)), ready)

    assert "ready" not in {event.handle.kind for event in context.emitted_events}


@pytest.mark.parametrize("app", [{}, {"ingress": "null"}])
def test_a_missing_address_emits_nothing(context: testing.Context[ops.CharmBase], app: dict[str, str]):
    before = state(remote=app)

    after = context.run(context.on.relation_changed(before.get_relation(7)), before)

    assert after.unit_status == testing.UnknownStatus()


def test_a_revoked_address_emits_revoked(context: testing.Context[ops.CharmBase]):
    before = state(remote={"ingress": '{"url": "http://host/demo-web"}'})

    after = context.run(context.on.relation_broken(before.get_relation(7)), before)

    assert after.unit_status == testing.MaintenanceStatus("revoked")
