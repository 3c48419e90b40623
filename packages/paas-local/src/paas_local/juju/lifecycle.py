"""The consequences of a change: ended units, relations and applications are removed, and leaders are elected.

A relation ends once no unit has a hook of it left to run; an application, once its units and relations have ended.
The living unit with the lowest number becomes the leader of an application without one. A dying unit whose install
hook never ran is removed without any hook.
"""

import dataclasses

from paas_local.juju import events
from paas_local.juju.model import (
    Application,
    Model,
    Relation,
    Unit,
    application_of,
    order,
    with_application,
    with_secret,
)


def advance(model: Model) -> Model:
    """Return the model without what has ended and with elected leaders; a second call changes nothing."""
    for unit in model.units:
        if unit.life == "dying" and not unit.local_state.installed and unit.running is None:
            model = _without_unit(model, unit.name)
    for relation in tuple(model.relations.values()):
        if relation.life == "dying" and not any(_involved(unit, relation) for unit in model.units):
            model = _without_relation(model, relation)
    for application in tuple(model.applications.values()):
        if application.life == "dying" and _ended(model, application):
            model = _without_application(model, application)
        else:
            model = _elect(model, application)
    return _without_ended_offers(model)


def remove_unit(model: Model, name: str) -> Model:
    """Return the model without a unit, and without all that ends with it."""
    return advance(_without_unit(model, name))


def _without_unit(model: Model, name: str) -> Model:
    # the unit's databags stay readable as long as their relations live
    application = model.applications[application_of(name)]
    units = {key: unit for key, unit in application.units.items() if key != name}
    leader = None if application.leader == name else application.leader
    model = with_application(model, dataclasses.replace(application, units=units, leader=leader))
    relations = {
        key: dataclasses.replace(relation, scope=relation.scope - {name}) for key, relation in model.relations.items()
    }
    tasks = {
        key: dataclasses.replace(task, status="failed", message=f"unit {name} is gone")
        if task.unit == name and task.status in {"pending", "running"}
        else task
        for key, task in model.tasks.items()
    }
    model = dataclasses.replace(model, relations=relations, tasks=tasks)
    return _without_reader(_without_secrets_of(model, name), name)


def _involved(unit: Unit, relation: Relation) -> bool:
    failed = unit.failure.event if unit.failure else None
    hooks = (event for event in (unit.running, failed) if isinstance(event, events.Related))
    return relation.id in unit.local_state.relations or any(hook.relation == relation.id for hook in hooks)


def _ended(model: Model, application: Application) -> bool:
    relations = model.relations_of(application.name)
    return not application.units and all(relation.peer for relation in relations)


def _elect(model: Model, application: Application) -> Model:
    leader = application.leader
    if leader not in application.units:
        alive = [unit.name for unit in application.units.values() if unit.life == "alive"]
        leader = min(alive, key=order, default=None)
    units = {
        name: dataclasses.replace(unit, local_state=dataclasses.replace(unit.local_state, leader_elected=False))
        if unit.local_state.leader_elected and name != leader
        else unit
        for name, unit in application.units.items()
    }
    return with_application(model, dataclasses.replace(application, leader=leader, units=units))


def _without_relation(model: Model, relation: Relation) -> Model:
    relations = {key: other for key, other in model.relations.items() if key != relation.id}
    model = dataclasses.replace(model, relations=relations)
    for secret in tuple(model.secrets.values()):
        grants = {reader: through for reader, through in secret.grants.items() if through != relation.id}
        if len(grants) != len(secret.grants):
            granted = dataclasses.replace(secret, grants=grants)
            tracking = {unit: item for unit, item in secret.tracking.items() if granted.readable_by(unit)}
            model = with_secret(model, dataclasses.replace(granted, tracking=tracking))
    related = {each.other_half.uuid for each in relations.values() if each.other_half}
    secrets = {
        key: secret for key, secret in model.secrets.items() if secret.owner_kind != "remote" or secret.owner in related
    }
    return dataclasses.replace(model, secrets=secrets)


def _without_ended_offers(model: Model) -> Model:
    alive = {name for name, application in model.applications.items() if application.life == "alive"}
    related = {end.application for relation in model.relations.values() for end in relation.ends}
    offers = {name: offer for name, offer in model.offers.items() if offer.application in alive}
    saas = {name: each for name, each in model.saas.items() if name in related or each.life == model.life == "alive"}
    return dataclasses.replace(model, offers=offers, saas=saas)


def _without_application(model: Model, application: Application) -> Model:
    for relation in model.relations_of(application.name):
        model = _without_relation(model, relation)
    applications = {key: other for key, other in model.applications.items() if key != application.name}
    model = dataclasses.replace(model, applications=applications)
    return _without_reader(_without_secrets_of(model, application.name), application.name)


def _without_secrets_of(model: Model, owner: str) -> Model:
    secrets = {
        key: secret
        for key, secret in model.secrets.items()
        if secret.owner_kind in {"model", "remote"} or secret.owner != owner
    }
    return dataclasses.replace(model, secrets=secrets)


def _without_reader(model: Model, name: str) -> Model:
    for secret in tuple(model.secrets.values()):
        if name in secret.grants or name in secret.tracking:
            grants = {reader: relation for reader, relation in secret.grants.items() if reader != name}
            tracking = {reader: item for reader, item in secret.tracking.items() if reader != name}
            model = with_secret(model, dataclasses.replace(secret, grants=grants, tracking=tracking))
    return model
