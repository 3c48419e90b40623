"""The operations on a model: those of an operator, and those that report a unit's pod.

Each function returns the changed model, or raises JujuError and nothing has changed. An operation never names an
event: the next hooks follow from the difference (``next_hook``).
"""

import dataclasses
from collections.abc import Collection, Mapping, Sequence

from paas_local.juju import charm_config, endpoint_matching, go_values, resources, storage
from paas_local.juju.charm import Charm, Endpoint
from paas_local.juju.errors import JujuError
from paas_local.juju.events import Event
from paas_local.juju.lifecycle import advance, remove_unit
from paas_local.juju.model import (
    Application,
    Model,
    Relation,
    RelationEnd,
    Status,
    Unit,
    named_application,
    named_unit,
    not_found,
    order,
    with_application,
    with_relation,
    with_unit,
)
from paas_local.juju.names import APPLICATION_NAME, MODEL_NAME
from paas_local.juju.version import AGENT_VERSIONS

MODEL_DEFAULTS = {
    "update-status-hook-interval": "5m",
    "automatically-retry-hooks": "true",
    "logging-config": "<root>=INFO",
    "juju-http-proxy": "",
    "juju-https-proxy": "",
    "juju-ftp-proxy": "",
    "juju-no-proxy": "127.0.0.1,localhost,::1",
}
AGENT_VERSION = "agent-version"
MODEL_OPTIONS = (*MODEL_DEFAULTS, AGENT_VERSION)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Request:
    """The application that an operator wants to deploy."""

    charm: Charm
    application: str
    resources: Mapping[str, str]
    config: Mapping[str, str]
    storage: Mapping[str, int] = dataclasses.field(default_factory=dict[str, int])
    trust: bool = False
    provider_id: str = ""


def add_model(name: str, uuid: str, now: float) -> Model:
    """Return a new, empty model."""
    if not MODEL_NAME.fullmatch(name):
        raise JujuError(
            f'"{name}" is not a valid name: model names may only contain lowercase letters, digits and hyphens'
        )
    return Model(name=name, uuid=uuid, since=now, config=MODEL_DEFAULTS)


def deploy(model: Model, request: Request, addresses: Sequence[str], now: float) -> Model:
    """Add an application, its peer relations, and one unit per address."""
    name = request.application
    _check_deploy(model, request)
    charm = dataclasses.replace(request.charm, revision=model.revisions.get(request.charm.name, 0))
    application = Application(
        name=name,
        charm=charm,
        scale=0,
        since=now,
        config=charm_config.parse(charm, request.config),
        trust=request.trust,
        resources=request.resources,
        uploaded=dict.fromkeys(request.resources, now),
        storage=request.storage,
        provider_id=request.provider_id,
    )
    revisions = {**model.revisions, charm.name: charm.revision + 1}
    model = with_application(dataclasses.replace(model, revisions=revisions), application)
    for endpoint in charm.endpoints.values():
        if endpoint.role == "peer":
            model = _relate_peers(model, name, endpoint)
    return add_units(model, name, addresses, now)


def refresh(model: Model, name: str, charm: Charm | None, attached: Mapping[str, str], now: float) -> Model:
    """Change the charm and the resources of an application; its units need new pods if they differ.

    Without a charm, and for each resource that is not in ``attached``, the present one stays.
    """
    before = _application(model, name)
    charm = charm or before.charm
    after = {**resources.kept(before, charm), **attached}
    _check_refresh(model, before, charm, after)
    revisions = model.revisions
    if charm.folder == before.charm.folder:
        charm = before.charm
    else:
        charm = dataclasses.replace(charm, revision=revisions.get(charm.name, 0))
        revisions = {**revisions, charm.name: charm.revision + 1}
    types = {name: option.type for name, option in before.charm.options.items()}
    unchanged = {name for name, option in charm.options.items() if types.get(name) == option.type}
    config = charm_config.without(before.config, before.config.keys() - unchanged)
    application = dataclasses.replace(resources.upload(before, after, now), charm=charm, config=config)
    if (charm, after) != (before.charm, before.resources):
        units = {key: dataclasses.replace(unit, pod=False) for key, unit in before.units.items()}
        application = dataclasses.replace(application, units=units)
    model = with_application(dataclasses.replace(model, revisions=revisions), application)
    for endpoint in charm.endpoints.values():
        if endpoint.role == "peer" and endpoint.name not in before.charm.endpoints:
            model = _relate_peers(model, name, endpoint)
    return model


def with_images(model: Model, name: str, images: Mapping[str, str], now: float) -> Model:
    """Record new images of an application's pods."""
    application = _application(model, name)
    return with_application(model, resources.upload(application, {**application.resources, **images}, now))


def add_units(model: Model, name: str, addresses: Sequence[str], now: float) -> Model:
    """Add one unit per address; each gets the lowest free number."""
    application = _application(model, name)
    for address in addresses:
        application = model.applications[name]
        number = next(n for n in range(len(application.units) + 1) if f"{name}/{n}" not in application.units)
        model, items = storage.with_new_unit(model, application)
        unit = Unit(
            name=f"{name}/{number}",
            address=address,
            storage=items,
            workload=Status(current="waiting", message="installing agent", since=now),
            agent=Status(current="allocating", since=now),
        )
        model = with_unit(model, unit)
        application = dataclasses.replace(model.applications[name], scale=application.scale + 1)
        model = with_application(model, application)
    return advance(model)


def remove_units(model: Model, name: str, count: int) -> Model:
    """Mark the units with the highest numbers as dying."""
    application = _application(model, name)
    alive = sorted((unit for unit in application.units.values() if unit.life == "alive"), key=_by_number)
    if not 0 < count <= len(alive):
        raise JujuError(f'cannot remove {count} units of "{name}": it has {len(alive)}')
    for unit in alive[-count:]:
        model = with_unit(model, dataclasses.replace(unit, life="dying"))
    application = model.applications[name]
    return advance(with_application(model, dataclasses.replace(application, scale=application.scale - count)))


def remove_applications(model: Model, names: Sequence[str]) -> Model:
    """Mark applications, their units and their relations as dying."""
    for name in names:
        if name not in model.applications:
            raise JujuError(f"removing application {name} failed: {not_found(model, name)}")
    for name in names:
        application = model.applications[name]
        units = {key: dataclasses.replace(unit, life="dying") for key, unit in application.units.items()}
        model = with_application(model, dataclasses.replace(application, life="dying", scale=0, units=units))
        for relation in model.relations_of(name):
            if not relation.peer:
                model = with_relation(model, dataclasses.replace(relation, life="dying"))
    return advance(model)


def destroy(model: Model) -> Model:
    """Mark the model and everything in it as dying."""
    return remove_applications(dataclasses.replace(model, life="dying"), tuple(model.applications))


def integrate(model: Model, first: str, second: str) -> Model:
    """Relate two applications."""
    ends = endpoint_matching.matching_ends(model, first, second)
    interface = _interface(model, ends[0])
    key = Relation(id=-1, interface=interface, ends=ends).key
    if before := next((relation for relation in model.relations.values() if relation.key == key), None):
        problem = "already exists" if before.life == "alive" else "is dying, but not yet removed"
        raise JujuError(
            f'cannot add relation "{key}"\nrelation {key} {problem}: \n\n'
            "Use 'juju status --relations' to view the current relations."
        )
    for end in ends:
        endpoint_matching.check_limit(model, end, key)
    return _relate(model, interface, ends)


def remove_relation(model: Model, ends: Sequence[str]) -> Model:
    """Mark a relation as dying; it is named by its two ends or by its id."""
    if len(ends) == 1 and ends[0].isdecimal():
        relation = model.relations.get(int(ends[0]))
    elif len(ends) == 2:  # noqa: PLR2004  # a relation has two ends
        relation = endpoint_matching.existing(model, ends[0], ends[1])
    else:
        raise JujuError("a relation must involve two applications", code=2)
    if relation is None:
        raise JujuError(f'relation matching "{" ".join(ends)}" not found (not found)')
    if relation.peer:
        raise JujuError(f'cannot remove relation "{relation.key}": it is a peer relation')
    return advance(with_relation(model, dataclasses.replace(relation, life="dying")))


def configure(model: Model, name: str, values: Mapping[str, str], reset: Sequence[str] = ()) -> Model:
    """Set and reset options; nothing changes if one of them is invalid."""
    application = _application(model, name)
    try:
        for option in reset:
            charm_config.declared(application.charm, option)
        changed = charm_config.parse(application.charm, values)
    except JujuError as error:
        raise JujuError(f"parsing settings for application: {error.message}") from None
    settings = {**charm_config.without(application.config, reset), **changed}
    return with_application(model, dataclasses.replace(application, config=settings))


def set_trust(model: Model, name: str, *, trust: bool) -> Model:
    """Set or remove the trust of an application, whose charm only sees that it changed."""
    return with_application(model, dataclasses.replace(_application(model, name), trust=trust))


def set_exposed(model: Model, name: str, *, exposed: bool) -> Model:
    """Mark an application as exposed or not, which only its status shows."""
    return with_application(model, dataclasses.replace(_application(model, name), exposed=exposed))


def configure_model(model: Model, values: Mapping[str, str]) -> Model:
    """Set model options; nothing changes if one of them is invalid."""
    changed = {key: _model_option(model, key, text) for key, text in values.items()}
    return dataclasses.replace(model, config={**model.config, **changed})


def resolve(model: Model, name: str, now: float, *, retry: bool) -> tuple[Model, Event | None]:
    """Make a failed hook due at once; without ``retry``, return its event, which the caller commits as done."""
    unit = named_unit(model, name)
    if unit.failure is None:
        raise JujuError(f'unit "{name}" is not in an error state')
    if not retry:
        return model, unit.failure.event
    failure = dataclasses.replace(unit.failure, retry_at=now)
    return with_unit(model, dataclasses.replace(unit, failure=failure)), None


def set_update_status_due(model: Model, name: str) -> Model:
    """Record that an update-status hook is due."""
    unit = named_unit(model, name)
    return with_unit(model, dataclasses.replace(unit, update_status_due=True))


def remove_units_by_force(model: Model, names: Collection[str]) -> Model:
    """Remove the units of applications without running their hooks."""
    for unit in model.units:
        if unit.application in names:
            model = remove_unit(model, unit.name)
    return model


def _check_deploy(model: Model, request: Request) -> None:
    name = request.application
    if not APPLICATION_NAME.fullmatch(name):
        raise JujuError(
            f'invalid application name "{name}", expected lower-case letters, digits and dashes, '
            "with a letter in each part"
        )
    if name in model.applications:
        raise JujuError(f'cannot add application "{name}": application already exists')
    if name in model.saas:
        raise JujuError(f'cannot add application "{name}": saas application with same name already exists')
    resources.check(request.charm, request.resources)
    storage.check(request.charm, request.storage)


def _check_refresh(model: Model, application: Application, charm: Charm, after: Mapping[str, str]) -> None:
    name = application.name
    if charm.name != application.charm.name:
        raise JujuError(f'cannot refresh "{name}": it runs the charm "{application.charm.name}", not "{charm.name}"')
    for relation in model.relations_of(name):
        end = relation.local(name) or relation.ends[0]
        old, new = application.charm.endpoints.get(end.endpoint), charm.endpoints.get(end.endpoint)
        if old is not None and (new is None or (new.role, new.interface) != (old.role, old.interface)):
            raise JujuError(f'cannot refresh "{name}": would break relation "{relation.key}"')
    if charm.storage != application.charm.storage:
        raise JujuError(f'cannot refresh "{name}": the storage of the charm changed; remove it and deploy it again')
    resources.check(charm, after)


def _application(model: Model, name: str) -> Application:
    application = named_application(model, name)
    if application.life == "dying":
        raise JujuError(f'application "{name}" is being removed')
    return application


def _model_option(model: Model, key: str, text: str) -> str:
    if key == AGENT_VERSION:
        _check_agent_version(model, text)
    if go_values.boolean(MODEL_DEFAULTS.get(key, "")) is None:
        return text
    value = go_values.boolean(text)
    if value is None:
        raise JujuError(f'{key}: expected bool, got string("{text}")')
    return str(value).lower()


def _check_agent_version(model: Model, text: str) -> None:
    if text not in AGENT_VERSIONS:
        raise JujuError(f'{AGENT_VERSION} "{text}" is not supported: choose {" or ".join(AGENT_VERSIONS)}')
    if model.applications and text != model.agent_version:
        raise JujuError(
            f"{AGENT_VERSION} cannot change in a model with applications; add one: "
            f"paas-local add-model NAME --config {AGENT_VERSION}={text}"
        )


def _interface(model: Model, end: RelationEnd) -> str:
    return endpoint_matching.endpoints(model, end.application)[end.endpoint].interface


def _relate_peers(model: Model, name: str, endpoint: Endpoint) -> Model:
    end = RelationEnd(application=name, endpoint=endpoint.name, role="peer")
    return _relate(model, endpoint.interface, (end,))


def _relate(model: Model, interface: str, ends: tuple[RelationEnd, ...]) -> Model:
    relation = Relation(id=model.next_relation, interface=interface, ends=ends)
    return with_relation(dataclasses.replace(model, next_relation=relation.id + 1), relation)


def _by_number(unit: Unit) -> tuple[str, int]:
    return order(unit.name)
