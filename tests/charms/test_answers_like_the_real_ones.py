"""Tests of built-in providers against recordings of the real ones: the same keys, and the same states in between."""

import json
import typing

import ops
import providers
import pytest
from ops import testing
from relating import RECORDINGS, Document

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
"""Provider → recording, container."""
OURS = {"leader-host", "event", "mode"}
"""Keys that the charm or another part of the library writes, but not the recorded provider class."""
THEIRS = {
    "promtail_binary_zip_url",  # Promtail is not built in
    "domain",  # an option of the mail server
    "user",  # the built-in proxy trusts a client's address
}
"""Keys that a built-in provider leaves out."""


def stage(name: str, recording: str) -> Document:
    document = json.loads((RECORDINGS / f"{recording}.json").read_text())
    return next(each for each in document["stages"] if each["stage"] == name)


def keys(databag: typing.Mapping[str, str]) -> set[str]:
    """Return the keys, and those of the answers that a list of them has."""
    texts = [databag[name] for name in ("requests", "responses", "receivers") if name in databag]
    answers = [answer for text in texts for answer in json.loads(text)]
    return {*databag, *(key for answer in answers for key in answer)} - {
        "egress-subnets",
        "ingress-address",
        "private-address",
    }


def related(provider: str, recorded: Document) -> testing.Relation:
    (endpoint,) = providers.metadata(provider)["provides"]
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

    written, expected = keys(after.local_app_data), keys(recorded["remote"]["app"])
    assert written - expected <= OURS
    assert expected - written <= THEIRS
    assert keys(after.local_unit_data) == keys(recorded["remote"]["units"]["0"])


@pytest.mark.parametrize(
    ("provider", "recording", "container"),
    [("s3-integrator", "s3-s3-6", "s3"), ("valkey", "valkey_client-interfaces-1.2.2", "valkey")],
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
