import dataclasses
import json
from typing import Any

import pytest
from model_builders import FLASK, NOW, PLAIN, POSTGRES, deployed, empty, idle
from paas_local.juju import actions, events, hook_commit, hook_tools, operations
from paas_local.juju.errors import JujuError
from paas_local.juju.hook_context import HookContext
from paas_local.juju.hook_tools.call import Reply, Request, ToolContext
from paas_local.juju.model import Databag, Model, Revision, Secret, Tracking, with_relation, with_secret

CHANGED = events.Related(
    relation=2, endpoint="db", change="changed", application="postgresql-k8s", unit="postgresql-k8s/0"
)
START = events.Lifecycle(step="start")


def related(*, flasks: int = 2) -> Model:
    model = deployed(deployed(empty(), FLASK, units=flasks), POSTGRES)
    model = idle(operations.integrate(idle(model), "flask-k8s", "postgresql-k8s"))
    relation = dataclasses.replace(
        model.relations[2],
        applications={
            "postgresql-k8s": Databag(data={"uris": "u"}, version=1),
            "flask-k8s": Databag(data={"database": "d"}, version=1),
        },
    )
    peers = dataclasses.replace(model.relations[0], applications={"flask-k8s": Databag(data={"key": "id"}, version=1)})
    return with_relation(with_relation(model, relation), peers)


def context(model: Model, unit: str = "flask-k8s/0", event: events.Event = CHANGED) -> HookContext:
    return HookContext(unit=unit, event=event, snapshot=model)


def call(hook: HookContext, *argv: str, model: Model | None = None, **request: Any) -> Reply:
    tool, *arguments = argv
    tool_context = ToolContext(hook=hook, model=model or hook.snapshot, now=NOW, fresh_id="new00000000000000000")
    return hook_tools.answer(tool_context, Request(tool=tool, arguments=arguments, **request))


def read(hook: HookContext, *argv: str, model: Model | None = None) -> Any:
    reply = call(hook, *argv, "--format=json", model=model)
    assert reply.code == 0, reply.stderr
    assert reply.stdout.endswith("\n")
    return json.loads(reply.stdout)


def error_of(hook: HookContext, *argv: str, model: Model | None = None, **request: Any) -> tuple[str, int]:
    reply = call(hook, *argv, model=model, **request)
    assert reply.stdout == ""
    assert reply.stderr.startswith("ERROR ")
    return reply.stderr[6:].rstrip(), reply.code


def after(hook: HookContext, *argv: str, **request: Any) -> HookContext:
    """Call a tool that writes, and go on."""
    reply = call(hook, *argv, **request)
    assert reply.code == 0, reply.stderr
    return dataclasses.replace(hook, writes=reply.writes)


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        pytest.param(["is-leader"], True, id="leader"),
        pytest.param(["config-get"], {"workers": 2, "greeting": "hello"}, id="options without unset ones"),
        pytest.param(["config-get", "workers"], 2, id="one option"),
        pytest.param(["config-get", "ratio"], None, id="an unset option"),
        pytest.param(["relation-ids", "db"], ["db:2"], id="relations of an endpoint"),
        pytest.param(["relation-ids", "none"], [], id="no relations"),
        pytest.param(["relation-list", "-r", "db:2"], ["postgresql-k8s/0"], id="units"),
        pytest.param(["relation-list", "-r", "0"], ["flask-k8s/1"], id="peers without oneself"),
        pytest.param(["relation-list", "--app", "-r", "2"], "postgresql-k8s", id="the application"),
        pytest.param(["relation-get", "-r", "2", "--app", "-", "postgresql-k8s"], {"uris": "u"}, id="remote app"),
        pytest.param(["relation-get", "-r", "2", "--app", "-", "postgresql-k8s/0"], {"uris": "u"}, id="app of a unit"),
        pytest.param(["relation-get", "-r", "2", "--app=true", "-", "flask-k8s"], {"database": "d"}, id="own app"),
        pytest.param(["relation-get", "-r", "2", "--app", "uris", "postgresql-k8s"], "u", id="one key"),
        pytest.param(["relation-get", "-r", "2", "nope", "postgresql-k8s/0"], None, id="an absent key"),
        pytest.param(["relation-get", "-r", "0", "private-address", "flask-k8s/1"], "10.152.0.3", id="a peer"),
        pytest.param(["relation-get", "private-address"], "10.152.0.4", id="the hook's unit"),
        pytest.param(["relation-model-get", "-r", "2"], {"uuid": "11111111-2222-4333-8444-555555555555"}, id="model"),
        pytest.param(["opened-ports"], [], id="ports"),
        pytest.param(["storage-list"], [], id="no storage"),
        pytest.param(["secret-ids"], [], id="no secrets"),
        pytest.param(["state-get"], {}, id="no state"),
    ],
)
def test_tools_read_the_model(argv: list[str], expected: object):
    assert read(context(related()), *argv) == expected


def test_the_smart_format_is_for_shell_scripts():
    hook = context(related())

    said = [call(hook, *argv).stdout for argv in (["is-leader"], ["config-get", "greeting"], ["relation-list"])]

    assert said == ["True\n", "hello\n", "postgresql-k8s/0\n"]


@pytest.mark.parametrize(
    ("argv", "unit", "expected"),
    [
        pytest.param(
            ["relation-get", "-r", "9", "-", "x/0"],
            0,
            ('invalid value "9" for option -r: relation not found', 2),
            id="unknown relation",
        ),
        pytest.param(
            ["relation-list", "-r", "db:x"],
            0,
            ('invalid value "db:x" for option -r: invalid relation id', 2),
            id="no relation id",
        ),
        pytest.param(
            ["relation-get", "-r", "2", "--app", "-", "flask-k8s"],
            1,
            ("permission denied", 1),
            id="own app databag of a normal relation, not the leader",
        ),
        pytest.param(
            ["relation-set", "-r", "0", "--app", "a=b"],
            1,
            ("cannot write relation settings", 1),
            id="app databag, not the leader",
        ),
        pytest.param(
            ["relation-get", "-r", "2", "-", "flask-k8s/1"],
            0,
            ("permission denied", 1),
            id="a peer's databag of a normal relation",
        ),
        pytest.param(["relation-get", "-r", "2", "-", "other/0"], 0, ("permission denied", 1), id="unrelated unit"),
        pytest.param(
            ["status-set", "--application=True", "active"], 1, ("this unit is not the leader", 1), id="app status"
        ),
        pytest.param(["secret-add", "key=v"], 1, ("this unit is not the leader", 1), id="app secret"),
        pytest.param(["secret-add", "ab=v"], 0, ('key "ab" not valid', 1), id="short key"),
        pytest.param(["secret-get", "secret:none"], 0, ('secret "none" not found', 1), id="no secret"),
        pytest.param(["secret-get", "--label", "l"], 0, ('secret "l" not found', 1), id="no label"),
        pytest.param(["action-get"], 0, ("not running an action", 1), id="no action"),
        pytest.param(["network-get", "x"], 0, ('no network config found for binding "x"', 1), id="no binding"),
        pytest.param(["credential-get"], 0, ('credential-get on a "caas" model not supported', 1), id="no credentials"),
        pytest.param(["is-leader", "--foo"], 0, ("option provided but not defined: --foo", 2), id="invalid flag"),
        pytest.param(["fly"], 0, ('unknown command "fly"', 2), id="unknown tool"),
        pytest.param(["relation-set", "-r", "2", "word"], 0, ('expected "key=value", got "word"', 2), id="no pair"),
        pytest.param(
            ["resource-get", "nope"],
            0,
            ("could not download resource: resource#flask-k8s/nope not found", 1),
            id="no resource",
        ),
        pytest.param(["resource-get"], 0, ("missing required resource name", 2), id="no name of a resource"),
        pytest.param(["resource-get", "a", "b"], 0, ('unrecognized args: ["b"]', 2), id="two names of resources"),
    ],
)
def test_errors_have_jujus_words(argv: list[str], unit: int, expected: tuple[str, int]):
    assert error_of(context(related(), f"flask-k8s/{unit}"), *argv) == expected


def test_a_relation_must_be_named_outside_relation_hooks():
    assert error_of(context(related(), event=START), "relation-list") == ("no relation id specified", 2)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param("created", [], id="created"),
        pytest.param("joined", ["postgresql-k8s/0"], id="joined"),
        pytest.param("departed", [], id="departed: without the departing unit"),
        pytest.param("broken", [], id="broken"),
    ],
)
def test_relation_list_returns_the_joined_units(change: events.RelationStep, expected: list[str]):
    model = idle(deployed(deployed(empty(), FLASK), POSTGRES))
    model = operations.integrate(model, "flask-k8s", "postgresql-k8s")
    if change == "departed":
        model = idle(model)
    unit = "postgresql-k8s/0" if change in {"joined", "departed"} else ""
    event = dataclasses.replace(CHANGED, change=change, unit=unit)

    assert read(context(model, event=event), "relation-list") == expected
    assert read(context(model, event=event), "relation-ids", "db") == ["db:2"]


def test_relation_get_returns_pending_writes_and_an_empty_value_deletes():
    hook = context(related())

    hook = after(hook, "relation-set", "-r", "2", "--app", "--file", "-", stdin='{"a": "1", "database": ""}')
    hook = after(hook, "relation-set", "-r", "2", "b=2")

    assert read(hook, "relation-get", "-r", "2", "--app", "-", "flask-k8s") == {"a": "1"}
    assert read(hook, "relation-get", "-r", "2", "b", "flask-k8s/0") == "2"
    model = hook_commit.commit(hook.snapshot, hook, NOW)
    assert model.relations[2].applications["flask-k8s"].data == {"a": "1"}
    assert model.relations[2].units["flask-k8s/0"].data["b"] == "2"


def test_a_remote_databag_stays_the_same_during_a_hook():
    before = related()
    newer = dataclasses.replace(
        before.relations[2], applications={"postgresql-k8s": Databag(data={"uris": "new"}, version=2)}
    )

    reply = read(
        context(before),
        "relation-get",
        "-r",
        "2",
        "--app",
        "-",
        "postgresql-k8s",
        model=with_relation(before, newer),
    )

    assert reply == {"uris": "u"}


def test_a_hook_that_lost_the_leadership_commits_nothing():
    hook = after(context(related()), "relation-set", "-r", "2", "--app", "a=1")
    application = dataclasses.replace(hook.snapshot.applications["flask-k8s"], leader="flask-k8s/1")
    model = dataclasses.replace(hook.snapshot, applications={**hook.snapshot.applications, "flask-k8s": application})

    with pytest.raises(JujuError, match="cannot write relation settings"):
        hook_commit.commit(model, hook, NOW)


def test_status_and_version_take_effect_at_once():
    hook = context(related(), event=START)

    model = call(hook, "status-set", "--application=False", "blocked", "--", "missing", "this").model
    model = call(hook, "status-set", "--application=true", "active", model=model).model
    model = call(hook, "application-version-set", "--", "1.2", model=model).model

    unit = read(hook, "status-get", "--include-data", "--application=false", model=model)
    application = read(hook, "status-get", "--include-data", "--application=true", model=model)
    assert unit == {"status": "blocked", "message": "missing this", "status-data": {}}
    assert application["application-status"]["status"] == "active"
    assert application["application-status"]["units"]["flask-k8s/0"]["status"] == "blocked"
    assert model.applications["flask-k8s"].version == "1.2"


def test_an_invalid_status_is_an_error():
    assert error_of(context(related()), "status-set", "great")[0].startswith('invalid status "great"')


@pytest.mark.parametrize(
    ("argv", "level"),
    [
        pytest.param(["--log-level", "TRACE"], "TRACE", id="trace"),
        pytest.param(["--log-level", "CRITICAL"], "ERROR", id="an unknown level"),
        pytest.param([], "INFO", id="no level"),
    ],
)
def test_juju_log_levels(argv: list[str], level: str):
    assert call(context(related()), "juju-log", *argv, "--", "a", "--b").log == ((level, "a --b"),)


def test_ports_open_and_close_when_the_hook_succeeds():
    hook = context(related())

    for argv in (["open-port", "8000"], ["open-port", "icmp"], ["open-port", "10-20/udp"], ["open-port", "9/tcp"]):
        hook = after(hook, *argv)
    hook = after(hook, "close-port", "9/tcp")

    assert read(hook, "opened-ports") == ["10-20/udp", "8000/tcp", "icmp"]
    assert read(hook, "opened-ports", "--endpoints")[0] == "10-20/udp (*)"
    model = hook_commit.commit(hook.snapshot, hook, NOW)
    assert read(context(model), "opened-ports") == ["10-20/udp", "8000/tcp", "icmp"]
    assert error_of(hook, "open-port", "70000")[1] == 2
    assert error_of(hook, "open-port", "x/tcp")[1] == 2


def test_ports_are_opened_and_closed_for_endpoints():
    hook = context(related())
    endpoint = next(iter(hook.snapshot.applications[hook.application].charm.endpoints))

    hook = after(hook, "open-port", "80", "--endpoints", endpoint)
    hook = after(hook, "open-port", "90", "--endpoints", "*")
    shown = read(hook, "opened-ports", "--endpoints")
    model = hook_commit.commit(hook.snapshot, hook, NOW)
    closed = after(context(model), "close-port", "80", "--endpoints", endpoint)

    assert shown == [f"80/tcp ({endpoint})", "90/tcp (*)"]
    assert read(context(model), "opened-ports") == ["80/tcp", "90/tcp"]
    assert read(closed, "opened-ports") == ["90/tcp"]
    assert read(after(context(model), "close-port", "80"), "opened-ports") == ["90/tcp"]
    assert error_of(hook, "open-port", "80", "--endpoints", "none") == ('endpoint "none" not found', 2)


def test_the_state_is_stored_when_the_hook_succeeds():
    hook = after(context(related()), "state-set", "--file", "-", stdin="a: '1'\nb: '2'\n")
    hook = after(hook, "state-delete", "b")

    assert read(hook, "state-get") == {"a": "1"}
    assert read(hook, "state-get", "a") == "1"
    assert read(context(hook_commit.commit(hook.snapshot, hook, NOW)), "state-get") == {"a": "1"}


def test_network_get_returns_the_units_address():
    reply = read(context(related()), "network-get", "db", "-r", "2")

    assert reply["bind-addresses"][0]["addresses"][0]["value"] == "10.152.0.2"
    assert reply["ingress-addresses"] == ["10.152.0.2"]
    assert reply["egress-subnets"] == ["10.152.0.2/32"]
    assert read(context(related()), "network-get", "db", "--bind-address") == "10.152.0.2"
    assert read(context(related()), "unit-get", "private-address") == "10.152.0.2"


def test_a_unit_databag_has_the_address_in_the_words_of_its_version():
    of_4 = operations.configure_model(empty(), {"agent-version": "4.0.1"})
    model = idle(operations.integrate(idle(deployed(deployed(of_4, FLASK), POSTGRES)), "flask-k8s", "postgresql-k8s"))

    assert read(context(model), "relation-get", "-", "postgresql-k8s/0") == {"ip": "10.152.0.3"}
    assert read(context(related()), "relation-get", "-", "postgresql-k8s/0").keys() == {
        "egress-subnets",
        "ingress-address",
        "private-address",
    }


def test_storage_get_returns_the_mount_point():
    model = idle(deployed(empty(), POSTGRES))
    hook = context(model, "postgresql-k8s/0", events.Storage(storage="pgdata/0"))

    assert read(hook, "storage-list", "pgdata") == ["pgdata/0"]
    assert read(hook, "storage-get") == {"kind": "filesystem", "location": "/var/lib/juju/storage/pgdata/0"}
    assert read(hook, "storage-get", "-s", "pgdata/0", "kind") == "filesystem"
    assert error_of(hook, "storage-get", "-s", "other/1")[1] == 2


def test_goal_state_shows_own_and_remote_units():
    goal = read(context(related()), "goal-state")

    assert sorted(goal["units"]) == ["flask-k8s/0", "flask-k8s/1"]
    assert sorted(goal["relations"]) == ["db"]
    assert sorted(goal["relations"]["db"]) == ["postgresql-k8s", "postgresql-k8s/0"]


def test_resource_get_returns_a_file_in_the_charm_container():
    said = call(context(related()), "resource-get", "app-image").stdout

    assert said == "/var/lib/juju/agents/unit-flask-k8s-0/resources/app-image/content.yaml"


def test_resource_get_returns_a_file_by_its_name_in_the_metadata():
    charm = dataclasses.replace(PLAIN, files={"words": "words.txt", "later": "later.bin"})
    request = operations.Request(charm=charm, application="plain", resources={"words": "/files/a"}, config={})
    hook = context(operations.deploy(empty(), request, ["10.152.0.2"], NOW), "plain/0", START)

    assert call(hook, "resource-get", "words").stdout == ("/var/lib/juju/agents/unit-plain-0/resources/words/words.txt")
    assert error_of(hook, "resource-get", "later") == (
        "could not download resource: resource#plain/later not found",
        1,
    )


def owned(**changed: Any) -> Secret:
    secret = Secret(
        id="s1",
        owner_kind="application",
        owner="postgresql-k8s",
        label="mine",
        revisions=(Revision(number=1, content={"password": "p1"}),),
    )
    return dataclasses.replace(secret, **changed)


NEWER = (Revision(number=1, content={"password": "p1"}), Revision(number=2, content={"password": "p2"}))


def test_a_new_secret_is_readable_at_once_and_stored_when_the_hook_succeeds():
    hook = context(related())

    reply = call(
        hook,
        *("secret-add", "--label", "l", "--description", "d", "--rotate", "daily"),
        *("--owner", "application", "password#file=/tmp/x"),
        files={"/tmp/x": "p"},
    )
    hook = dataclasses.replace(hook, writes=reply.writes)

    assert reply.stdout == "secret:new00000000000000000\n"
    assert read(hook, "secret-get", "--label", "l") == {"password": "p"}
    assert read(hook, "secret-ids") == ["new00000000000000000"]
    info = read(hook, "secret-info-get", "secret:new00000000000000000")["new00000000000000000"]
    assert info == {
        "revision": 1,
        "label": "l",
        "owner": "application",
        "description": "d",
        "rotation": "daily",
    }
    assert "new00000000000000000" in hook_commit.commit(hook.snapshot, hook, NOW).secrets
    assert error_of(hook, "secret-add", "--label", "l", "key=v")[0] == 'secret with label "l" already exists'
    labelled = call(hook, "secret-get", "new00000000000000000", "--label", "m").writes
    assert labelled.added["new00000000000000000"].label == "m"


def test_reading_tracks_a_revision_until_refresh():
    model = with_secret(related(), owned(grants={"flask-k8s": 2}))
    hook = context(model)

    model = call(hook, "secret-get", "secret:s1").model
    newer = with_secret(model, dataclasses.replace(model.secrets["s1"], revisions=NEWER))
    pinned = read(hook, "secret-get", "secret://uuid/s1", model=newer)
    peeked = read(hook, "secret-get", "s1", "--peek", model=newer)
    refreshed = call(hook, "secret-get", "s1", "--refresh", "--format", "json", model=newer)

    assert [pinned, peeked, json.loads(refreshed.stdout)] == [
        {"password": "p1"},
        {"password": "p2"},
        {"password": "p2"},
    ]
    assert newer.secrets["s1"].tracking["flask-k8s/0"].revision == 1
    assert refreshed.model.secrets["s1"].tracking["flask-k8s/0"].revision == 2


def test_a_reader_may_label_a_secret():
    model = with_secret(related(), owned(grants={"flask-k8s/0": 2}))
    hook = context(model)

    model = call(hook, "secret-get", "s1", "--label", "db").model

    assert read(hook, "secret-get", "--label", "db", model=model) == {"password": "p1"}
    assert error_of(hook, "secret-info-get", "--label", "db", model=model) == ('secret "s1" not found', 1)


def test_an_ungranted_secret_is_denied():
    model = with_secret(related(), owned())

    assert error_of(context(model), "secret-get", "s1") == ("permission denied", 1)
    assert error_of(context(model), "secret-set", "s1", "key=v") == ("permission denied", 1)


def test_only_peek_and_refresh_return_a_pending_revision():
    tracking = {"postgresql-k8s/0": Tracking(revision=1)}
    hook = context(with_secret(related(), owned(tracking=tracking)), "postgresql-k8s/0", START)

    hook = after(hook, "secret-set", "--owner", "application", "secret:s1", "password=p2")
    hook = after(hook, "secret-set", "--label", "other", "secret:s1", "password=p3")

    assert read(hook, "secret-get", "s1") == {"password": "p1"}
    assert read(hook, "secret-get", "s1", "--peek") == {"password": "p3"}
    assert read(hook, "secret-info-get", "--label", "other")["s1"]["revision"] == 2
    secret = hook_commit.commit(hook.snapshot, hook, NOW).secrets["s1"]
    assert [revision.content for revision in secret.revisions] == [{"password": "p1"}, {"password": "p3"}]
    assert secret.label == "other"


def test_unchanged_content_adds_no_revision():
    hook = context(with_secret(related(), owned()), "postgresql-k8s/0", START)

    hook = after(hook, "secret-set", "s1", "password=p1")

    assert len(hook_commit.commit(hook.snapshot, hook, NOW).secrets["s1"].revisions) == 1


def test_a_grant_ends_with_its_relation():
    hook = context(with_secret(related(flasks=1), owned()), "postgresql-k8s/0", START)

    granted = after(hook, "secret-grant", "--relation", "2", "secret:s1")
    model = hook_commit.commit(hook.snapshot, granted, NOW)
    revoked = after(dataclasses.replace(granted, snapshot=model), "secret-revoke", "--relation", "2", "s1")

    assert model.secrets["s1"].readable_by("flask-k8s/0")
    assert not hook_commit.commit(model, revoked, NOW).secrets["s1"].grants
    ended = idle(operations.remove_relation(model, ["flask-k8s", "postgresql-k8s"]))
    assert not ended.secrets["s1"].grants


def test_a_grant_to_a_unit_is_for_that_unit_only():
    hook = context(with_secret(related(), owned()), "postgresql-k8s/0", START)

    hook = after(hook, "secret-grant", "--relation", "2", "--unit", "flask-k8s/1", "s1")

    secret = hook_commit.commit(hook.snapshot, hook, NOW).secrets["s1"]
    assert [secret.readable_by(f"flask-k8s/{number}") for number in (0, 1)] == [False, True]


def test_secret_remove_removes_a_secret_or_a_revision():
    hook = context(with_secret(related(), owned(revisions=NEWER)), "postgresql-k8s/0", START)

    one = after(hook, "secret-remove", "s1", "--revision", "1")
    whole = after(hook, "secret-remove", "s1")
    fresh = after(after(hook, "secret-add", "key=v"), "secret-remove", "new00000000000000000")

    assert [r.number for r in hook_commit.commit(hook.snapshot, one, NOW).secrets["s1"].revisions] == [2]
    assert not hook_commit.commit(hook.snapshot, whole, NOW).secrets
    assert error_of(whole, "secret-get", "s1") == ('secret "s1" not found', 1)
    assert list(hook_commit.commit(hook.snapshot, fresh, NOW).secrets) == ["s1"]


def test_changing_a_new_secret_adds_no_revision():
    hook = after(context(related()), "secret-add", "key=v1")

    hook = after(hook, "secret-set", "new00000000000000000", "key=v2")

    secret = hook_commit.commit(hook.snapshot, hook, NOW).secrets["new00000000000000000"]
    assert [(r.number, r.content) for r in secret.revisions] == [(1, {"key": "v2"})]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param(["key"], '"v"', id="one key"),
        pytest.param(["key#base64"], '"dg=="', id="encoded"),
        pytest.param([], '{"key": "v"}', id="all"),
    ],
)
def test_secret_get_returns_all_keys_or_one(arguments: list[str], expected: str):
    model = with_secret(related(), owned(owner="flask-k8s", revisions=(Revision(number=1, content={"key": "v"}),)))

    assert call(context(model), "secret-get", "s1", *arguments, "--format=json").stdout.strip() == expected


def acting() -> tuple[HookContext, Model]:
    model, task = actions.enqueue(related(), "flask-k8s/0", "backup", {"name": "x"}, NOW)
    event = events.Run(task=task.id, action="backup")
    model = hook_commit.begin(model, "flask-k8s/0", event, NOW)
    return HookContext(unit="flask-k8s/0", event=event, snapshot=model), model


def test_action_get_returns_parameters_with_defaults():
    hook, _ = acting()

    assert read(hook, "action-get") == {"name": "x", "level": 3}
    assert read(hook, "action-get", "level") == 3
    assert read(hook, "action-get", "no.thing") is None


def test_results_nest_at_dots_and_action_fail_does_not_end_the_action():
    hook, model = acting()

    for argv in (["action-set", "a.b=1", "a.c=x=y"], ["action-set", "a.b=2"], ["action-log", "--", "one"]):
        model = call(hook, *argv, model=model).model
    model = call(hook, "action-fail", "--", "no space", model=model).model
    model = actions.finish(model, 2, actions.Exit(code=0, stdout="out"), NOW)

    task = model.tasks[2]
    assert task.results == {"a": {"b": "2", "c": "x=y"}, "stdout": "out", "return-code": 0}
    assert (task.status, task.message, task.log) == ("failed", "no space", ((NOW, "one"),))


@pytest.mark.parametrize("argument", ["stdout=x", "Upper=x", "a..b=x", "word"])
def test_action_set_rejects_invalid_keys(argument: str):
    hook, _ = acting()

    assert call(hook, "action-set", argument).code in {1, 2}


@pytest.mark.parametrize(
    ("event", "place"),
    [
        pytest.param(START, "on k8s", id="hook"),
        pytest.param(events.Run(task=1, action="backup"), "when running an action.", id="action"),
    ],
)
def test_a_pod_is_not_rebooted(event: events.Event, place: str):
    hook = context(related(), event=event)

    assert error_of(hook, "juju-reboot", "--now") == (f"juju-reboot is not supported {place}", 1)
