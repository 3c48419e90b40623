"""Tests of built-in providers against recordings of the real ones: the same keys, and the same states in between."""

import json

import ops
import providers
import pytest
import recorded_answers
from ops import testing
from recorded_answers import stage
from relating import Document

pytestmark = pytest.mark.usefixtures("answering")
CASES = {
    "hydra": ("oauth-oauth-12", "hydra"),
    "loki-k8s": ("loki_push_api-loki_push_api-30", "loki"),
    "redis-k8s": ("redis-redis-7", "redis"),
    "smtp-integrator": ("smtp-smtp-21", "smtp"),
    "squid-forward-proxy": ("http_proxy-http_proxy-2", "squid"),
    "tempo-coordinator-k8s": ("tracing-tracing-11", "tempo"),
    "traefik-k8s": ("ingress-ingress-21", "traefik"),
    "valkey": ("valkey_client-interfaces-1.2.2", "valkey"),
}
"""Provider → recording, container; the providers whose server is asked have this test in their own file."""


def related(provider: str, recorded: Document) -> testing.Relation:
    endpoint = next(iter(providers.metadata(provider)["provides"]))
    return testing.Relation(
        endpoint,
        interface=providers.metadata(provider)["provides"][endpoint]["interface"],
        id=7,
        remote_app_name="flask-k8s",
        remote_app_data=recorded["own"]["app"],
        remote_units_data={int(number): databag for number, databag in recorded["own"]["units"].items()},
    )


@pytest.mark.parametrize("provider", sorted(CASES))
def test_an_answer_has_the_keys_of_the_real_one(provider: str) -> None:
    recording, container = CASES[provider]
    recorded = stage("ready", recording)
    relation = related(provider, recorded)
    context = providers.context(provider)

    after = context.run(
        context.on.relation_changed(relation, remote_unit=0),
        providers.state(testing.Container(container, can_connect=True), relation),
    ).get_relation(7)

    recorded_answers.check_keys(after, recording)


@pytest.mark.parametrize(
    ("provider", "recording", "container"),
    [
        ("s3-integrator", "s3-s3-6", "s3"),
        ("squid-forward-proxy", "http_proxy-http_proxy-2", "squid"),
        ("valkey", "valkey_client-interfaces-1.2.2", "valkey"),
    ],
)
def test_a_provider_without_its_server_writes_what_the_real_one_writes_while_it_waits(
    provider: str, recording: str, container: str
) -> None:
    recorded = stage("waiting", recording)
    relation = related(provider, recorded)
    context: testing.Context[ops.CharmBase] = providers.context(provider)

    after = context.run(
        context.on.relation_changed(relation, remote_unit=0),
        providers.state(testing.Container(container, can_connect=False), relation),
    )

    assert isinstance(after.unit_status, testing.WaitingStatus)
    written = {name: text for name, text in after.get_relation(7).local_app_data.items() if name != "data"}
    expected = {name: text for name, text in recorded["remote"]["app"].items() if name != "data"}
    assert {name: _parsed(text) for name, text in written.items()} == {
        name: _parsed(text) for name, text in expected.items()
    }


def _parsed(text: str) -> object:
    """Return the answers in a JSON list without the resource, which the real one repeats only once it is ready."""
    if not text.startswith("["):
        return text
    return [{key: value for key, value in answer.items() if key != "resource"} for answer in json.loads(text)]
