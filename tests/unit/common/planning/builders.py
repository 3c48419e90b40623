"""Facts with good defaults: one unit of one application whose options, endpoints and container are in order."""

import dataclasses
import typing

import pydantic
import pytest
from paas_common.integrations import BUILT_IN, Context, Integration, Integrations
from paas_common.planning import plan
from paas_common.planning.plan import Draft, Plan, Published
from paas_common.values.environment import EnvOverrides
from paas_common.values.extension import Additions
from paas_common.values.facts import (
    ContainerState,
    Databags,
    Endpoint,
    Facts,
    Identity,
    Option,
    OptionValue,
    Peers,
    Relation,
    StrMap,
)
from paas_common.values.framework import MIGRATIONS, FrameworkSpec, Ports
from paas_common.values.settings import MetricsSettings, Port
from paas_common.values.status import Blocked, Problem, Waiting
from paas_common.values.workload import Workload
from paas_django.framework import DJANGO
from paas_fastapi.framework import FASTAPI
from paas_flask.framework import FLASK
from paas_go.framework import GO

GUNICORN = "/bin/python3 -m gunicorn -c /{0}/gunicorn.conf.py app:app -k [ sync ]"
COMMANDS = {
    "flask": GUNICORN.format("flask"),
    "django": GUNICORN.format("django"),
    "fastapi": "/bin/python3 -m uvicorn app:app",
    "go": "notes",
}
FRAMEWORKS = [pytest.param(spec, id=spec.name) for spec in (FLASK, DJANGO, FASTAPI, GO)]
KEY = "generated-secret-key"
IDENTITY = Identity(app="shop", unit="shop/0", model="demo", leader=True)


class ShopSettings(MetricsSettings):
    """Options of a framework that exists in tests only."""

    workers: int | None = pydantic.Field(default=None, alias="shop-workers", ge=1)
    port: Port | None = pydantic.Field(default=None, alias="shop-port", exclude=True)


SHOP = FrameworkSpec(
    name="shop",
    settings=ShopSettings,
    env_prefix="SHOP_",
    option_env_prefix="SERVER_",
    port_variables=("PORT",),
    metrics_port_variables=("METRICS_PORT",),
    metrics_path_variables=("METRICS_PATH",),
    ports=Ports(app=8000, metrics=9000),
    app_dir="/shop",
    migrations=MIGRATIONS,
    state_dir="/state",
    key_option="shop-secret-key",
)
"""A framework without server whose prefixes all differ."""


class QueueData(pydantic.BaseModel):
    """Databag of the charm's own integration."""

    url: str = pydantic.Field(max_length=20)
    token: pydantic.SecretStr = pydantic.SecretStr("")


def parse_queue(databags: Databags, _: Context) -> QueueData | None:
    return QueueData.model_validate(databags.app) if databags.app else None


def queue_env(data: QueueData, context: Context) -> EnvOverrides:
    return {f"{context.env_prefix}_URL": data.url, f"{context.env_prefix}_TOKEN": data.token}


QUEUE = Integration(interface="queue", endpoint="queue", provider="queue-k8s", parse=parse_queue, env=queue_env)
"""The charm's own integration."""


def known(*own: Integration[typing.Any]) -> Integrations:
    return Integrations({integration.interface: integration for integration in own})


def option(name: str, value: OptionValue | None = None, **more: typing.Any) -> Option:
    return dataclasses.replace(Option(name=name, value=value, type="string"), **more)


def unrelated(name: str, interface: str, *, optional: bool = False) -> Endpoint:
    return Endpoint(name=name, interface=interface, optional=optional)


def related(
    name: str,
    interface: str,
    app: StrMap | None = None,
    /,
    *,
    provider: str = "provider",
    units: tuple[StrMap, ...] = (),
    secrets: dict[str, StrMap] | None = None,
    unreadable: tuple[str, ...] = (),
    unavailable: tuple[str, ...] = (),
    **more: typing.Any,
) -> Endpoint:
    """Return an endpoint with relation 7; ``more`` are fields of the endpoint."""
    databags = Databags(
        app=app or {}, units=units, secrets=secrets or {}, unreadable=unreadable, unavailable=unavailable
    )
    relation = Relation(app=provider, id=7, databags=databags)
    return Endpoint(name=name, interface=interface, relation=relation, **more)


def postgresql(name: str = "postgresql", **app: str) -> Endpoint:
    """Return a related PostgreSQL endpoint whose databag is complete."""
    databag = {"endpoints": "pg:5432", "username": "u", "password": "p", "database": "d", **app}
    return related(name, "postgresql_client", databag)


def ingress(url: str = "https://example.com/shop", name: str = "ingress") -> Endpoint:
    """Return a related ingress endpoint with a URL."""
    return related(name, "ingress", {"ingress": f'{{"url": "{url}"}}'} if url else {})


def container(spec: FrameworkSpec = SHOP, *files: str, **more: typing.Any) -> ContainerState:
    """Return the container of an image with these files; ``more`` are fields of its state."""
    services = {spec.name: {"override": "replace", "command": COMMANDS.get(spec.name, "serve")}}
    state = ContainerState(services=services, files=frozenset(files), fingerprint="image")
    return dataclasses.replace(state, **more)


def facts_of(spec: FrameworkSpec = SHOP, *endpoints: Endpoint, **more: typing.Any) -> Facts:
    """Return the facts of the leader, its container and its endpoints; ``more`` are further facts.

    A framework that requires a database is related to one, unless there are other endpoints.
    """
    default = (postgresql(),) if spec.requires_database and not endpoints else endpoints
    values = Facts(identity=IDENTITY, endpoints=default, peers=Peers(), secret_key=KEY, container=container(spec))
    return dataclasses.replace(values, **more)


def follower(number: int = 1) -> Identity:
    """Return a unit that is not the leader."""
    return dataclasses.replace(IDENTITY, unit=f"shop/{number}", leader=False)


def drafted(spec: FrameworkSpec, facts: Facts, integrations: Integrations = BUILT_IN) -> tuple[Draft, Published]:
    """Return the draft of an application that can run."""
    draft, published = plan.draft(spec, facts, integrations)
    assert isinstance(draft, Draft), draft
    return draft, published


def unchanged(draft: Draft) -> Additions:
    """Return the additions of a charm class that overrides no method."""
    return Additions(environment=draft.environment, context=draft.context)


def planned(spec: FrameworkSpec, facts: Facts, integrations: Integrations = BUILT_IN) -> Plan:
    """Return the plan of a charm class that overrides no method."""
    draft, _ = plan.draft(spec, facts, integrations)
    return plan.complete(draft, unchanged(draft)) if isinstance(draft, Draft) else Plan(outcome=draft)


def workload(spec: FrameworkSpec, facts: Facts, integrations: Integrations = BUILT_IN) -> Workload:
    """Return the workload of an application that can run."""
    outcome = planned(spec, facts, integrations).outcome
    assert isinstance(outcome, Workload), outcome
    return outcome


def problem(spec: FrameworkSpec, facts: Facts, integrations: Integrations = BUILT_IN) -> Problem:
    """Return why an application cannot run."""
    outcome = planned(spec, facts, integrations).outcome
    assert isinstance(outcome, Blocked | Waiting), outcome
    return outcome


def variables(spec: FrameworkSpec, facts: Facts, integrations: Integrations = BUILT_IN) -> dict[str, str]:
    """Return the application's environment as plain text."""
    draft, _ = drafted(spec, facts, integrations)
    return {name: variable.text for name, variable in draft.environment.items()}
