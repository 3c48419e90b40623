"""Tests of every integration: related, changed, broken, and related again with the first data."""

import dataclasses
import json
import typing

import pytest
from flask_scenario import Scenario, relation
from frameworks import FRAMEWORKS
from ops import testing
from paas_common.integrations import BUILT_IN
from test_events_of_integrations import runs
from test_integrations import example_named, relation_of, replaced, state_of

VALKEY_REQUEST = "4be8724a07a5c71e"
"""Id of the request in the example, which the recorded answer names."""
CHANGES = {
    "postgresql-secret": ("pgPass01", "pgPass02"),
    "postgresql-plain": ("10.0.0.5", "10.0.0.6"),
    "mysql-secret": ("mysql-k8s-primary", "mysql-k8s-other"),
    "mongodb-secret": ("mgPass01", "mgPass02"),
    "redis": ("redis-k8s-0", "redis-k8s-1"),
    "valkey": ("vkPass01", "vkPass02"),
    "s3": ("flask-bucket", "another-bucket"),
    "saml": ("MIICfirstSigningCert==", "MIICnextSigningCert=="),
    "rabbitmq-k8s": ("rabbitmq-k8s-endpoints", "rabbitmq-k8s-others"),
    "rabbitmq-server": ("rmqPass01", "rmqPass02"),
    "smtp-secret": ("smtpPass01", "smtpPass02"),
    "smtp-legacy-plain": ("587", "465"),
    "tracing": ("4318", "4319"),
    "openfga": ("fgaToken01", "fgaToken02"),
    "oauth": ("oauthSecret01", "oauthSecret02"),
    "http-proxy": ("proxyPass01", "proxyPass02"),
    "ingress": ("juju.test", "elsewhere.test"),
}
"""Changed relation data of the provider, by example; each changes the application."""


@dataclasses.dataclass(kw_only=True)
class Round:
    """An application and one provider over several events."""

    scenario: Scenario
    state: testing.State

    def snapshot(self) -> str:
        """Return the application's services, in order, and its files."""
        (container,) = self.state.containers
        files = {
            str(path.relative_to(self.scenario.root)): path.read_text()
            for folder in ("base", "tmp")
            for path in sorted((self.scenario.root / folder).rglob("*"))
            if path.is_file()
        }
        services = {name: service.to_dict() for name, service in container.plan.services.items()}
        return json.dumps([services, files])

    def relate(self, example: dict[str, typing.Any]) -> None:
        """Integrate the provider, then run the event of its data."""
        on = self.scenario.context().on
        empty = relation_of(example, remote_app_data={}, remote_units_data={0: {}})
        self._update(empty)
        self._run(on.relation_created(empty))
        self._run(on.relation_joined(relation(self.state, example["endpoint"]), remote_unit=0))
        self.answer(example)

    def answer(self, example: dict[str, typing.Any]) -> None:
        """Change the relation data; a change of only a secret has the secret's own event."""
        before = relation(self.state, example["endpoint"])
        if example["interface"] == "valkey_client":
            (request,) = json.loads(before.local_app_data["requests"])
            example = json.loads(json.dumps(example).replace(VALKEY_REQUEST, request["request-id"]))
        written = relation_of(example, remote_app_name=before.remote_app_name)
        answered = dataclasses.replace(
            before, remote_app_data=written.remote_app_data, remote_units_data=written.remote_units_data
        )
        known = {each.id: each for each in self.state.secrets}
        news = [
            dataclasses.replace(known[uri], latest_content=content) if uri in known else testing.Secret(content, id=uri)
            for uri, content in example["secrets"].items()
            if uri not in known or known[uri].latest_content != content
        ]
        self.state = dataclasses.replace(self.state, secrets={*{**known, **{each.id: each for each in news}}.values()})
        self._update(answered)
        on = self.scenario.context().on
        if answered != before:
            self._run(on.relation_changed(answered, remote_unit=0))
        else:
            for secret in news:
                self._run(on.secret_changed(secret))

    def end(self, example: dict[str, typing.Any]) -> None:
        """Remove the relation and the provider's secrets."""
        self._run(self.scenario.context().on.relation_broken(relation(self.state, example["endpoint"])))
        self.state = dataclasses.replace(
            self.state,
            relations={each for each in self.state.relations if each.endpoint != example["endpoint"]},
            secrets={each for each in self.state.secrets if each.id not in example["secrets"]},
        )

    def _update(self, state: testing.Relation) -> None:
        others = {each for each in self.state.relations if each.id != state.id}
        self.state = dataclasses.replace(self.state, relations={*others, state})

    def _run(self, event: object) -> None:
        self.state = self.scenario.run(event, self.state)


def without(scenario: Scenario, example: dict[str, typing.Any], *, required: bool = False) -> Round:
    """Return an application that has every integration except the example's."""
    state = state_of(scenario, replaced(example, secrets={}))
    if required:
        scenario.meta["requires"][example["endpoint"]]["optional"] = False
    return Round(scenario=scenario, state=scenario.run(scenario.context().on.config_changed(), state))


def relate_again(scenario: Scenario, first: dict[str, typing.Any]) -> None:
    """Relate, change, break and relate again; compare the application."""
    old, new = CHANGES[first["name"]]
    way = without(scenario, first)
    at_first = way.snapshot()

    way.relate(first)
    related = way.snapshot()
    assert old in related
    assert new not in related

    way.answer(json.loads(json.dumps(first).replace(old, new)))
    changed = way.snapshot()
    assert new in changed
    assert old not in changed

    way.end(first)
    assert way.snapshot() == at_first
    assert way.state.unit_status == testing.ActiveStatus()

    way.relate(first)
    assert way.snapshot() == related
    assert way.state.unit_status == testing.ActiveStatus()


def test_every_interface_can_be_related_again() -> None:
    assert {example_named(name)["interface"] for name in CHANGES} == set(BUILT_IN)


@pytest.mark.parametrize("name", CHANGES)
def test_a_new_relation_has_the_same_result(scenario: Scenario, name: str) -> None:
    relate_again(scenario, example_named(name))


@pytest.mark.parametrize("case", FRAMEWORKS, indirect=True)
def test_a_new_relation_has_the_same_result_with_every_framework(framework: Scenario) -> None:
    relate_again(framework, replaced(example_named("redis"), also_related=[example_named("postgresql-plain")]))


@pytest.mark.parametrize("name", [name for name in CHANGES if name != "ingress"])
def test_the_application_stops_without_a_required_relation(scenario: Scenario, name: str) -> None:
    example = example_named(name)
    way = without(scenario, example, required=True)
    way.relate(example)
    related = way.snapshot()
    assert runs(way.state)

    way.end(example)
    assert not runs(way.state)
    assert isinstance(way.state.unit_status, testing.BlockedStatus)

    way.relate(example)
    assert runs(way.state)
    assert way.snapshot() == related
