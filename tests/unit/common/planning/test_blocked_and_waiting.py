"""Every reason to block or to wait, in the words that an operator reads."""

import dataclasses
import functools
import typing

import builders
import problem_places
import pydantic
import pytest
from builders import QUEUE, SHOP, facts_of, option, related, unrelated
from paas_common.integrations import BUILT_IN, Context, Integration, Integrations
from paas_common.planning import endpoints, migration, retries
from paas_common.values import environment
from paas_common.values.facts import (
    CommandFailure,
    Databags,
    Facts,
    ReadableSecret,
    UnavailableSecret,
    UnreadableSecret,
    UnrelatedEndpoint,
)
from paas_common.values.framework import FrameworkSpec
from paas_common.values.status import Blocked, Problem, Waiting
from paas_django.framework import DJANGO
from paas_flask.framework import FLASK
from paas_go.framework import GO

IMAGE_WITHOUT_K = builders.container(FLASK, services={"flask": {"command": "gunicorn app:app"}})


@dataclasses.dataclass(frozen=True, kw_only=True)
class Case:
    """Facts with one defect, and the problem that they must result in."""

    problem: Problem
    facts: Facts
    spec: FrameworkSpec = SHOP
    known: Integrations = BUILT_IN


def fails(_: Databags, __: Context) -> typing.NoReturn:
    raise RuntimeError("no such queue: s3cret-token")


def request_fails(_: Context) -> dict[str, str]:
    raise RuntimeError


FAILING = dataclasses.replace(QUEUE, parse=fails)
FAILING_REQUEST: Integration[typing.Any] = dataclasses.replace(QUEUE, request=request_fails)
QUEUE_DATA = {"url": "amqp://queue", "token": "s3cret-token"}

OPTIONS = {
    "a-required-option-without-value": Case(
        facts=facts_of(options=(option("bucket", required=True), option("region", required=True))),
        problem=Blocked("missing options: bucket, region (juju config shop bucket=<value> region=<value>)"),
    ),
    "a-secret-of-an-option-that-cannot-be-read-now": Case(
        facts=facts_of(
            options=(option("api", "secret:1", type="secret", secret=UnavailableSecret(uri="secret:1")),),
        ),
        problem=Waiting("waiting for Juju to return the secret of option api (it is read again at the next event)"),
    ),
    "an-unreadable-secret-of-an-option": Case(
        facts=facts_of(
            options=(option("api", "secret:1", type="secret", secret=UnreadableSecret(uri="secret:1")),),
        ),
        problem=Blocked(
            "option api names a secret that shop may not read or that does not exist (juju grant-secret secret:1 shop)"
        ),
    ),
    "a-secret-option-that-names-no-secret": Case(
        facts=facts_of(options=(option("api", "hunter2", type="secret"),)),
        problem=Blocked("invalid options: api (must be the id of a secret: secret:...)"),
    ),
    "options-that-break-a-rule": Case(
        facts=facts_of(options=(option("shop-workers", 0, type="int"), option("shop-port", 70000, type="int"))),
        problem=Blocked(
            "invalid options: shop-port (input should be less than or equal to 65535), "
            "shop-workers (input should be greater than or equal to 1)"
        ),
    ),
    "a-value-that-no-process-can-get": Case(
        facts=facts_of(options=(option("greeting", "a\0b"),)),
        problem=Blocked("invalid options: greeting (must be UTF-8 text without NUL characters)"),
    ),
    "two-secret-keys": Case(
        facts=facts_of(
            options=(
                option("shop-secret-key", "key"),
                option(
                    "shop-secret-key-id",
                    "secret:1",
                    type="secret",
                    secret=ReadableSecret(content={"value": "key"}),
                ),
            )
        ),
        problem=Blocked("invalid options: shop-secret-key, shop-secret-key-id (only one of the two may be set)"),
    ),
    "an-empty-secret-key": Case(
        facts=facts_of(options=(option("shop-secret-key", ""),)),
        problem=Blocked("invalid options: shop-secret-key (must not be empty)"),
    ),
    "a-secret-key-under-another-name": Case(
        facts=facts_of(
            options=(option("app-secret-key", "secret:1", type="secret", secret=ReadableSecret(content={"key": "k"})),)
        ),
        problem=Blocked("invalid options: app-secret-key (the secret must hold one key, value, that is not empty)"),
    ),
    "an-unreadable-secret-of-the-secret-key-is-one-reason": Case(
        facts=facts_of(
            options=(option("shop-secret-key-id", "secret:1", type="secret", secret=UnreadableSecret(uri="secret:1")),)
        ),
        problem=Blocked(
            "option shop-secret-key-id names a secret that shop may not read or that does not exist "
            "(juju grant-secret secret:1 shop)"
        ),
    ),
    "no-generated-secret-key-yet": Case(
        facts=facts_of(secret_key=None), problem=Waiting("Waiting for peer integration")
    ),
    "no-peer-endpoint": Case(
        facts=facts_of(peers=None, declares_peers=False),
        problem=Blocked(
            "the charm declares no peer relation (add peers: {peers: {interface: peers}} to charmcraft.yaml)"
        ),
    ),
    "no-peer-relation-yet": Case(facts=facts_of(peers=None), problem=Waiting("Waiting for peer integration")),
    "an-invalid-paas-config": Case(
        facts=facts_of(paas_config="port: 0"),
        problem=Blocked("invalid paas-config.yaml: port (input should be greater than or equal to 1)"),
    ),
    "a-paas-config-that-is-a-list": Case(
        facts=facts_of(paas_config="- port"),
        problem=Blocked("invalid paas-config.yaml: it must be a mapping of keys to values"),
    ),
    "json-log-lines-without-a-server": Case(
        spec=GO,
        facts=facts_of(GO, paas_config="framework_logging_format: json"),
        problem=Blocked(
            "invalid paas-config.yaml: framework_logging_format (go has no server that would write such lines)"
        ),
    ),
    "a-worker-class-that-the-command-cannot-get": Case(
        spec=FLASK,
        facts=facts_of(FLASK, options=(option("webserver-worker-class", "gevent"),), container=IMAGE_WITHOUT_K),
        problem=Blocked(
            "option webserver-worker-class needs a -k argument in the service's command, as rockcraft's extension "
            "writes it; add it in rockcraft.yaml or juju config --reset webserver-worker-class"
        ),
    ),
}
ENDPOINTS = {
    "required-endpoints-without-relation": Case(
        facts=facts_of(SHOP, unrelated("redis", "redis"), unrelated("s3", "s3")),
        problem=Blocked(
            "missing integrations: redis, s3 (juju integrate shop redis-k8s; juju integrate shop s3-integrator)",
            stop=True,
        ),
    ),
    "one-of-two-endpoints-without-relation": Case(
        facts=facts_of(SHOP, unrelated("cache", "redis"), unrelated("queue", "redis", optional=True)),
        problem=Blocked("missing integrations: cache (juju integrate shop:cache redis-k8s)", stop=True),
    ),
    "a-required-endpoint-of-an-unknown-interface-without-relation": Case(
        facts=dataclasses.replace(
            facts_of(SHOP, unrelated("redis", "redis")),
            unrelated=(UnrelatedEndpoint(name="station", interface="weather_station"),),
        ),
        problem=Blocked(
            "missing integrations: redis, station (juju integrate shop redis-k8s; "
            "juju integrate shop:station <a provider of weather_station>)",
            stop=True,
        ),
    ),
    "a-provider-that-has-written-nothing": Case(
        facts=facts_of(SHOP, related("redis", "redis", provider="my-redis")),
        problem=Waiting("waiting for my-redis to provide redis", stop=True),
    ),
    "a-secret-of-a-provider-that-is-not-granted-yet": Case(
        facts=facts_of(
            SHOP,
            related("postgresql", "postgresql_client", {"endpoints": "pg:5432"}, unreadable=("secret-user",)),
        ),
        problem=Waiting("waiting for provider to provide postgresql", stop=True),
    ),
    "a-secret-of-an-endpoint-that-cannot-be-read-now": Case(
        facts=facts_of(
            SHOP,
            related("postgresql", "postgresql_client", {"endpoints": "pg:5432"}, unavailable=("secret-user",)),
        ),
        problem=Waiting("waiting for Juju to return a secret of postgresql (it is read again at the next event)"),
    ),
    "invalid-relation-data": Case(
        facts=facts_of(SHOP, related("redis", "redis", {"leader-host": "r"}, units=({"port": "0"},))),
        problem=Blocked("Invalid redis relation data from provider: port (input should be greater than or equal to 1)"),
    ),
    "an-endpoint-whose-charm-library-is-missing": Case(
        facts=facts_of(SHOP, dataclasses.replace(builders.ingress(), missing_library="charms.traefik_k8s.v2.ingress")),
        problem=Blocked(
            "integration ingress needs the charm library charms.traefik_k8s.v2.ingress, which the charm lacks "
            "(charmcraft fetch-libs, then pack and refresh the charm)"
        ),
    ),
    "options-that-an-integration-refuses": Case(
        facts=facts_of(
            SHOP,
            related("oidc", "oauth", optional=True),
            builders.ingress(),
            options=(option("oidc-scopes", "email"),),
        ),
        problem=Blocked("invalid options: oidc-scopes (must contain openid)"),
    ),
    "an-integration-that-needs-an-ingress": Case(
        facts=facts_of(SHOP, related("oidc", "oauth"), unrelated("ingress", "ingress", optional=True)),
        problem=Blocked(
            "integration oidc needs an ingress, so that browsers reach the application "
            "(juju integrate shop traefik-k8s); waiting for provider to provide oidc",
            stop=True,
        ),
    ),
    "an-ingress-that-is-needed-and-has-no-url-yet": Case(
        facts=facts_of(
            SHOP,
            related("oidc", "oauth"),
            related("ingress", "ingress", provider="traefik", optional=True),
        ),
        problem=Waiting("waiting for traefik to provide ingress; waiting for provider to provide oidc", stop=True),
    ),
    "endpoints-with-one-prefix": Case(
        facts=facts_of(
            SHOP,
            unrelated("mysql", "mysql_client", optional=True),
            unrelated("mysql-db", "redis", optional=True),
            unrelated("redis", "redis", optional=True),
        ),
        problem=Blocked(
            "endpoints mysql and mysql-db would both set MYSQL_DB_… (rename one in charmcraft.yaml)", stop=True
        ),
    ),
    "an-integration-of-the-charm-that-raises": Case(
        facts=facts_of(SHOP, related("queue", "queue", QUEUE_DATA)),
        known=builders.known(FAILING),
        problem=Blocked(
            "the charm's own integration queue failed: RuntimeError: no such queue: *** "
            "(the traceback is in juju debug-log)"
        ),
    ),
    "an-integration-of-the-charm-whose-request-raises": Case(
        facts=facts_of(SHOP, related("queue", "queue", QUEUE_DATA)),
        known=builders.known(FAILING_REQUEST),
        problem=Blocked("the charm's own integration queue failed: RuntimeError (the traceback is in juju debug-log)"),
    ),
    "a-framework-that-requires-a-database-and-has-an-optional-one": Case(
        spec=DJANGO,
        facts=facts_of(DJANGO, unrelated("postgresql", "postgresql_client", optional=True)),
        problem=Blocked(
            "Django requires a database integration to work (juju integrate shop:postgresql postgresql-k8s)", stop=True
        ),
    ),
    "a-framework-that-requires-a-database-and-has-a-choice": Case(
        spec=DJANGO,
        facts=facts_of(
            DJANGO,
            unrelated("postgresql", "postgresql_client", optional=True),
            unrelated("mysql", "mysql_client", optional=True),
        ),
        problem=Blocked(
            "Django requires a database integration to work (juju integrate shop:postgresql postgresql-k8s or "
            "juju integrate shop:mysql mysql-k8s)",
            stop=True,
        ),
    ),
    "a-framework-that-requires-a-database-and-declares-none": Case(
        spec=DJANGO,
        facts=facts_of(DJANGO, unrelated("redis", "redis", optional=True)),
        problem=Blocked(
            "Django requires a database integration to work (the charm declares none: add one of postgresql_client, "
            "mysql_client, mongodb_client to charmcraft.yaml)",
            stop=True,
        ),
    ),
    "a-framework-that-requires-a-database-and-waits-for-an-optional-one": Case(
        spec=DJANGO,
        facts=facts_of(DJANGO, related("postgresql", "postgresql_client", provider="pg", optional=True)),
        problem=Waiting("waiting for pg to provide postgresql", stop=True),
    ),
}
CONTAINER = {
    "a-pebble-that-cannot-be-reached": Case(
        facts=facts_of(container=None), problem=Waiting("Waiting for pebble ready")
    ),
    "an-image-without-the-service": Case(
        facts=facts_of(container=builders.container(services={"web": {}, "cron": {}})),
        problem=Blocked(
            "the image has no service shop (it has: cron, web); build it with rockcraft's shop-framework extension"
        ),
    ),
    "an-image-without-services": Case(
        facts=facts_of(container=builders.container(services={})),
        problem=Blocked(
            "the image has no service shop (it has: none); build it with rockcraft's shop-framework extension"
        ),
    ),
}


def failed(attempts: int, output: str = "") -> CommandFailure:
    """Return a failure of the migration that the image with ``migrate.py`` needs, in the same environment."""
    draft, _ = builders.drafted(SHOP, facts_of())
    return CommandFailure(
        fingerprint=migration.fingerprint(builders.container(), ()),
        environment=environment.digest(environment.plain(draft.environment)),
        attempts=attempts,
        at=0.0,
        output=output,
    )


MIGRATION = {
    "another-unit-migrates": Case(
        facts=facts_of(container=builders.container(SHOP, "migrate.py"), identity=builders.follower()),
        problem=Waiting("waiting for the turn to migrate the database"),
    ),
    "a-failed-migration": Case(
        facts=facts_of(container=builders.container(SHOP, "migrate.py", failures={"migration": failed(2, "no table")})),
        problem=Waiting(
            "migration failed: python3 migrate.py: no table (attempt 2; it is tried again at a later event, at once "
            "when the configuration changes)"
        ),
    ),
    "a-migration-that-failed-three-times": Case(
        facts=facts_of(container=builders.container(SHOP, "migrate.py", failures={"migration": failed(3)})),
        problem=Blocked(
            "migration failed: python3 migrate.py (attempt 3; it is tried again at a later event, at once when the "
            "configuration changes)"
        ),
    ),
}


def failed_check() -> CommandFailure:
    """Return a failure of Flask's check with the files and the environment of the same facts."""
    desired = builders.workload(FLASK, facts_of(FLASK))
    return CommandFailure(
        fingerprint=retries.check_fingerprint(desired),
        environment=retries.environment_digest(desired),
        attempts=1,
        at=0.0,
        output="webserver configuration check failed: no module app",
    )


BEFORE_START = {
    "a-check-that-has-just-failed": Case(
        spec=FLASK,
        facts=facts_of(FLASK, container=builders.container(FLASK, failures={"check": failed_check()})),
        problem=Blocked("webserver configuration check failed: no module app"),
    ),
    "a-step-before-the-start-that-has-just-failed": Case(
        facts=facts_of(
            container=builders.container(
                SHOP,
                "before-start.sh",
                failures={"before-start": dataclasses.replace(failed(1, "no space"), fingerprint="image")},
            )
        ),
        problem=Waiting(
            "the step before the start failed: bash -eo pipefail before-start.sh: no space (attempt 1; it is tried "
            "again at a later event, at once when the configuration changes)"
        ),
    ),
}
CASES = {**OPTIONS, **ENDPOINTS, **CONTAINER, **MIGRATION, **BEFORE_START}


def solve(case: Case) -> Problem:
    return builders.problem(case.spec, case.facts, case.known)


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in CASES.items()])
def test_a_defect_has_one_problem_with_words_for_the_operator(case: Case) -> None:
    assert solve(case) == case.problem


@pytest.mark.parametrize("spec", builders.FRAMEWORKS)
@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        pytest.param({"container": None}, Waiting("Waiting for pebble ready"), id="no-pebble"),
        pytest.param({"secret_key": None}, Waiting("Waiting for peer integration"), id="no-secret-key"),
        pytest.param(
            {"options": (option("name", required=True),)},
            Blocked("missing options: name (juju config shop name=<value>)"),
            id="missing-option",
        ),
    ],
)
def test_frameworks_share_their_problems(spec: FrameworkSpec, changes: dict[str, typing.Any], problem: Problem) -> None:
    assert builders.problem(spec, facts_of(spec, **changes)) == problem


def test_all_problems_are_in_one_status_with_blocked_ones_first() -> None:
    facts = facts_of(
        SHOP,
        related("redis", "redis", provider="my-redis"),
        unrelated("s3", "s3"),
        options=(option("name", required=True),),
        container=None,
    )

    assert builders.problem(SHOP, facts) == Blocked(
        "missing options: name (juju config shop name=<value>); "
        "missing integrations: s3 (juju integrate shop s3-integrator); "
        "waiting for my-redis to provide redis; Waiting for pebble ready",
        stop=True,
    )


def test_the_value_that_breaks_a_rule_of_the_charm_is_masked() -> None:
    def refuse(databags: Databags, _: Context) -> builders.QueueData:
        return Refusing.model_validate(databags.app)

    known = builders.known(dataclasses.replace(QUEUE, parse=refuse))
    facts = facts_of(SHOP, related("queue", "queue", {"url": "amqp://secret"}))

    assert builders.problem(SHOP, facts, known) == Blocked(
        "Invalid queue relation data from provider: url (not a queue: ***)"
    )


class Refusing(builders.QueueData):
    """A model of a charm whose validator shows the value."""

    @pydantic.field_validator("url")
    @classmethod
    def check_url(cls, url: str) -> str:
        raise ValueError(f"not a queue: {url}")


def test_every_place_that_blocks_or_waits_is_reached_by_a_case() -> None:
    expressions = problem_places.expressions()
    reached = {place for case in CASES.values() for place in problem_places.reached(functools.partial(solve, case))}

    assert expressions
    assert [str(each) for each in expressions if not reached & each.places] == []


def test_every_integration_that_checks_options_has_a_case() -> None:
    checking = {each for each, value in BUILT_IN.items() if value.check_options is not QUEUE.check_options}
    reasons = {reason for case in CASES.values() for reason in case.problem.reason.split("; ")}

    refused: set[str] = set()
    for case in CASES.values():
        for read in endpoints.read(case.spec, case.facts, case.known, "http://shop"):
            if read.related and read.integration.check_options(read.context) in reasons:
                refused.add(read.endpoint.interface)

    assert refused == checking
