"""Tests of several endpoints of one interface, and the prefixes of their variables."""

import dataclasses
import json
import typing

import pytest
from flask_scenario import Scenario, environment
from ops import testing
from test_integrations import MODEL, example_named, relation_of, replaced


def both(
    scenario: Scenario, first: dict[str, typing.Any], endpoint: str, *, change: tuple[str, str], only: str = ""
) -> testing.State:
    """Return a state with an example on its own endpoint and, with other data, on a second one; or on one of them."""
    text = json.dumps(first).replace(*change)
    for uri in first["secrets"]:
        text = text.replace(uri, f"{uri}x")
    second = replaced(json.loads(text), endpoint=endpoint)
    scenario.meta["requires"] = {
        # the second one is declared first
        endpoint: {"interface": first["interface"], "optional": True},
        first["endpoint"]: {"interface": first["interface"], "optional": True},
        **({} if first["interface"] == "ingress" else {"ingress": {"interface": "ingress"}}),
    }
    relations = {
        relation_of(each, remote_app_name=f"provider-{number}")
        for number, each in enumerate((first, second))
        if only in ("", each["endpoint"])
    }
    key = scenario.secret()
    secrets = {testing.Secret(content, id=uri) for uri, content in {**first["secrets"], **second["secrets"]}.items()}
    return scenario.state(relations={scenario.peer(key), *relations}, secrets={key, *secrets}, model=MODEL)


def ran(scenario: Scenario, state: testing.State) -> testing.State:
    return scenario.run(scenario.context().on.config_changed(), state)


@pytest.mark.parametrize(
    ("name", "endpoint", "change", "variables"),
    [
        (
            "s3",
            "backups",
            ("flask-bucket", "backup-bucket"),
            {"S3_BUCKET": "flask-bucket", "BACKUPS_BUCKET": "backup-bucket"},
        ),
        (
            "redis",
            "sessions",
            ("redis-k8s-0", "other-0"),
            {"SESSIONS_HOSTNAME": "other-0.redis-k8s-endpoints.test-model.svc.cluster.local"},
        ),
        (
            "tracing",
            "audit",
            ("tempo.test-model", "audit.test-model"),
            {
                "OTEL_EXPORTER_OTLP_ENDPOINT": "http://tempo.test-model.svc.cluster.local:4318",
                "AUDIT_EXPORTER_OTLP_ENDPOINT": "http://audit.test-model.svc.cluster.local:4318",
                "AUDIT_SERVICE_NAME": "flask-k8s",
            },
        ),
        (
            "http-proxy",
            "abroad",
            ("squid.test", "abroad.test"),
            {
                "http_proxy": "http://proxyuser:proxyPass01@squid.test:3128",
                "ABROAD_HTTP_PROXY": "http://proxyuser:proxyPass01@abroad.test:3128",
            },
        ),
        (
            "valkey",
            "cache-db",
            ("vkPass01", "vkPass02"),
            {"CACHE_DB_PASSWORD": "vkPass02", "VALKEY_DB_PASSWORD": "vkPass01"},
        ),
        (
            "ingress",
            "public",
            ("juju.test", "public.test"),
            {
                "FLASK_BASE_URL": "http://juju.test/test-model-flask-k8s",
                "PUBLIC_BASE_URL": "http://public.test/test-model-flask-k8s",
                "PUBLIC_BASE_PATH": "/test-model-flask-k8s",
            },
        ),
    ],
)
def test_the_default_endpoint_keeps_its_prefix_and_others_use_their_name(
    scenario: Scenario, name: str, endpoint: str, change: tuple[str, str], variables: dict[str, str]
) -> None:
    after = ran(scenario, both(scenario, example_named(name), endpoint, change=change))

    assert after.unit_status == testing.ActiveStatus()
    assert {variable: environment(after).get(variable) for variable in variables} == variables


def test_all_variables_of_a_second_valkey_start_with_its_name(scenario: Scenario) -> None:
    state = both(scenario, example_named("valkey"), "cache-db", change=("vkPass01", "vkPass02"))

    variables = environment(ran(scenario, state))

    assert {"CACHE_DB_MODE", "CACHE_DB_VERSION", "VALKEY_MODE", "VALKEY_VERSION"} <= variables.keys()
    assert "CACHE_MODE" not in variables


def test_two_oauth_providers_have_their_own_variables(scenario: Scenario) -> None:
    for endpoint in ("oidc", "staff"):
        scenario.meta["config"]["options"] |= {
            f"{endpoint}-scopes": {"type": "string", "default": "openid"},
            f"{endpoint}-redirect-path": {"type": "string", "default": f"/{endpoint}/callback"},
        }
    oauth = example_named("oauth")
    state = both(scenario, oauth, "staff", change=("oauthSecret01", "staffSecret01"))
    state = dataclasses.replace(state, relations={*state.relations, relation_of(example_named("ingress"))})

    after = ran(scenario, state)

    variables = environment(after)
    assert (variables["FLASK_OIDC_CLIENT_SECRET"], variables["FLASK_STAFF_CLIENT_SECRET"]) == (
        "oauthSecret01",
        "staffSecret01",
    )
    redirects = {each.endpoint: each.local_app_data.get("redirect_uri", "") for each in after.relations}
    assert redirects["oidc"].endswith("/oidc/callback")
    assert redirects["staff"].endswith("/staff/callback")


def test_another_ingress_sets_the_address_without_the_default_one(scenario: Scenario) -> None:
    state = both(scenario, example_named("ingress"), "public", change=("juju.test", "public.test"), only="public")

    variables = environment(ran(scenario, state))

    assert variables["FLASK_BASE_URL"] == variables["PUBLIC_BASE_URL"] == "http://public.test/test-model-flask-k8s"


def test_another_ingress_does_not_replace_the_default_one(scenario: Scenario) -> None:
    state = both(scenario, example_named("ingress"), "public", change=("juju.test", "public.test"))
    silent = {
        dataclasses.replace(each, remote_app_data={}) if each.endpoint == "ingress" else each
        for each in typing.cast("frozenset[testing.Relation]", state.relations)
    }

    variables = environment(ran(scenario, dataclasses.replace(state, relations=silent)))

    assert variables["FLASK_BASE_URL"] == "http://flask-k8s.test-model:8000"
    assert variables["PUBLIC_BASE_URL"] == "http://public.test/test-model-flask-k8s"


def test_endpoints_that_would_set_the_same_variables_block(scenario: Scenario) -> None:
    state = both(scenario, example_named("mysql-secret"), "mysql-db", change=("mysql-k8s-primary", "mysql-k8s-other"))

    assert ran(scenario, state).unit_status == testing.BlockedStatus(
        "endpoints mysql and mysql-db would both set MYSQL_DB_… (rename one in charmcraft.yaml)"
    )


def test_a_required_login_waits_for_the_ingress(scenario: Scenario) -> None:
    oauth = example_named("oauth-without-ingress")
    scenario.meta["requires"] = {
        "ingress": {"interface": "ingress"},
        "oidc": {"interface": "oauth", "optional": False},
    }
    key = scenario.secret()
    secrets = {testing.Secret(content, id=uri) for uri, content in oauth["secrets"].items()}
    relations = {
        scenario.peer(key),
        relation_of(oauth),
        relation_of(example_named("ingress"), remote_app_data={}, remote_app_name="traefik-k8s"),
    }

    after = ran(scenario, scenario.state(relations=relations, secrets={key, *secrets}, model=MODEL))

    assert after.unit_status == testing.WaitingStatus("waiting for traefik-k8s to provide ingress")
