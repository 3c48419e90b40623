"""Our side of a relation, step by step: a leader and a follower of one application, and what they write."""

import dataclasses
import json
import pathlib
import typing
import unittest.mock

from flask_scenario import Scenario, healthy
from ops import testing
from test_integrations import example_named, relation_of

RECORDINGS: typing.Final = pathlib.Path(__file__).parent / "fixtures/handshakes"
PROVIDED: typing.Final = {"prometheus_scrape", "grafana_dashboard"}
"""Interfaces that our charm provides."""
LOGS: typing.Final = "loki_push_api"
JUJU_KEYS: typing.Final = {"egress-subnets", "ingress-address", "private-address"}
MODEL: typing.Final = testing.Model("test-model", type="kubernetes", uuid="c0ffee00-0000-4000-8000-000000000000")
FIRST: typing.Final = 9001
"""Id of the first relation; ``ops.testing`` numbers the others from 1."""
REMOTE: typing.Final = "provider"
AUTHORS_FILES: typing.Final = {
    "paas-config.yaml": "prometheus: {scrape_configs: [{job_name: celery, static_configs: [{targets: ['*:9808']}]}]}",
    "cos_custom/prometheus_alert_rules/slow.rule": "alert: Slow\nexpr: shop_wait{%%juju_topology%%} > 1\n",
    "cos_custom/loki_alert_rules/shop.yaml": "groups: [{name: sales, rules: [{alert: Refund, expr: vector(1)}]}]",
    "cos_custom/grafana_dashboards/shop.json": '{"title": "Shop", "panels": []}',
}
"""Files of a charm's author, which change what Prometheus, Loki and Grafana read."""
Document = dict[str, typing.Any]


@dataclasses.dataclass
class Unit:
    """One unit of our application."""

    scenario: Scenario
    endpoint: str
    state: testing.State
    alone: Document
    """The unit's view before the relation."""

    @classmethod
    def start(cls, root: pathlib.Path, meta: Document, endpoint: str, interface: str, *, number: int) -> "Unit":
        """Start an application that runs: on unit 0, the leader, the endpoint becomes a required one afterwards."""
        for folder in ("base/app", "tmp"):
            (root / folder).mkdir(parents=True)
        role = "provides" if interface in PROVIDED else "requires"
        others = [example_named("ingress")] if interface == "oauth" else []
        declared = {each["endpoint"]: {"interface": each["interface"]} for each in others}
        meta = {**meta, "requires": dict(declared), "provides": {}}
        meta[role][endpoint] = {"interface": interface, "optional": True}
        scenario = Scenario(meta=meta, root=root, unit=number)
        key = scenario.secret()
        state = scenario.state(
            leader=number == 0,
            relations={scenario.peer(key), *(relation_of(each) for each in others)},
            secrets={key},
            model=MODEL,
            planned_units=2,
        )
        unit = cls(
            scenario=scenario,
            endpoint=endpoint,
            state=healthy(scenario.run(scenario.context().on.config_changed(), state)),
            alone={},
        )
        unit.alone = unit._view()
        meta[role][endpoint]["optional"] = number > 0
        return unit

    def run(self, event: object) -> None:
        """Run an event, on a machine with the pod's name."""
        name = f"flask-k8s-{self.scenario.unit}.flask-k8s-endpoints.test-model.svc.cluster.local"
        with unittest.mock.patch("socket.getfqdn", return_value=name):
            self.state = healthy(self.scenario.run(event, self.state))

    def relation(self, number: int) -> testing.Relation:
        """Return the relation with a number."""
        return next(each for each in self.state.relations if each.id == number and isinstance(each, testing.Relation))

    def replaced(self, relation: testing.Relation) -> set[testing.RelationBase]:
        """Return all relations, one of them changed."""
        return {relation, *(each for each in self.state.relations if each.id != relation.id)}

    def view(self) -> Document:
        """Return the status and, while the application runs, what the relation has changed in the container."""
        after = self._view()
        if after["status"] != "active":
            return {"status": after["status"]}
        changed = {
            kind: {name: value for name, value in after[kind].items() if self.alone[kind].get(name) != value}
            for kind in ("environment", "files", "log_targets")
        }
        return {"status": after["status"], **{kind: values for kind, values in changed.items() if values}}

    def _view(self) -> Document:
        (container,) = self.state.containers
        status = self.state.unit_status
        service = container.plan.services.get("flask")
        files = self.scenario.root / "tmp/state" / self.endpoint
        return {
            "status": f"{status.name}: {status.message}" if status.message else status.name,
            "environment": dict(service.environment) if service else {},
            "log_targets": {name: target.to_dict() for name, target in container.plan.log_targets.items()},
            "files": {
                str(path.relative_to(files)): path.read_text() for path in sorted(files.rglob("*")) if path.is_file()
            },
        }


class Application:
    """Our application at one endpoint; its two units see the same databags of the remote side."""

    def __init__(self, root: pathlib.Path, meta: Document, endpoint: str, interface: str) -> None:
        self.endpoint, self.interface, self.number = endpoint, interface, FIRST - 1
        self.units = [Unit.start(root / str(number), meta, endpoint, interface, number=number) for number in (0, 1)]

    def relate(self) -> None:
        """Relate an application without units yet."""
        self.number += 1
        related = testing.Relation(
            self.endpoint,
            interface=self.interface,
            id=self.number,
            remote_app_name=REMOTE,
            remote_units_data={},
            local_unit_data={},
        )
        for unit in self.units:
            unit.state = dataclasses.replace(unit.state, relations=unit.replaced(self._shared(related)))
            unit.run(unit.scenario.context().on.relation_created(unit.relation(self.number)))

    def join(self, units: dict[int, dict[str, str]]) -> None:
        """Run relation-joined and the relation-changed that follows it for each remote unit."""
        for unit in self.units:
            for number in units:
                related = dataclasses.replace(
                    unit.relation(self.number), remote_units_data={each: {} for each in range(number + 1)}
                )
                unit.state = dataclasses.replace(unit.state, relations=unit.replaced(self._shared(related)))
                on = unit.scenario.context().on
                unit.run(on.relation_joined(unit.relation(self.number), remote_unit=number))
                unit.run(on.relation_changed(unit.relation(self.number), remote_unit=number))

    def change(self) -> None:
        """Refresh the charm to one with its author's files, if the other side reads more than a request."""
        for unit in self.units if self.interface in {*PROVIDED, LOGS} else ():
            for name, text in AUTHORS_FILES.items():
                path = unit.scenario.root / "charm" / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            unit.run(unit.scenario.context().on.upgrade_charm())

    def receive(
        self, app: dict[str, str], units: dict[int, dict[str, str]], secrets: dict[str, dict[str, str]]
    ) -> bool:
        """Run the events of changed databags or secrets; return whether there were any."""
        changed = [self._receive(unit, app, units, secrets) for unit in self.units]
        return any(changed)

    def _receive(
        self, unit: Unit, app: dict[str, str], units: dict[int, dict[str, str]], secrets: dict[str, dict[str, str]]
    ) -> bool:
        on = unit.scenario.context().on
        before = unit.relation(self.number)
        known = {each.id: each for each in unit.state.secrets}
        changed = [uri for uri, content in secrets.items() if uri in known and known[uri].latest_content != content]
        added = {testing.Secret(content, id=uri) for uri, content in secrets.items() if uri not in known}
        rotated = {dataclasses.replace(known[uri], latest_content=secrets[uri]) for uri in changed}
        others = {each for each in unit.state.secrets if each.id not in changed}
        unit.state = dataclasses.replace(unit.state, secrets={*others, *added, *rotated})
        databags_changed = (before.remote_app_data, before.remote_units_data) != (app, units)
        if databags_changed:
            after = dataclasses.replace(before, remote_app_data=app, remote_units_data=units)
            unit.state = dataclasses.replace(unit.state, relations=unit.replaced(self._shared(after)))
            unit.run(on.relation_changed(unit.relation(self.number), remote_unit=min(units)))
        for uri in changed:
            unit.run(on.secret_changed(next(each for each in unit.state.secrets if each.id == uri)))
        return databags_changed or bool(changed)

    def end(self) -> None:
        """Break the relation, and remove the remote side's secrets."""
        for unit in self.units:
            unit.run(unit.scenario.context().on.relation_broken(unit.relation(self.number)))
            own = {each for each in unit.state.secrets if each.owner is not None}
            relations = {each for each in unit.state.relations if each.id != self.number}
            unit.state = dataclasses.replace(unit.state, relations=relations, secrets=own)

    def written(self) -> tuple[dict[str, str], dict[int, dict[str, str]]]:
        """Return our application databag and our units' databags."""
        relations = [unit.relation(self.number) for unit in self.units]
        databags = {number: dict(relation.local_unit_data) for number, relation in enumerate(relations)}
        return dict(relations[0].local_app_data), databags

    def noted(self) -> Document:
        """Return what is recorded of our databags."""
        app, units = self.written()
        return {"app": _own(app), "units": {str(number): _own(databag) for number, databag in units.items()}}

    def _shared(self, related: testing.Relation) -> testing.Relation:
        """Return the relation with the leader's application databag, which both units have."""
        leader = self.units[0].state
        before = next((each for each in leader.relations if each.id == related.id), None)
        return dataclasses.replace(related, local_app_data=dict(before.local_app_data)) if before else related

    def views(self) -> list[Document]:
        """Return the view of each unit."""
        return [unit.view() for unit in self.units]


def _own(databag: typing.Mapping[str, str]) -> dict[str, str]:
    """Return the databag without Juju's keys; of dashboards and alert rules, which other tests compare, the names."""
    texts = {name: value for name, value in databag.items() if name not in JUJU_KEYS}
    if "dashboards" in texts:
        texts["dashboards"] = ", ".join(sorted(json.loads(texts["dashboards"])["templates"]))
    if "alert_rules" in texts:
        texts["alert_rules"] = ", ".join(sorted(each["name"] for each in json.loads(texts["alert_rules"])["groups"]))
    return texts


STAGES: typing.Final = ("created", "waiting", "ready", "changed", "rotated", "broken", "related again")


def stage(
    name: str,
    application: Application,
    app: dict[str, str],
    units: dict[int, dict[str, str]],
    secrets: dict[str, dict[str, str]],
    read: object,
) -> Document:
    """Return one stage as it is recorded."""
    return {
        "stage": name,
        "remote": {"app": app, "units": {str(number): databag for number, databag in units.items()}},
        "secrets": secrets,
        "own": application.noted(),
        "units": application.views(),
        **({"read": read} if read is not None else {}),
    }
