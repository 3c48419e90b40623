"""The labels of secrets and the access to them, with the rules and the words of Juju 3.6."""

import dataclasses

import pytest
from model_builders import FLASK, NOW, POSTGRES, deployed, empty, idle
from paas_local.juju import events, hook_commit, hook_tools, operations
from paas_local.juju.errors import JujuError
from paas_local.juju.hook_context import HookContext
from paas_local.juju.hook_tools.call import Reply, Request, ToolContext
from paas_local.juju.model import Model, Owner, Revision, Secret, Tracking, with_secret

UPDATE = events.Lifecycle(step="update-status")
OWNER, READER = "postgresql-k8s/0", "flask-k8s/0"
RELATION = ("--relation", "2")
UNIT_GRANTS = "any unit level grants need to be revoked before granting access to the corresponding application"


def secret(name: str = "s1", owner: str = "postgresql-k8s", **changed: object) -> Secret:
    kind: Owner = "unit" if "/" in owner else "application"
    plain = Secret(id=name, owner_kind=kind, owner=owner, revisions=(Revision(number=1, content={"password": "p"}),))
    return dataclasses.replace(plain, **changed)  # pyright: ignore[reportArgumentType]  # any field


def model(*secrets: Secret) -> Model:
    """Return two related applications, the first with two units, and some secrets."""
    related = deployed(deployed(empty(), FLASK, units=2), POSTGRES, units=2)
    related = idle(operations.integrate(idle(related), "flask-k8s", "postgresql-k8s"))
    for each in secrets:
        related = with_secret(related, each)
    return related


def hook(model: Model, unit: str = OWNER) -> HookContext:
    return HookContext(unit=unit, event=UPDATE, snapshot=model)


def call(context: HookContext, *words: str, fresh: str = "new") -> Reply:
    tool, *arguments = words
    tool_context = ToolContext(hook=context, model=context.snapshot, now=NOW, fresh_id=fresh)
    return hook_tools.answer(tool_context, Request(tool=tool, arguments=arguments))


def after(context: HookContext, *words: str, fresh: str = "new") -> HookContext:
    """Return the context after a tool has succeeded, with its immediate changes."""
    reply = call(context, *words, fresh=fresh)
    assert reply.code == 0, reply.stderr
    return dataclasses.replace(context, writes=reply.writes, snapshot=reply.model)


def committed(context: HookContext) -> Model:
    return hook_commit.commit(context.snapshot, context, NOW)


def granted(context: HookContext) -> dict[str, int]:
    return dict(committed(context).secrets["s1"].grants)


def refused(context: HookContext, *words: str) -> tuple[str, int]:
    reply = call(context, *words)
    return reply.stderr.removeprefix("ERROR ").removesuffix("\n"), reply.code


def test_an_application_is_granted_only_without_grants_to_its_units():
    unit = after(hook(model(secret())), "secret-grant", *RELATION, "--unit", READER, "s1")

    assert refused(unit, "secret-grant", *RELATION, "s1") == (UNIT_GRANTS, 1)
    later = hook(committed(unit))
    assert refused(later, "secret-grant", *RELATION, "s1") == (UNIT_GRANTS, 1)
    revoked = after(later, "secret-revoke", *RELATION, "--unit", READER, "s1")
    assert granted(after(revoked, "secret-grant", *RELATION, "s1")) == {"flask-k8s": 2}


def test_a_grant_to_the_application_is_one_to_each_unit():
    application = after(hook(model(secret())), "secret-grant", *RELATION, "s1")

    assert granted(after(application, "secret-grant", *RELATION, "--unit", READER, "s1")) == {"flask-k8s": 2}
    assert granted(after(application, "secret-grant", *RELATION, "s1")) == {"flask-k8s": 2}


def test_the_grant_of_an_application_ends_for_all_its_units():
    context = after(hook(model(secret())), "secret-grant", *RELATION, "s1")
    readable = committed(context)
    after(hook(readable, READER), "secret-get", "s1")

    revoked = committed(after(hook(readable), "secret-revoke", *RELATION, "s1"))

    assert refused(hook(revoked, READER), "secret-get", "s1") == ("permission denied", 1)


def test_a_unit_may_be_revoked_without_its_relation():
    context = after(hook(model(secret(grants={READER: 2}))), "secret-revoke", "--unit", READER, "s1")

    assert granted(context) == {}


def test_a_grant_keeps_its_relation():
    context = hook(model(secret(grants={"flask-k8s": 7})))

    with pytest.raises(JujuError, match="cannot change secret permission scope"):
        committed(after(context, "secret-grant", *RELATION, "s1"))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        pytest.param([], "missing secret URI", id="no secret"),
        pytest.param(["--unit", "flask", "s1"], 'unit "flask" not valid', id="no unit"),
        pytest.param(
            ["--unit", OWNER, "s1"],
            f'cannot specify unit "{OWNER}" in relation to application "flask-k8s"',
            id="another application",
        ),
    ],
)
def test_a_grant_without_a_reader_is_refused(words: list[str], message: str):
    assert refused(hook(model(secret())), "secret-grant", *RELATION, *words) == (message, 2)


EXISTS = 'secret with label "l" already exists'


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(secret("s2", label="l"), id="of the application"),
        pytest.param(secret("s2", "postgresql-k8s/1", label="l"), id="of another unit of the application"),
        pytest.param(
            secret("s2", "flask-k8s", tracking={"postgresql-k8s/1": Tracking(revision=1, label="l")}),
            id="of a secret that a unit reads",
        ),
    ],
)
def test_a_label_is_unique_in_an_application_when_the_hook_ends(other: Secret):
    context = hook(model(secret(), other))
    added = after(context, "secret-add", "--label", "l", "key=v")
    changed = after(context, "secret-set", "s1", "--label", "l")

    for each in (added, changed):
        with pytest.raises(JujuError) as raised:
            committed(each)
        assert raised.value.message == EXISTS


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(secret("s2", "flask-k8s", label="l"), id="of another application"),
        pytest.param(secret("s2", "postgresql-k8s/1", label="l"), id="of another unit"),
    ],
)
def test_a_unit_may_use_the_label_of_another_owner(other: Secret):
    context = after(hook(model(other)), "secret-add", "--owner", "unit", "--label", "l", "key=v")

    assert committed(context).secrets["new"].label == "l"


def test_two_new_secrets_of_one_hook_have_two_labels():
    context = after(hook(model()), "secret-add", "--label", "l", "key=v")

    assert refused(context, "secret-add", "--label", "l", "key=v") == (EXISTS, 1)
    assert len(committed(after(context, "secret-add", "--label", "m", "key=v", fresh="newer")).secrets) == 2


@pytest.mark.parametrize(
    ("other", "role"),
    [
        pytest.param(secret("s2", "flask-k8s", label="l"), "", id="of its application"),
        pytest.param(secret("s2", READER, label="l"), "owner ", id="of its own secret"),
        pytest.param(
            secret("s2", grants={READER: 2}, tracking={READER: Tracking(revision=1, label="l")}),
            "consumer ",
            id="of another secret that it reads",
        ),
    ],
)
def test_the_label_of_a_reader_is_unique_for_the_unit(other: Secret, role: str):
    context = hook(model(secret(grants={"flask-k8s": 2}), other), READER)

    assert refused(context, "secret-get", "s1", "--label", "l") == (
        f'secret label "l" for {role}"unit-flask-k8s-0" already exists',
        1,
    )


def test_a_reader_may_change_its_label():
    context = hook(model(secret(grants={"flask-k8s": 2})), READER)

    context = after(context, "secret-get", "s1", "--label", "first")
    context = after(after(context, "secret-get", "s1", "--label", "first"), "secret-get", "s1", "--label", "second")

    assert refused(context, "secret-get", "--label", "first") == ('secret "first" not found', 1)
    assert call(context, "secret-get", "--label", "second").stdout == "password: p\n"


def test_the_label_of_the_owner_is_changed_by_reading_and_other_units_use_it():
    leader = after(hook(model(secret(label="old"))), "secret-get", "s1", "--label", "new-label")
    follower = hook(leader.snapshot, "postgresql-k8s/1")

    assert leader.snapshot.secrets["s1"].label == "new-label"
    assert call(follower, "secret-get", "--label", "new-label").stdout == "password: p\n"
    assert after(follower, "secret-get", "s1", "--label", "x").snapshot.secrets["s1"].label == "new-label"


def test_a_secret_may_be_removed_as_a_whole_after_one_of_its_revisions():
    context = after(hook(model(secret())), "secret-add", "key=v")

    context = after(after(context, "secret-remove", "new", "--revision", "1"), "secret-remove", "new")
    context = after(after(context, "secret-remove", "s1", "--revision", "1"), "secret-remove", "s1")

    assert committed(context).secrets == {}


def three_revisions() -> Secret:
    return dataclasses.replace(
        secret(), revisions=tuple(Revision(number=n, content={"key": str(n)}) for n in (1, 2, 3))
    )


def test_the_last_removal_of_a_hook_counts():
    context = after(hook(model(three_revisions())), "secret-remove", "s1", "--revision", "1")
    whole = after(context, "secret-remove", "s1")

    second = after(context, "secret-remove", "s1", "--revision", "2")
    after_whole = after(whole, "secret-remove", "s1", "--revision", "2")

    assert [each.number for each in committed(second).secrets["s1"].revisions] == [1, 3]
    assert [each.number for each in committed(after_whole).secrets["s1"].revisions] == [1, 3]


def test_a_removal_drops_the_changes_of_the_hook_and_a_change_takes_the_removal_back():
    changed = after(hook(model(three_revisions())), "secret-set", "s1", "key=4", "--label", "new")

    removed = after(changed, "secret-remove", "s1", "--revision", "1")
    taken_back = after(after(changed, "secret-remove", "s1"), "secret-set", "s1", "key=5")

    after_removal = committed(removed).secrets["s1"]
    assert ([each.number for each in after_removal.revisions], after_removal.label) == ([2, 3], secret().label)
    assert [each.content["key"] for each in committed(taken_back).secrets["s1"].revisions] == ["1", "2", "3", "5"]
