"""The answers of the real charm libraries, for the tests of built-in providers."""

import json
import typing

from ops import testing
from relating import RECORDINGS, Document

OURS: typing.Final = {
    "loki_push_api": {"event"},
    "redis": {"leader-host"},
    "s3": {"s3-uri-style"},
    "saml": {"single_sign_on_service_post_binding", "single_sign_on_service_post_url"},
    "valkey_client": {"mode"},
}
"""Keys by interface that the charm or another part of the library writes, but not the recorded provider class."""
THEIRS: typing.Final = {
    "loki_push_api": {"promtail_binary_zip_url"},  # Promtail is not built in
    "mongodb_client": {"read-only-endpoints", "replset", "secret-tls"},  # FerretDB has no replicas
    "mysql_client": {"secret-tls"},
    "s3": {"attributes", "data", "tls-ca-chain"},  # options, and the library's bookkeeping
    "saml": {
        "single_logout_service_redirect_binding",
        "single_logout_service_redirect_response_url",
        "single_logout_service_redirect_url",
    },
    "smtp": {"domain"},  # an option
}
"""Keys by interface that a built-in provider leaves out; without TLS, it does not say so."""
JUJU: typing.Final = {"egress-subnets", "ingress-address", "private-address"}


def stage(name: str, recording: str) -> Document:
    """Return one stage of a recording."""
    document = json.loads((RECORDINGS / f"{recording}.json").read_text())
    return next(each for each in document["stages"] if each["stage"] == name)


def request(recording: str) -> dict[str, str]:
    """Return the application databag to which the real provider has answered."""
    return stage("ready", recording)["own"]["app"]


def check_keys(answered: testing.RelationBase, recording: str) -> None:
    """Compare the keys of an answer with those of the real provider's."""
    recorded = stage("ready", recording)["remote"]
    written, expected = keys(answered.local_app_data), keys(recorded["app"])
    assert written - expected == OURS.get(answered.interface or "", set())
    assert expected - written == THEIRS.get(answered.interface or "", set())
    assert keys(answered.local_unit_data) == keys(recorded["units"]["0"])


def keys(databag: typing.Mapping[str, str]) -> set[str]:
    """Return the keys, and those of the answers that a list of them has."""
    texts = [databag[name] for name in ("requests", "responses", "receivers") if name in databag]
    answers = [answer for text in texts for answer in json.loads(text)]
    return {*databag, *(key for answer in answers for key in answer)} - JUJU
