"""The storage of units: its numbers, what a hook adds, and its events."""

import dataclasses
from collections.abc import Sequence

import pytest
from model_builders import NOW, deployed, empty, hooks_of, idle, run
from paas_local.juju import events, hook_commit, hook_tools, operations, storage_directives
from paas_local.juju.charm import Charm, StorageRange
from paas_local.juju.errors import JujuError
from paas_local.juju.hook_context import HookContext
from paas_local.juju.hook_tools.call import Reply, Request, ToolContext
from paas_local.juju.model import Model, named_unit

KEEPER = Charm(
    name="keeper",
    folder="/charms/keeper",
    storage=("data", "one", "more"),
    multiple={"data": StorageRange(minimum=2, maximum=4), "more": StorageRange(minimum=0, maximum=None)},
)
UNIT = "keeper/0"


@pytest.fixture
def model() -> Model:
    return idle(deployed(empty(), KEEPER))


def call(hook: HookContext, *argv: str) -> Reply:
    tool, *arguments = argv
    context = ToolContext(hook=hook, model=hook.snapshot, now=NOW)
    return hook_tools.answer(context, Request(tool=tool, arguments=arguments))


def adding(model: Model, *words: str) -> Model:
    """Return the model after a hook has called storage-add."""
    hook = HookContext(unit=UNIT, event=events.Lifecycle(step="update-status"), snapshot=model)
    reply = call(hook, "storage-add", *words)
    assert reply.code == 0, reply.stderr
    return hook_commit.commit(model, dataclasses.replace(hook, writes=reply.writes), NOW)


def items(model: Model) -> Sequence[str]:
    return named_unit(model, UNIT).storage


def test_a_unit_has_the_smallest_number_of_each(model: Model):
    assert items(model) == ("data/0", "data/1", "one/2")


def test_an_operator_may_want_more(model: Model):
    request = operations.Request(
        charm=KEEPER, application="other", resources={}, config={}, storage={"data": 3, "more": 1}
    )

    after = operations.deploy(model, request, ["10.152.0.9"], NOW)
    after = operations.add_units(after, "other", ["10.152.0.10"], NOW)

    assert named_unit(after, "other/0").storage == ("data/3", "data/4", "data/5", "one/6", "more/7")
    assert named_unit(after, "other/1").storage == ("data/8", "data/9", "data/10", "one/11", "more/12")


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        pytest.param({"logs": 1}, 'charm "keeper" has no store called "logs"', id="unknown"),
        pytest.param({"data": 1}, 'charm "keeper" store "data": 2 instances required, 1 specified', id="too few"),
        pytest.param({"one": 2}, 'charm "keeper" store "one": at most 1 instances supported, 2 specified', id="many"),
    ],
)
def test_a_number_that_the_charm_cannot_have_is_refused(counts: dict[str, int], message: str):
    request = operations.Request(charm=KEEPER, application="a", resources={}, config={}, storage=counts)

    with pytest.raises(JujuError) as raised:
        operations.deploy(empty(), request, ["10.152.0.2"], NOW)

    assert raised.value.message == message


def test_what_a_hook_adds_is_attached_after_it(model: Model):
    added = adding(model, "data", "more=2")

    assert items(added) == ("data/0", "data/1", "one/2", "data/3", "more/4", "more/5")
    assert run(added)[1] == [
        (UNIT, "data-storage-attached"),
        (UNIT, "more-storage-attached"),
        (UNIT, "more-storage-attached"),
    ]
    assert items(adding(idle(added), "more=1")) == (*items(added), "more/6")


def test_calls_of_one_hook_add_up_and_take_effect_at_its_end(model: Model):
    hook = HookContext(unit=UNIT, event=events.Lifecycle(step="update-status"), snapshot=model)
    hook = dataclasses.replace(hook, writes=call(hook, "storage-add", "data").writes)
    hook = dataclasses.replace(hook, writes=call(hook, "storage-add", "data=1").writes)

    assert call(hook, "storage-list", "--format=json", "data").stdout == '["data/0", "data/1"]\n'
    assert items(hook_commit.commit(model, hook, NOW))[3:] == ("data/3", "data/4")


@pytest.mark.parametrize(
    ("word", "message"),
    [
        pytest.param("logs", 'adding storage logs for unit-keeper-0: storage "logs" not found', id="unknown"),
        pytest.param("one", "adding storage one for unit-keeper-0: cannot attach, storage is singular", id="singular"),
        pytest.param(
            "data=3",
            "adding storage data for unit-keeper-0: attaching 3 storage instances brings the total to 5,"
            " exceeding the maximum of 4",
            id="too many",
        ),
    ],
)
def test_a_hook_that_adds_what_the_charm_cannot_have_fails(model: Model, word: str, message: str):
    with pytest.raises(JujuError) as raised:
        adding(model, word)

    assert raised.value.message == message


DIRECTIVE = 'cannot parse directive for storage "data"'


@pytest.mark.parametrize(
    ("words", "message"),
    [
        pytest.param([], "storage add requires a storage directive", id="none"),
        pytest.param(["=1"], 'expected "name=directive" or "name", got "=1"', id="no name"),
        pytest.param(["data", "data"], 'storage "data" specified more than once', id="twice"),
        pytest.param(
            ["data="], f"{DIRECTIVE}: storage directives require at least one field to be specified", id="empty"
        ),
        pytest.param(
            ["data=-6"], f'{DIRECTIVE}: cannot parse count: count must be greater than zero, got "-6"', id="negative"
        ),
        pytest.param(["data=?"], f'{DIRECTIVE}: unrecognized storage directive "?" not valid', id="neither"),
        pytest.param(["data=ebs,1"], 'only count can be specified for "data"', id="pool"),
        pytest.param(["data=10G"], 'only count can be specified for "data"', id="size"),
    ],
)
def test_an_invalid_directive_has_jujus_words(model: Model, words: list[str], message: str):
    hook = HookContext(unit=UNIT, event=events.Lifecycle(step="update-status"), snapshot=model)

    reply = call(hook, "storage-add", *words)

    assert (reply.stderr, reply.code) == (f"ERROR {message}\n", 2)


def test_the_fields_of_a_directive_come_in_any_order():
    assert storage_directives.directives(["a=1G,3,ebs", "b"]) == {
        "a": storage_directives.Directive(count=3, names_pool_or_size=True),
        "b": storage_directives.Directive(),
    }


def test_storage_is_detached_before_a_unit_stops(model: Model):
    after, hooks = run(operations.remove_applications(model, ["keeper"]))

    assert hooks_of(hooks, UNIT) == [
        "data-storage-detaching",
        "data-storage-detaching",
        "one-storage-detaching",
        "stop",
        "remove",
    ]
    assert not after.applications
