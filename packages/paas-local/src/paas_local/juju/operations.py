"""What the model becomes when an operator, or the world around a unit, changes something.

Each function takes a model and answers the new one, or raises ``Refused`` and nothing has changed. What
the units are told of it follows from the difference (agenda.py), so a change never names an event.
"""

import dataclasses
import re
from collections.abc import Collection, Mapping, Sequence

from paas_local.juju import actions, charm_config, endpoint_matching
from paas_local.juju.errors import Refused
from paas_local.juju.events import Check, Event, Notice
from paas_local.juju.lifecycle import drop_unit, settle
from paas_local.juju.model import (
    Application,
    Charm,
    Model,
    Relation,
    Side,
    Status,
    Unit,
    order,
    with_application,
    with_relation,
    with_unit,
)
from paas_local.juju.names import named_unit

MODEL_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")
APPLICATION_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]*[a-z][a-z0-9]*)*")
MODEL_DEFAULTS = {
    "update-status-hook-interval": "5m",
    "automatically-retry-hooks": "true",
    "logging-config": "<root>=INFO",
    "juju-http-proxy": "",
    "juju-https-proxy": "",
    "juju-ftp-proxy": "",
    "juju-no-proxy": "127.0.0.1,localhost,::1",
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Request:
    """What an operator asks to be deployed."""

    charm: Charm
    application: str
    resources: Mapping[str, str]
    config: Mapping[str, str]
    trust: bool = False
    provider_id: str = ""


def add_model(name: str, uuid: str, now: float) -> Model:
    """Begin an empty model."""
    if not MODEL_NAME.fullmatch(name):
        raise Refused(
            f'"{name}" is not a valid name: model names may only contain lowercase letters, digits and hyphens'
        )
    return Model(name=name, uuid=uuid, since=now, config=MODEL_DEFAULTS)


def deploy(model: Model, request: Request, addresses: Sequence[str], now: float) -> Model:
    """Add an application with one unit per address, and its peer relations."""
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
        provider_id=request.provider_id,
    )
    revisions = {**model.revisions, charm.name: charm.revision + 1}
    model = with_application(dataclasses.replace(model, revisions=revisions), application)
    for endpoint in charm.endpoints.values():
        if endpoint.role == "peer":
            side = Side(application=name, endpoint=endpoint.name, role="peer")
            model = _relate(model, endpoint.interface, (side,))
    return add_units(model, name, addresses, now)


def refresh(model: Model, name: str, charm: Charm, resources: Mapping[str, str]) -> Model:
    """Give an application another charm and other images; its units need new pods to hear of it."""
    before = _application(model, name)
    _check_refresh(model, before, charm, resources)
    revisions = model.revisions
    if charm.folder == before.charm.folder:
        charm = before.charm
    else:
        charm = dataclasses.replace(charm, revision=revisions.get(charm.name, 0))
        revisions = {**revisions, charm.name: charm.revision + 1}
    declared = {name: option.type for name, option in before.charm.options.items()}
    same = {name for name, option in charm.options.items() if declared.get(name) == option.type}
    forgotten = before.config.keys() - same
    kept = charm_config.without(before.config, forgotten)
    application = dataclasses.replace(before, charm=charm, resources={**resources}, config=kept)
    model = with_application(dataclasses.replace(model, revisions=revisions), application)
    for endpoint in charm.endpoints.values():
        if endpoint.role == "peer" and endpoint.name not in before.charm.endpoints:
            model = _relate(model, endpoint.interface, (Side(application=name, endpoint=endpoint.name, role="peer"),))
    return model


def with_resources(model: Model, name: str, resources: Mapping[str, str]) -> Model:
    """Note the images that an application's pods have from now on."""
    return with_application(model, dataclasses.replace(_application(model, name), resources={**resources}))


def add_units(model: Model, name: str, addresses: Sequence[str], now: float) -> Model:
    """Add one unit per address; free numbers are used again."""
    application = _application(model, name)
    for address in addresses:
        application = model.applications[name]
        number = next(n for n in range(len(application.units) + 1) if f"{name}/{n}" not in application.units)
        count = len(application.charm.storage)
        storage = tuple(f"{item}/{model.next_storage + index}" for index, item in enumerate(application.charm.storage))
        unit = Unit(
            name=f"{name}/{number}",
            address=address,
            storage=storage,
            workload=Status(current="waiting", message="installing agent", since=now),
            agent=Status(current="allocating", since=now),
        )
        model = with_unit(dataclasses.replace(model, next_storage=model.next_storage + count), unit)
        application = dataclasses.replace(model.applications[name], scale=application.scale + 1)
        model = with_application(model, application)
    return settle(model)


def remove_units(model: Model, name: str, count: int) -> Model:
    """Let the units with the highest numbers go."""
    application = _application(model, name)
    alive = sorted((unit for unit in application.units.values() if unit.life == "alive"), key=_by_number)
    if not 0 < count <= len(alive):
        raise Refused(f'cannot remove {count} units of "{name}": it has {len(alive)}')
    for unit in alive[-count:]:
        model = with_unit(model, dataclasses.replace(unit, life="dying"))
    application = model.applications[name]
    return settle(with_application(model, dataclasses.replace(application, scale=application.scale - count)))


def remove_applications(model: Model, names: Sequence[str]) -> Model:
    """Let applications go, with their units and relations."""
    for name in names:
        if name not in model.applications:
            raise Refused(f'removing application {name} failed: application "{name}" not found')
    for name in names:
        application = model.applications[name]
        units = {key: dataclasses.replace(unit, life="dying") for key, unit in application.units.items()}
        model = with_application(model, dataclasses.replace(application, life="dying", scale=0, units=units))
        for relation in model.relations_of(name):
            if not relation.peer:
                model = with_relation(model, dataclasses.replace(relation, life="dying"))
    return settle(model)


def destroy(model: Model) -> Model:
    """Let everything go."""
    return remove_applications(dataclasses.replace(model, life="dying"), tuple(model.applications))


def integrate(model: Model, first: str, second: str) -> Model:
    """Relate two applications."""
    pair = endpoint_matching.sides(model, first, second)
    interface = _interface(model, pair[0])
    key = Relation(id=-1, interface=interface, sides=pair).key
    if endpoint_matching.existing(model, *key.split()):
        raise Refused(
            f'cannot add relation "{key}"\nrelation {key} already exists: \n\n'
            "Use 'juju status --relations' to view the current relations."
        )
    for side in pair:
        limit = endpoint_matching.limited(model, side)
        if limit is not None:
            raise Refused(
                f'cannot add relation "{key}": establishing a new relation for '
                f"{side.application}:{side.endpoint} would exceed its maximum relation limit of {limit} "
                "(quota limit exceeded)"
            )
    return _relate(model, interface, pair)


def remove_relation(model: Model, ends: Sequence[str]) -> Model:
    """End a relation, named by its two ends or by its number."""
    if len(ends) == 1 and ends[0].isdecimal():
        relation = model.relations.get(int(ends[0]))
    elif len(ends) == 2:  # noqa: PLR2004  # a relation has two ends
        relation = endpoint_matching.existing(model, ends[0], ends[1])
    else:
        raise Refused("a relation must involve two applications", code=2)
    if relation is None:
        raise Refused(f'relation matching "{" ".join(ends)}" not found (not found)')
    if relation.peer:
        raise Refused(f'cannot remove relation "{relation.key}": it is a peer relation')
    return settle(with_relation(model, dataclasses.replace(relation, life="dying")))


def configure(model: Model, name: str, values: Mapping[str, str], reset: Sequence[str] = ()) -> Model:
    """Set and reset options; all of them or, when one is bad, none."""
    application = _application(model, name)
    try:
        for option in reset:
            charm_config.known(application.charm, option)
        changed = charm_config.parse(application.charm, values)
    except Refused as error:
        raise Refused(f"parsing settings for application: {error.message}") from None
    settings = {**charm_config.without(application.config, reset), **changed}
    return with_application(model, dataclasses.replace(application, config=settings))


def configure_model(model: Model, values: Mapping[str, str]) -> Model:
    """Set model options."""
    return dataclasses.replace(model, config={**model.config, **values})


def trust(model: Model, name: str, *, trusted: bool) -> Model:
    """Give an application access to the cluster, or take it away; its charm only sees the option."""
    return with_application(model, dataclasses.replace(_application(model, name), trust=trusted))


def resolve(model: Model, name: str, now: float, *, retry: bool) -> tuple[Model, Event | None]:
    """Run a failed hook again at once; without retry it is answered, to be counted as done."""
    unit = named_unit(model, name)
    if unit.failure is None:
        raise Refused(f'unit "{name}" is not in an error state')
    if not retry:
        return model, unit.failure.event
    failure = dataclasses.replace(unit.failure, retry_at=now)
    return with_unit(model, dataclasses.replace(unit, failure=failure)), None


def new_pod(model: Model, name: str, now: float) -> Model:
    """Begin a pod for a unit: what lived in the old one has to be told again."""
    unit = named_unit(model, name)
    model = actions.abandon(model, unit.name)
    seen = dataclasses.replace(unit.seen, boots={}, config=None, started=False, upgrade=unit.seen.installed)
    return with_unit(
        model,
        dataclasses.replace(
            unit,
            pod=False,
            trouble="",
            seen=seen,
            boots={},
            running=None,
            failure=None,
            agent=Status(current="allocating", since=now),
            waiting=tuple(event for event in unit.waiting if not isinstance(event, Notice | Check)),
        ),
    )


def pod_up(model: Model, name: str, now: float) -> Model:
    """Note that a unit's pod runs."""
    unit = dataclasses.replace(named_unit(model, name), pod=True, trouble="")
    if not unit.seen.installed:
        unit = dataclasses.replace(unit, workload=Status(current="waiting", message="agent initialising", since=now))
    return with_unit(model, unit)


def pod_failed(model: Model, name: str, message: str) -> Model:
    """Note why a unit's pod cannot be started."""
    return with_unit(model, dataclasses.replace(named_unit(model, name), pod=False, trouble=message))


def booted(model: Model, name: str, container: str) -> Model:
    """Note that a workload container's Pebble has started."""
    unit = named_unit(model, name)
    boots = {**unit.boots, container: unit.boots.get(container, 0) + 1}
    return with_unit(model, dataclasses.replace(unit, boots=boots))


def occurred(model: Model, name: str, event: Notice | Check) -> Model:
    """Note something that has to be told each time it happens."""
    unit = named_unit(model, name)
    return with_unit(model, dataclasses.replace(unit, waiting=(*unit.waiting, event)))


def tick(model: Model, name: str) -> Model:
    """Note that it is time for an update-status."""
    unit = named_unit(model, name)
    return with_unit(model, dataclasses.replace(unit, tick=True))


def force_out(model: Model, names: Collection[str]) -> Model:
    """Take the units of applications out without telling them."""
    for unit in model.units:
        if unit.application in names:
            model = drop_unit(model, unit.name)
    return model


def _check_deploy(model: Model, request: Request) -> None:
    name = request.application
    if not APPLICATION_NAME.fullmatch(name):
        raise Refused(
            f'invalid application name "{name}", expected lower-case letters, digits and dashes, '
            "with a letter in each part"
        )
    if name in model.applications:
        raise Refused(f'cannot add application "{name}": application "{name}" already exists')
    _check_resources(request.charm, request.resources)


def _check_refresh(model: Model, application: Application, charm: Charm, resources: Mapping[str, str]) -> None:
    name = application.name
    if charm.name != application.charm.name:
        raise Refused(f'cannot refresh "{name}": it runs the charm "{application.charm.name}", not "{charm.name}"')
    for relation in model.relations_of(name):
        side = relation.local(name) or relation.sides[0]
        before, after = application.charm.endpoints.get(side.endpoint), charm.endpoints.get(side.endpoint)
        if before is not None and (after is None or (after.role, after.interface) != (before.role, before.interface)):
            raise Refused(f'cannot refresh "{name}": would break relation "{relation.key}"')
    if charm.storage != application.charm.storage:
        raise Refused(f'cannot refresh "{name}": the storage of the charm changed; remove and deploy it anew')
    _check_resources(charm, resources)


def _check_resources(charm: Charm, resources: Mapping[str, str]) -> None:
    unknown = [resource for resource in resources if resource not in charm.images]
    if unknown:
        raise Refused(f'unrecognized resource "{unknown[0]}"')
    missing = [image for image in charm.images if image not in resources]
    if missing:
        raise Refused(f"local charm missing OCI images for: {', '.join(missing)}")


def _application(model: Model, name: str) -> Application:
    application = model.applications.get(name)
    if application is None:
        raise Refused(f'application "{name}" not found')
    if application.life == "dying":
        raise Refused(f'application "{name}" is being removed')
    return application


def _interface(model: Model, side: Side) -> str:
    endpoint = model.applications[side.application].charm.endpoints.get(side.endpoint, endpoint_matching.JUJU_INFO)
    return endpoint.interface


def _relate(model: Model, interface: str, sides: tuple[Side, ...]) -> Model:
    relation = Relation(id=model.next_relation, interface=interface, sides=sides)
    return with_relation(dataclasses.replace(model, next_relation=relation.id + 1), relation)


def _by_number(unit: Unit) -> tuple[str, int]:
    return order(unit.name)
