"""Relations across models: offers, their consumers, the hooks of both sides, and their end."""

import contextlib
import dataclasses
from collections.abc import Callable, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from model_builders import FLASK, NOW, POSTGRES, UnitHook, deployed, empty, hooks_of, spelled, turn, writing
from paas_local.controller import dispatch, etc_hosts
from paas_local.juju import (
    cross_model,
    documents,
    hook_tools,
    next_hook,
    offer_documents,
    offers,
    operations,
    pod_changes,
    secrets,
)
from paas_local.juju.cross_model import Models
from paas_local.juju.errors import JujuError
from paas_local.juju.hook_context import Grant, HookContext
from paas_local.juju.hook_tools import ToolContext
from paas_local.juju.model import Model, Relation, Revision, Secret
from paas_local.juju.offer import Offer

DB, WEB = "11111111-2222-4333-8444-000000000001", "11111111-2222-4333-8444-000000000002"
STAND_IN = "remote-4a8dcea22a8293e59d9eccf485b9ea13"
OFFER = Offer(name="pg", application="postgresql-k8s", endpoints=("database",))

Write = Callable[[str, HookContext], HookContext]


def changed(models: Models, name: str, change: Callable[[Model], Model]) -> Models:
    return cross_model.settled({**models, name: change(models[name])})


def merged(models: Models, change: Callable[[Models], Models]) -> Models:
    return cross_model.settled({**models, **change(models)})


def run(models: Models, write: Write = lambda _, context: context) -> tuple[Models, list[UnitHook]]:
    """Run the due hooks of all models' units in turn, until none is due."""
    hooks: list[UnitHook] = []
    while True:
        before = len(hooks)
        for name in models:
            for unit in models[name].units:
                model, event = turn(models[name], unit.name, write=lambda context, name=name: write(name, context))
                models = cross_model.settled({**models, name: model})
                if event is not None:
                    hooks.append((f"{name}.{unit.name}", spelled(event)))
        if len(hooks) == before:
            return models, hooks


def offered() -> Models:
    """Return a model with PostgreSQL and an offer of it, and one with Flask; their hooks have run."""
    db = offers.add(deployed(empty("db", DB), POSTGRES), OFFER)
    web = deployed(empty("web", WEB), FLASK)
    return run({"db": db, "web": web})[0]


def integrated() -> Models:
    """Return the two models, integrated; no hook of the relation has run."""
    return merged(offered(), lambda models: cross_model.integrate(models, "web", "flask-k8s", "db.pg"))


def halves(models: Models) -> tuple[Relation, Relation]:
    """Return the half of the offering and of the consuming model."""
    return models["db"].relations[1], models["web"].relations[1]


def message(change: Callable[[], object]) -> str:
    with pytest.raises(JujuError) as raised:
        change()
    return raised.value.message


def tool(models: Models, name: str, unit: str, *words: str) -> hook_tools.Reply:
    """Call a hook tool in the next hook of a unit."""
    event = next_hook.next_event(models[name], unit, NOW)
    assert event is not None
    context = HookContext(unit=unit, event=event, snapshot=models[name])
    request = hook_tools.Request(tool=words[0], arguments=words[1:])
    return hook_tools.answer(ToolContext(hook=context, model=models[name], now=NOW), request)


def test_the_hooks_of_both_sides_are_those_of_a_relation_in_one_model():
    models, hooks = run(integrated())

    assert hooks_of(hooks, "web.flask-k8s/0") == [
        "db-relation-created",
        "db-relation-joined pg/0",
        "db-relation-changed pg/0",
    ]
    assert hooks_of(hooks, "db.postgresql-k8s/0") == [
        "database-relation-created",
        f"database-relation-joined {STAND_IN}/0",
        f"database-relation-changed {STAND_IN}/0",
    ]
    assert run(models)[1] == []


def test_each_side_reads_what_the_other_has_written():
    def write(name: str, context: HookContext) -> HookContext:
        if 1 not in context.snapshot.relations:
            return context
        return writing(writing(context, 1, context.unit, of=name), 1, context.application, app=name)

    there, here = halves(run(integrated(), write)[0])

    assert (here.applications["pg"].data, here.units["pg/0"].data["of"]) == ({"app": "db"}, "db")
    assert (there.applications[STAND_IN].data, there.units[f"{STAND_IN}/0"].data["of"]) == ({"app": "web"}, "web")


def test_a_hook_has_the_name_of_the_saas():
    models = integrated()
    event = next_hook.next_event(models["web"], "flask-k8s/0", NOW)
    assert event is not None

    environment = dispatch.environment(models["web"], "flask-k8s/0", event, "id")

    assert {key: value for key, value in environment.items() if key.startswith(("JUJU_REMOTE", "JUJU_RELATION"))} == {
        "JUJU_RELATION": "db",
        "JUJU_RELATION_ID": "db:1",
        "JUJU_REMOTE_APP": "pg",
        "JUJU_REMOTE_UNIT": "",
    }


@pytest.mark.parametrize(
    ("model", "unit", "words", "output"),
    [
        pytest.param("web", "flask-k8s/0", ("relation-list", "--app"), '"pg"\n', id="SAAS"),
        pytest.param("db", "postgresql-k8s/0", ("relation-list", "--app"), f'"{STAND_IN}"\n', id="consumer"),
        pytest.param("web", "flask-k8s/0", ("relation-model-get",), f'{{"uuid": "{DB}"}}\n', id="model of the offer"),
        pytest.param("db", "postgresql-k8s/0", ("relation-model-get",), f'{{"uuid": "{WEB}"}}\n', id="model of it"),
        pytest.param(
            "web",
            "flask-k8s/0",
            ("goal-state",),
            '{"units": {"flask-k8s/0": {"status": "active", "since": "2026-11-23 05:00:00Z"}}, '
            '"relations": {"db": {"local:admin/db.pg": {"status": "joined", "since": "2026-11-23 05:00:00Z"}}}}\n',
            id="goal state with the SAAS",
        ),
        pytest.param(
            "db",
            "postgresql-k8s/0",
            ("goal-state",),
            '{"units": {"postgresql-k8s/0": {"status": "active", "since": "2026-11-23 05:00:00Z"}}, "relations": {}}\n',
            id="goal state without consumers",
        ),
    ],
)
def test_hook_tools_know_the_other_model(model: str, unit: str, words: tuple[str, ...], output: str):
    assert tool(integrated(), model, unit, *words, "--format", "json").stdout == output


def test_units_that_come_and_go_join_and_depart_on_the_other_side():
    models = run(integrated())[0]

    models = changed(models, "db", lambda model: operations.add_units(model, "postgresql-k8s", ["10.152.0.9"], NOW))
    models = changed(models, "db", lambda model: pod_changes.pod_started(model, "postgresql-k8s/1", NOW))
    models, hooks = run(models)
    assert hooks_of(hooks, "web.flask-k8s/0") == ["db-relation-joined pg/1", "db-relation-changed pg/1"]

    models = changed(models, "db", lambda model: operations.remove_units(model, "postgresql-k8s", 1))
    models, hooks = run(models)
    assert hooks_of(hooks, "web.flask-k8s/0") == ["db-relation-departed pg/1 departing=pg/1"]


ENDS: Mapping[str, tuple[str, Callable[[Model], Model]]] = {
    "suspended": ("db", lambda model: offers.suspend(model, [1], "")),
    "by the consumer": ("web", lambda model: operations.remove_relation(model, ["flask-k8s", "pg"])),
    "by the provider": ("db", lambda model: operations.remove_relation(model, ["1"])),
    "offer removed": ("db", lambda model: offers.remove(model, "pg", force=True)),
    "SAAS removed": ("web", lambda model: offers.remove_saas(model, ["pg"])),
    "provider removed": ("db", lambda model: operations.remove_applications(model, ["postgresql-k8s"])),
    "consumer removed": ("web", lambda model: operations.remove_applications(model, ["flask-k8s"])),
    "model of the provider destroyed": ("db", operations.destroy),
    "model of the consumer destroyed": ("web", operations.destroy),
}


@pytest.mark.parametrize("end", sorted(ENDS.keys() - {"suspended"}))
def test_the_end_of_one_half_ends_the_other_after_its_hooks(end: str):
    name, change = ENDS[end]
    models, hooks = run(changed(run(integrated())[0], name, change))

    assert "db-relation-broken" in hooks_of(hooks, "web.flask-k8s/0")
    assert "database-relation-broken" in hooks_of(hooks, "db.postgresql-k8s/0")
    assert [r for model in models.values() for r in model.relations.values() if r.other_half] == []


def test_a_model_that_is_gone_ends_the_relation_and_terminates_the_saas():
    models = run(integrated())[0]

    models, hooks = run(cross_model.settled({"web": models["web"]}))

    assert hooks_of(hooks, "web.flask-k8s/0") == ["db-relation-departed pg/0 departing=pg/0", "db-relation-broken"]
    assert offer_documents.status_parts(models, models["web"])["application-endpoints"]["pg"] == {
        "url": "local:admin/db.pg",
        "endpoints": {"database": {"interface": "postgresql_client", "role": "provider"}},
        "life": "alive",
        "application-status": {"current": "terminated", "message": "offer has been removed"},
    }


def test_a_suspended_relation_breaks_on_both_sides():
    models = changed(run(integrated())[0], "db", lambda model: offers.suspend(model, [1], "too much traffic"))

    models, hooks = run(models)

    assert hooks_of(hooks, "web.flask-k8s/0") == ["db-relation-departed pg/0 departing=pg/0", "db-relation-broken"]
    assert hooks_of(hooks, "db.postgresql-k8s/0") == [
        f"database-relation-departed {STAND_IN}/0 departing={STAND_IN}/0",
        "database-relation-broken",
    ]
    assert [half.scope for half in halves(models)] == [frozenset(), frozenset()]
    assert [row["message"] for row in documents.integrations(models["web"]) if row["type"] == "regular"] == [
        "suspended  too much traffic"
    ]
    assert cross_model.settled(models) == models


def test_a_resumed_relation_begins_again():
    models = run(changed(run(integrated())[0], "db", lambda model: offers.suspend(model, [1], "")))[0]

    models, hooks = run(changed(models, "db", lambda model: offers.resume(model, [1])))

    assert hooks_of(hooks, "web.flask-k8s/0") == [
        "db-relation-created",
        "db-relation-joined pg/0",
        "db-relation-changed pg/0",
    ]
    assert halves(models)[1].units["pg/0"].data["ingress-address"] == "10.152.0.2"


def test_a_resumed_relation_has_the_application_databags_of_before_and_new_unit_databags():
    def write(name: str, context: HookContext) -> HookContext:
        if 1 not in context.snapshot.relations:
            return context
        return writing(writing(context, 1, context.unit, of=name), 1, context.application, app=name)

    models = run(changed(run(integrated(), write)[0], *ENDS["suspended"]))[0]
    models = run(changed(models, "db", lambda model: offers.resume(model, [1])))[0]

    for half in halves(models):
        assert {databag.data["app"] for databag in half.applications.values()} == {"db", "web"}
        assert {"of" in databag.data for databag in half.units.values()} == {False}


def granted() -> Models:
    """Return the models after the provider has granted a secret over the relation."""
    secret = Secret(
        id="abc",
        owner_kind="application",
        owner="postgresql-k8s",
        label="login",
        revisions=(Revision(number=1, content={"password": "one"}),),
    )

    def grant(model: Model) -> Model:
        model = dataclasses.replace(model, secrets={"abc": secret})
        event = next_hook.next_event(changed_config(model), "postgresql-k8s/0", NOW)
        assert event is not None
        context = HookContext(unit="postgresql-k8s/0", event=event, snapshot=model)
        writes = dataclasses.replace(context.writes, grants=(Grant(secret="abc", relation=1, reader=STAND_IN),))
        return secrets.commit(model, dataclasses.replace(context, writes=writes), NOW)

    return changed(run(integrated())[0], "db", grant)


def changed_config(model: Model) -> Model:
    return operations.set_trust(model, next(iter(model.applications)), trust=True)


def read(models: Models, *flags: str) -> tuple[Models, str]:
    """Read the secret in the next hook of Flask."""
    reply = tool({**models, "web": changed_config(models["web"])}, "web", "flask-k8s/0", "secret-get", "abc", *flags)
    tracking = reply.model.secrets
    return changed(
        models, "web", lambda model: dataclasses.replace(model, secrets=tracking)
    ), reply.stdout + reply.stderr


def renewed(models: Models, password: str) -> Models:
    def renew(model: Model) -> Model:
        secret = model.secrets["abc"]
        newest = Revision(number=secret.latest.number + 1, content={"password": password})
        return dataclasses.replace(
            model, secrets={"abc": dataclasses.replace(secret, revisions=(*secret.revisions, newest))}
        )

    return changed(models, "db", renew)


def test_a_granted_secret_is_read_in_the_other_model():
    models, content = read(granted())

    assert content == "password: one\n"
    assert secrets.list_document(models["web"]) == {}
    assert message(lambda: secrets.find(models["web"], "abc")) == 'secret "abc" not found'
    assert models["web"].secrets["abc"].label == ""


def test_a_new_revision_runs_secret_changed_there_and_then_secret_remove_at_the_owner():
    models = renewed(read(granted())[0], "two")

    models, hooks = run(models)
    assert hooks == [("web.flask-k8s/0", "secret-changed")]

    assert read(models)[1] == "password: one\n"
    models, content = read(models, "--refresh")
    assert content == "password: two\n"
    assert run(models)[1] == [("db.postgresql-k8s/0", "secret-remove")]


def test_a_revoked_secret_is_not_readable_in_the_other_model():
    models = changed(
        granted(),
        "db",
        lambda model: dataclasses.replace(model, secrets={"abc": dataclasses.replace(model.secrets["abc"], grants={})}),
    )

    assert read(models)[1] == "ERROR permission denied\n"


def test_a_removed_secret_is_gone_in_the_other_model():
    models = changed(granted(), "db", lambda model: dataclasses.replace(model, secrets={}))

    assert read(models)[1] == 'ERROR secret "abc" not found\n'


def test_a_secret_is_not_readable_while_its_relation_is_suspended():
    models = changed(read(granted())[0], *ENDS["suspended"])
    assert read(models)[1] == "ERROR permission denied\n"

    models = changed(run(models)[0], "db", lambda model: offers.resume(model, [1]))

    assert read(models)[1] == "password: one\n"


def test_the_grant_ends_with_the_relation():
    models = run(changed(read(granted())[0], *ENDS["by the provider"]))[0]

    assert (models["db"].secrets["abc"].grants, models["db"].secrets["abc"].tracking) == ({}, {})
    assert models["web"].secrets == {}


def test_pods_know_the_full_names_of_the_other_models_pods():
    models = integrated()
    models = changed(models, "db", lambda model: pod_changes.pod_started(model, "postgresql-k8s/0", NOW))

    lines = etc_hosts.text(models["web"], cross_model.connected(models, models["web"])).splitlines()

    other = [line for line in lines if "postgresql" in line]
    assert other[0] == "10.152.0.2 postgresql-k8s-0.postgresql-k8s-endpoints.db.svc.cluster.local"
    assert "postgresql-k8s-primary.db.svc.cluster.local" in other[1].split()
    assert [name for line in other for name in line.split() if "." not in name] == []
    assert "postgresql" not in etc_hosts.text(offered()["web"], cross_model.connected(offered(), offered()["web"]))


def test_the_parts_of_the_status_documents():
    models = run(integrated())[0]

    parts = offer_documents.status_parts(models, models["web"])
    parts["application-endpoints"]["pg"]["application-status"].pop("since")
    assert parts == {
        "application-endpoints": {
            "pg": {
                "url": "local:admin/db.pg",
                "endpoints": {"database": {"interface": "postgresql_client", "role": "provider"}},
                "life": "alive",
                "application-status": {"current": "unknown"},
                "relations": {"database": ["flask-k8s"]},
            }
        }
    }
    assert offer_documents.status_parts(models, models["db"]) == {
        "offers": {
            "pg": {
                "application": "postgresql-k8s",
                "charm": "local:postgresql-k8s-0",
                "total-connected-count": 1,
                "active-connected-count": 1,
                "endpoints": {"database": {"interface": "postgresql_client", "role": "provider"}},
            }
        }
    }


def test_offers_has_the_ids_that_suspend_relation_takes():
    models = run(integrated())[0]
    models = changed(models, "db", lambda model: offers.suspend(model, [1], "why"))

    (connection,) = offer_documents.list_document(models["db"])["pg"]["connections"]

    assert connection == {
        "source-model-uuid": WEB,
        "username": "admin",
        "relation-id": 1,
        "endpoint": "database",
        "status": {"current": "suspended", "message": "why"},
    }


def test_the_offering_model_shows_its_half_only_in_its_offers():
    models = run(integrated())[0]

    assert [row["type"] for row in documents.integrations(models["db"])] == ["peer"]
    assert [row["provider"] for row in documents.integrations(models["web"]) if row["type"] == "regular"] == [
        "pg:database"
    ]
    unit = models["db"].unit("postgresql-k8s/0")
    assert unit is not None
    shown = documents.unit_document(models["db"], unit)["postgresql-k8s/0"]["relation-info"]
    assert [list(each["related-units"]) for each in shown if each["relation-id"] == 1] == [[f"{STAND_IN}/0"]]


def test_consuming_is_idempotent_and_an_alias_is_another_saas():
    models = merged(offered(), lambda models: cross_model.consume(models, "web", "local:admin/db.pg"))
    again = merged(models, lambda models: cross_model.consume(models, "web", "db.pg"))
    both = merged(models, lambda models: cross_model.consume(models, "web", "db.pg", "sql"))

    assert again == models
    assert sorted(both["web"].saas) == ["pg", "sql"]


def with_other_model(models: Models) -> Models:
    other = offers.add(deployed(empty("other", "11111111-2222-4333-8444-000000000003"), POSTGRES), OFFER)
    return {**models, "other": other}


def terminated() -> Models:
    models = merged(offered(), lambda models: cross_model.consume(models, "web", "db.pg"))
    models = changed(models, "db", lambda model: offers.remove(model, "pg"))
    return changed(models, "db", lambda model: offers.add(model, OFFER))


@pytest.mark.parametrize(
    ("change", "text"),
    [
        pytest.param(lambda: cross_model.consume(offered(), "web", "none.pg"), 'model "admin/none" not found', id="m"),
        pytest.param(
            lambda: cross_model.consume(offered(), "web", "db.x"),
            'application offer "admin/db.x" not found',
            id="offer",
        ),
        pytest.param(
            lambda: cross_model.consume(offered(), "web", "db.pg:database"),
            'saas offer "db.pg:database" shouldn\'t include endpoint',
            id="endpoint",
        ),
        pytest.param(
            lambda: cross_model.consume(offered(), "web", "db"),
            'offer URL has invalid form, must be [<source>:][<qualifier>]<model>.<offername>: "db"',
            id="no URL",
        ),
        pytest.param(
            lambda: cross_model.consume(offered(), "web", "far:db.pg"), "controller far not found", id="controller"
        ),
        pytest.param(
            lambda: cross_model.consume(offered(), "web", "ann/db.pg"), 'model "ann/db" not found', id="owner"
        ),
        pytest.param(lambda: cross_model.consume(offered(), "web", ".pg"), "offer URL is missing model", id="no model"),
        pytest.param(
            lambda: cross_model.consume(offered(), "web", "db."), "offer URL is missing the name", id="no name"
        ),
        pytest.param(
            lambda: cross_model.consume(offered(), "web", "db.pg", "flask-k8s"),
            'could not consume admin/db.pg: cannot add saas application "flask-k8s": '
            "local application with same name already exists",
            id="name of an application",
        ),
        pytest.param(
            lambda: cross_model.consume(with_other_model(integrated()), "web", "other.pg"),
            'could not consume admin/other.pg: saas application called "pg" from a different model already exists',
            id="name of a SAAS",
        ),
        pytest.param(
            lambda: cross_model.consume(offered(), "db", "db.pg"),
            'could not consume admin/db.pg: it is in this model; integrate its application "postgresql-k8s"',
            id="own offer",
        ),
        pytest.param(
            lambda: cross_model.integrate(offered(), "web", "db.pg", "db.pg"),
            "providing more than one remote endpoints not supported",
            id="two URLs",
        ),
        pytest.param(
            lambda: cross_model.integrate(offered(), "web", "flask-k8s:metrics", "db.pg"),
            "no relations found",
            id="role",
        ),
        pytest.param(
            lambda: cross_model.integrate(offered(), "web", "flask-k8s", "db.pg:none"),
            'application "pg" has no "none" relation',
            id="endpoint of the offer",
        ),
        pytest.param(
            lambda: cross_model.integrate(integrated(), "web", "flask-k8s", "db.pg"),
            'cannot add relation "flask-k8s:db pg:database"\nrelation flask-k8s:db pg:database already exists: \n\n'
            "Use 'juju status --relations' to view the current relations.",
            id="twice",
        ),
        pytest.param(
            lambda: cross_model.integrate(terminated(), "web", "flask-k8s", "pg"),
            'Offer "pg" has been removed from the remote model. To integrate with a new offer with the same name, '
            "first run 'juju remove-saas pg' to remove the SAAS record from this model.",
            id="offer is gone",
        ),
        pytest.param(
            lambda: deployed(integrated()["web"], POSTGRES, "pg"),
            'cannot add application "pg": saas application with same name already exists',
            id="deploy",
        ),
        pytest.param(
            lambda: offers.add(empty(), OFFER),
            'getting offered application postgresql-k8s: application "postgresql-k8s" not found',
            id="offer of no application",
        ),
        pytest.param(
            lambda: offers.add(offered()["db"], dataclasses.replace(OFFER, name="new", endpoints=("x",))),
            'cannot add application offer "new": getting relation endpoint for relation "x" and application '
            '"postgresql-k8s": application "postgresql-k8s" has no "x" relation',
            id="offer of no endpoint",
        ),
        pytest.param(
            lambda: offers.add(offered()["db"], dataclasses.replace(OFFER, name="New")),
            'cannot add application offer "New": offer name "New" not valid',
            id="name of an offer",
        ),
        pytest.param(
            lambda: offers.add(integrated()["db"], dataclasses.replace(OFFER, endpoints=("juju-info",))),
            'cannot update application offer "pg": updating offer postgresql-k8s:juju-info would remove endpoint '
            '"database" which has active consumers',
            id="endpoint in use",
        ),
        pytest.param(lambda: offers.remove(offered()["db"], "x"), 'offer "x" not found', id="remove no offer"),
        pytest.param(
            lambda: offers.remove(integrated()["db"], "pg"),
            'cannot delete application offer "pg": offer has 1 relation',
            id="remove an offer in use",
        ),
        pytest.param(
            lambda: offers.remove_saas(offered()["web"], ["pg"]),
            'removing SAAS application pg failed: saas application "pg" not found',
            id="remove no SAAS",
        ),
        pytest.param(lambda: offers.suspend(offered()["db"], [7], ""), "relation 7 not found", id="suspend none"),
        pytest.param(
            lambda: offers.suspend(integrated()["web"], [1], ""),
            'cannot set suspend status for "flask-k8s:db pg:database" which is not associated with an offer',
            id="suspend by the consumer",
        ),
        pytest.param(
            lambda: offers.check_unused(integrated()["db"], ["postgresql-k8s"]),
            'removing application postgresql-k8s failed: cannot destroy application "postgresql-k8s": '
            "application is used by 1 consumer",
            id="remove an application in use",
        ),
    ],
)
def test_invalid_requests_get_jujus_words(change: Callable[[], object], text: str):
    assert message(change) == text


def test_a_limit_of_the_offered_endpoint_holds_across_models():
    limited = dataclasses.replace(
        POSTGRES,
        endpoints={"database": dataclasses.replace(POSTGRES.endpoints["database"], limit=1)},
    )
    db = offers.add(deployed(empty("db", DB), limited), OFFER)
    web = deployed(deployed(empty("web", WEB), FLASK), FLASK, "other")
    models = merged({"db": db, "web": web}, lambda models: cross_model.integrate(models, "web", "flask-k8s", "db.pg"))

    assert message(lambda: cross_model.integrate(models, "web", "other", "pg")) == (
        'cannot add relation "other:db pg:database": establishing a new relation for postgresql-k8s:database '
        "would exceed its maximum relation limit of 1 (quota limit exceeded)"
    )


def test_an_offer_of_the_same_name_is_changed():
    model = offers.add(offered()["db"], dataclasses.replace(OFFER, endpoints=("database", "juju-info")))

    assert model.offers["pg"].endpoints == ("database", "juju-info")


def test_an_application_takes_its_unused_offers_with_it():
    model = offered()["db"]
    offers.check_unused(model, ["postgresql-k8s", "none"])

    assert operations.remove_applications(model, ["postgresql-k8s"]).offers == {}


def test_a_saas_of_a_removed_offer_is_replaced_by_consuming_again():
    models = terminated()
    assert models["web"].saas["pg"].terminated

    models = merged(models, lambda models: cross_model.consume(models, "web", "db.pg"))

    assert not models["web"].saas["pg"].terminated


def test_offers_are_found_by_model_name_and_interface():
    models = with_other_model(offered())

    assert list(offer_documents.found_document(models)) == ["local:admin/db.pg", "local:admin/other.pg"]
    assert list(offer_documents.found_document(models, "p", "postgresql_client")) == list(
        offer_documents.found_document(models)
    )
    assert offer_documents.found_document(models, "x") == offer_documents.found_document(models, "", "mysql") == {}
    assert offer_documents.show_document(models["db"], "pg") == {
        "local:admin/db.pg": {
            "access": "admin",
            "endpoints": {"database": {"interface": "postgresql_client", "role": "provider"}},
            "users": {"admin": {"display-name": "admin", "access": "admin"}},
        }
    }


STEPS: Mapping[str, Callable[[Models], Models]] = {
    "integrate": lambda models: cross_model.integrate(models, "web", "flask-k8s", "db.pg"),
    "remove": lambda models: {"web": operations.remove_relation(models["web"], ["flask-k8s", "pg"])},
    "suspend": lambda models: {"db": offers.suspend(models["db"], list(_connected(models)), "")},
    "resume": lambda models: {"db": offers.resume(models["db"], list(_connected(models)))},
    "remove-offer": lambda models: {"db": offers.remove(models["db"], "pg", force=True)},
    "remove-saas": lambda models: {"web": offers.remove_saas(models["web"], ["pg"])},
    "offer": lambda models: {"db": offers.add(models["db"], OFFER)},
    "web hook": lambda models: {"web": turn(models["web"], "flask-k8s/0")[0]},
    "db hook": lambda models: {"db": turn(models["db"], "postgresql-k8s/0")[0]},
}


def _connected(models: Models) -> list[int]:
    return [relation.id for relation in offers.connections(models["db"], "pg")]


@settings(max_examples=150, deadline=None)
@given(steps=st.lists(st.sampled_from(sorted(STEPS)), max_size=14))
def test_after_any_steps_the_halves_agree_and_the_hooks_come_to_an_end(steps: list[str]):
    models = offered()
    for step in steps:
        with contextlib.suppress(JujuError):
            models = merged(models, STEPS[step])
        assert cross_model.settled(models) == models

    models = run(models)[0]

    there = [relation for relation in models["db"].relations.values() if relation.other_half]
    here = [relation for relation in models["web"].relations.values() if relation.other_half]
    assert [(each.suspended, each.id) for each in there] == [
        (each.suspended, each.other_half.relation) for each in here if each.other_half
    ]
    for half in (*there, *here):
        joined = {"flask-k8s/0", "postgresql-k8s/0", "pg/0", f"{STAND_IN}/0"} & set(half.scope)
        assert len(joined) == (0 if half.suspended else 2)
