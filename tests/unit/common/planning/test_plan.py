"""The draft, what is published in any case, and the plan that completes the draft."""

import dataclasses
import json
import typing

import builders
import pytest
from builders import IDENTITY, KEY, SHOP, facts_of, ingress, option, postgresql, related, unrelated
from paas_common.integrations import BUILT_IN, Context
from paas_common.planning import plan
from paas_common.planning.migration import REQUEST, TURN
from paas_common.values import environment
from paas_common.values.environment import SecretText, Variable
from paas_common.values.facts import Databags, Endpoint, Facts, Observability, ObservabilityRelation, Peers
from paas_common.values.framework import FrameworkSpec
from paas_common.values.status import Blocked, Waiting
from paas_common.values.workload import File, Migration, Workload
from paas_django.framework import DJANGO
from paas_fastapi.framework import FASTAPI
from paas_flask.framework import FLASK
from paas_go.framework import GO

METRICS = ObservabilityRelation(
    endpoint="metrics-endpoint", interface="prometheus_scrape", app="prometheus", id=9, address="10.0.0.1"
)
LOKI = ObservabilityRelation(
    endpoint="logging",
    interface="loki_push_api",
    app="loki",
    id=10,
    units={"loki/0": {"endpoint": '{"url": "http://loki:3100/push"}'}},
)
CHAIN = '["-----BEGIN CERTIFICATE-----\\nMIIBexample\\n-----END CERTIFICATE-----"]'
S3 = related("s3", "s3", {"access-key": "a", "secret-key": "s", "bucket": "b", "tls-ca-chain": CHAIN})
PROXIES = {"http": "http://proxy", "no": "localhost"}
PROXY_DATA = {
    "responses": json.dumps([{"status": "ready", "http_proxy": "http://squid", "https_proxy": "http://squid"}])
}
DJANGO_HOSTS = {
    "DJANGO_ALLOWED_HOSTS": '["shop.demo"]',
    "DJANGO_CSRF_TRUSTED_ORIGINS": '["http://shop.demo:8000"]',
    "DJANGO_DEBUG": "false",
}


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        pytest.param(
            FLASK,
            {
                "FLASK_BASE_URL": "http://shop.demo:8000",
                "FLASK_METRICS_PATH": "/metrics",
                "FLASK_METRICS_PORT": "9102",
                "FLASK_PREFERRED_URL_SCHEME": "HTTPS",
                "FLASK_SECRET_KEY": KEY,
            },
            id="flask",
        ),
        pytest.param(
            DJANGO,
            {
                "DJANGO_BASE_URL": "http://shop.demo:8000",
                "DJANGO_METRICS_PATH": "/metrics",
                "DJANGO_METRICS_PORT": "9102",
                "DJANGO_SECRET_KEY": KEY,
                **DJANGO_HOSTS,
            },
            id="django",
        ),
        pytest.param(
            FASTAPI,
            {
                "APP_BASE_URL": "http://shop.demo:8000",
                "APP_SECRET_KEY": KEY,
                "METRICS_PATH": "/metrics",
                "METRICS_PORT": "8000",
                "UVICORN_HOST": "0.0.0.0",
                "UVICORN_LOG_LEVEL": "info",
                "UVICORN_PORT": "8000",
                "WEB_CONCURRENCY": "1",
            },
            id="fastapi",
        ),
        pytest.param(
            GO,
            {
                "APP_BASE_URL": "http://shop.demo:8080",
                "APP_METRICS_PATH": "/metrics",
                "APP_METRICS_PORT": "8080",
                "APP_PORT": "8080",
                "APP_SECRET_KEY": KEY,
                "METRICS_PATH": "/metrics",
                "METRICS_PORT": "8080",
                "PORT": "8080",
            },
            id="go",
        ),
    ],
)
def test_a_framework_without_options_has_these_variables(spec: FrameworkSpec, expected: dict[str, str]) -> None:
    variables = builders.variables(spec, facts_of(spec))

    assert {name: text for name, text in variables.items() if not name.startswith("POSTGRESQL_DB_")} == expected


@pytest.mark.parametrize(
    ("more", "name", "text", "overridden"),
    [
        pytest.param(
            {"options": (option("secret-key", "mine"),)},
            "SHOP_SECRET_KEY",
            "mine",
            ("the generated secret key",),
            id="an-option-over-the-generated-key",
        ),
        pytest.param(
            {"options": (option("secret-key", "mine"), option("shop-secret-key", "key"))},
            "SHOP_SECRET_KEY",
            "key",
            ("option secret-key",),
            id="the-option-for-the-key-over-an-option-of-its-variable",
        ),
        pytest.param(
            {"options": (option("base-url", "http://mine"),)},
            "SHOP_BASE_URL",
            "http://shop.demo:8000",
            ("option base-url",),
            id="the-charm-over-an-option",
        ),
        pytest.param(
            {"options": (option("peer-fqdns", "mine"),), "peers": Peers(others={"shop/1": {}})},
            "SHOP_PEER_FQDNS",
            "shop-1.shop-endpoints.demo.svc.cluster.local",
            ("option peer-fqdns",),
            id="the-peers-over-an-option",
        ),
        pytest.param(
            {"proxies": PROXIES, "endpoints": (related("http-proxy", "http_proxy", PROXY_DATA),)},
            "HTTP_PROXY",
            "http://squid",
            ("model-config juju-http-proxy",),
            id="an-integration-over-the-model",
        ),
    ],
)
def test_a_later_source_overrides_an_earlier_one(
    more: dict[str, typing.Any], name: str, text: str, overridden: tuple[str, ...]
) -> None:
    draft, _ = builders.drafted(SHOP, facts_of(**more))

    variable = draft.environment[name]
    assert (variable.text, variable.overridden) == (text, overridden)


def test_proxies_of_the_model_are_set_in_lower_and_upper_case() -> None:
    variables = builders.variables(SHOP, facts_of(proxies=PROXIES))

    assert {name: text for name, text in variables.items() if name.lower().endswith("_proxy")} == {
        "http_proxy": "http://proxy",
        "HTTP_PROXY": "http://proxy",
        "no_proxy": "localhost",
        "NO_PROXY": "localhost",
    }


def test_the_other_units_are_sorted_and_a_single_unit_has_none() -> None:
    peers = Peers(others={"shop/2": {}, "shop/1": {}})

    assert builders.variables(SHOP, facts_of(peers=peers))["SHOP_PEER_FQDNS"] == (
        "shop-1.shop-endpoints.demo.svc.cluster.local,shop-2.shop-endpoints.demo.svc.cluster.local"
    )
    assert "SHOP_PEER_FQDNS" not in builders.variables(SHOP, facts_of())


@pytest.mark.parametrize("joined", [(), ("shop/0",), ("shop/0", "shop/2", "shop/3")])
def test_the_other_units_are_those_that_juju_plans(joined: tuple[str, ...]) -> None:
    peers = Peers(others={unit: {} for unit in joined})
    facts = facts_of(identity=builders.follower(1), peers=peers, planned_units=3)

    assert builders.variables(SHOP, facts)["SHOP_PEER_FQDNS"] == (
        "shop-0.shop-endpoints.demo.svc.cluster.local,shop-2.shop-endpoints.demo.svc.cluster.local"
    )


@pytest.mark.parametrize("spec", builders.FRAMEWORKS)
def test_an_ingress_sets_the_base_url_and_its_path(spec: FrameworkSpec) -> None:
    databases = (postgresql(),) if spec.requires_database else ()

    variables = builders.variables(spec, facts_of(spec, ingress("https://example.com/demo-shop"), *databases))

    assert variables[f"{spec.env_prefix}BASE_URL"] == "https://example.com/demo-shop"
    assert variables[f"{spec.env_prefix}BASE_PATH"] == "/demo-shop"


def test_the_server_s_variables_extend_those_of_the_image_and_the_options() -> None:
    services = {"fastapi": {"command": "uvicorn", "environment": {"PYTHONPATH": "/image"}}}
    facts = facts_of(
        FASTAPI,
        container=builders.container(FASTAPI, services=services),
        paas_config="framework_logging_format: json",
    )

    assert builders.variables(FASTAPI, facts)["PYTHONPATH"] == "/tmp/fastapi/log_config:/image"


@pytest.mark.parametrize(
    ("name", "is_default"),
    [pytest.param("tracing", True, id="default-endpoint"), pytest.param("further", False, id="further-endpoint")],
)
def test_only_the_default_tracing_endpoint_configures_the_server(name: str, is_default: bool) -> None:
    receivers = {"receivers": '[{"protocol": {"name": "otlp_http"}, "url": "http://tempo:4318"}]'}
    other = unrelated("further" if is_default else "tracing", "tracing", optional=True)
    facts = facts_of(FLASK, related(name, "tracing", receivers), other)

    (file,) = builders.drafted(FLASK, facts)[0].files

    assert ("send_traces" in file.content) is is_default


def test_the_context_is_the_application_as_it_is_about_to_run() -> None:
    facts = facts_of(SHOP, ingress("https://example.com/shop"), options=(option("greeting", "hi"),))

    draft, _ = builders.drafted(SHOP, facts)

    context = draft.context
    assert (context.app, context.unit, context.model, context.leader) == ("shop", "shop/0", "demo", True)
    assert (context.port, context.base_url, context.app_dir) == (8000, "https://example.com/shop", "/shop")
    assert context.options == {"greeting": "hi"}
    assert context.environment == environment.plain(draft.environment)


def test_an_own_integration_that_sets_the_base_url_changes_it_in_the_context() -> None:
    def env(data: builders.QueueData, _: Context) -> dict[str, str]:
        return {"SHOP_BASE_URL": data.url}

    own = dataclasses.replace(builders.QUEUE, env=env)

    draft, _ = builders.drafted(
        SHOP, facts_of(SHOP, related("queue", "queue", {"url": "http://q"})), builders.known(own)
    )

    assert draft.context.base_url == "http://q"
    assert draft.base_url == "http://shop.demo:8000"


def test_the_charm_s_methods_must_not_write_the_charm_s_files() -> None:
    draft, _ = builders.drafted(FLASK, facts_of(FLASK, S3))

    assert draft.charm_paths == {
        "/flask/gunicorn.conf.py",
        "/tmp/flask/state/s3/ca.pem",
        "/tmp/flask/state/charm.json",
    }


@pytest.mark.parametrize(
    ("facts", "port"),
    [
        pytest.param(facts_of(options=(option("shop-port", 80, type="int"),), container=None), 80, id="no-pebble"),
        pytest.param(facts_of(options=(option("shop-port", 0, type="int"),)), None, id="invalid-options"),
    ],
)
def test_requests_are_published_although_the_application_cannot_run(facts: Facts, port: int | None) -> None:
    rabbitmq = related("rabbitmq", "rabbitmq")

    outcome, published = plan.draft(SHOP, dataclasses.replace(facts, endpoints=(rabbitmq,)), BUILT_IN)

    assert isinstance(outcome, Blocked | Waiting)
    assert published.requests == {"rabbitmq": {"username": "shop", "vhost": "/"}}
    assert published.port == port


@pytest.mark.parametrize(
    ("value", "keys"),
    [
        pytest.param(80, {"scrape_jobs", "scrape_metadata", "alert_rules"}, id="valid-options"),
        pytest.param(0, {"scrape_metadata", "alert_rules"}, id="no-scrape-jobs-with-invalid-options"),
    ],
)
def test_observability_databags_are_published_in_any_case(value: int, keys: set[str]) -> None:
    facts = facts_of(
        options=(option("shop-port", value, type="int"),), observability=Observability(relations=(METRICS,))
    )

    _, published = plan.draft(SHOP, facts, BUILT_IN)

    (databags,) = published.observability_databags
    assert databags.relation_id == METRICS.id
    assert set(databags.app) == keys


def test_an_invalid_file_for_an_observability_relation_does_not_stop_the_application() -> None:
    facts = facts_of(observability=Observability(relations=(METRICS,), unused_files=("cos_custom/notes.txt",)))

    _, published = builders.drafted(SHOP, facts)

    assert published.problems == (
        Blocked(
            "cos_custom/notes.txt is not read (cos_custom may have grafana_dashboards, loki_alert_rules, "
            "prometheus_alert_rules)"
        ),
    )


def test_a_failing_integration_of_the_charm_is_published_with_its_traceback() -> None:
    def fail(_: Databags, __: Context) -> typing.NoReturn:
        raise RuntimeError("no queue")

    known = builders.known(dataclasses.replace(builders.QUEUE, parse=fail))

    _, published = plan.draft(SHOP, facts_of(SHOP, related("queue", "queue", {"url": "q"})), known)

    (text,) = published.tracebacks
    assert "RuntimeError: no queue" in text


@pytest.mark.parametrize("spec", builders.FRAMEWORKS)
def test_the_workload_is_complete(spec: FrameworkSpec) -> None:
    workload = builders.workload(spec, facts_of(spec))

    service = workload.services[spec.name]
    assert workload.service == spec.name
    assert (service["command"], service["startup"]) == (builders.COMMANDS[spec.name], "enabled")
    assert service["environment"] == environment.plain(workload.environment)
    assert (workload.app_dir, workload.state_dir, workload.user) == (spec.app_dir, spec.state_dir, "_daemon_")
    assert workload.ports == {spec.ports.app}
    assert workload.layer["checks"]["answers"]["tcp"] == {"port": spec.ports.app}
    assert workload.migration is None
    assert not workload.calls_after_start


def test_gunicorn_has_a_file_that_is_checked_before_it_is_used() -> None:
    workload = builders.workload(FLASK, facts_of(FLASK))

    (file,) = workload.files
    (check,) = workload.checks
    assert file.candidate in check.command


def test_the_worker_class_replaces_that_of_the_image_s_command() -> None:
    facts = facts_of(FLASK, options=(option("webserver-worker-class", "gevent"),))

    workload = builders.workload(FLASK, facts)

    assert str(workload.services["flask"]["command"]).endswith("-k [ gevent ]")
    assert len(workload.checks) == 2


def complete(facts: Facts, /, **additions: typing.Any) -> plan.Plan:
    """Return the plan with the additions of a charm class."""
    draft, _ = builders.drafted(SHOP, facts)
    return plan.complete(draft, dataclasses.replace(builders.unchanged(draft), **additions))


def test_the_charm_s_additions_are_part_of_the_workload() -> None:
    variables = environment.merge([[Variable(name="A", value="1", source="Charm.environment")]])
    file = File(path="/etc/shop", content="x")

    outcome = complete(facts_of(SHOP, S3), environment=variables, files=(file,), ports=(9999,)).outcome

    assert isinstance(outcome, Workload)
    assert outcome.services["shop"]["environment"] == {"A": "1"}
    assert [each.path for each in outcome.files] == ["/state/s3/ca.pem", "/etc/shop"]
    assert outcome.ports == {8000, 9999}


def test_a_variable_of_the_charm_that_no_process_can_get_blocks() -> None:
    variables = environment.merge([[Variable(name="A", value="\0", source="Charm.environment")]])

    assert complete(facts_of(), environment=variables).outcome == Blocked(
        "invalid value of Charm.environment (must be UTF-8 text without NUL characters)"
    )


def test_a_charm_that_overrides_after_start_is_noted() -> None:
    draft, _ = builders.drafted(SHOP, facts_of())

    outcome = plan.complete(draft, builders.unchanged(draft), calls_after_start=True).outcome

    assert isinstance(outcome, Workload)
    assert outcome.calls_after_start


@pytest.mark.parametrize(
    ("number", "idle"), [pytest.param(0, (), id="first-unit"), pytest.param(1, ("cron-scheduler",), id="second-unit")]
)
def test_schedulers_are_idle_on_all_units_but_one(number: int, idle: tuple[str, ...]) -> None:
    peers = Peers(others={f"shop/{1 - number}": {}})
    services = {"shop": {"command": "serve"}, "cron-scheduler": {"command": "cron"}}
    facts = facts_of(
        identity=builders.follower(number),
        peers=peers,
        planned_units=2,
        container=builders.container(services=services),
    )

    assert builders.workload(SHOP, facts).idle == idle


@pytest.mark.parametrize("forwards", [True, False])
def test_logs_are_forwarded_if_pebble_can(forwards: bool) -> None:
    facts = facts_of(observability=Observability(relations=(LOKI,), forwards_logs=forwards, juju_version="3.3.0"))

    assert list(builders.workload(SHOP, facts).log_targets) == (["loki/0"] if forwards else [])


def test_the_leader_takes_the_turn_and_migrates_in_the_same_event() -> None:
    result = builders.planned(SHOP, facts_of(SHOP, postgresql(), container=builders.container(SHOP, "migrate.sh")))

    assert isinstance(result.outcome, Workload)
    assert isinstance(result.outcome.migration, Migration)
    assert result.outcome.migration.command == ("bash", "-eo", "pipefail", "migrate.sh")
    assert result.notes.app[TURN] == f"shop/0 {result.outcome.migration.fingerprint}"


def test_a_follower_asks_for_the_turn_and_waits() -> None:
    facts = facts_of(identity=builders.follower(), container=builders.container(SHOP, "migrate.sh"))

    result = builders.planned(SHOP, facts)

    assert result.outcome == Waiting("waiting for the turn to migrate the database")
    assert result.notes.unit[REQUEST]
    assert not result.notes.app


@pytest.mark.parametrize(
    ("endpoints", "same"),
    [
        pytest.param((postgresql(endpoints="other:1"),), True, id="another-address-of-the-database"),
        pytest.param((postgresql(database="other"),), False, id="another-database"),
        pytest.param((postgresql(), postgresql("users")), False, id="one-more-database"),
    ],
)
def test_a_new_database_is_migrated(endpoints: tuple[Endpoint, ...], same: bool) -> None:
    def fingerprint(*related: Endpoint) -> str:
        facts = facts_of(SHOP, *related, container=builders.container(SHOP, "migrate.sh"))
        migration = builders.workload(SHOP, facts).migration
        assert migration
        return migration.fingerprint

    assert (fingerprint(postgresql()) == fingerprint(*endpoints)) is same


@pytest.mark.parametrize("spec", builders.FRAMEWORKS)
def test_the_same_facts_have_the_same_plan(spec: FrameworkSpec) -> None:
    facts = facts_of(spec, S3, postgresql(), ingress(), peers=Peers(others={"shop/1": {}}), identity=IDENTITY)

    assert builders.planned(spec, facts) == builders.planned(spec, facts)


def test_the_secret_key_is_secret() -> None:
    draft, _ = builders.drafted(SHOP, facts_of())

    assert draft.environment["SHOP_SECRET_KEY"].value == SecretText(KEY)
