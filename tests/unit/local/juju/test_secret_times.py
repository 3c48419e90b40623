"""The rotation and the expiry of secrets: when their hooks are due, and what ends them."""

import json

import pytest
from model_builders import FLASK, NOW, deployed, empty, idle, spelled
from paas_local.juju import events, hook_commit, hook_tools, next_hook, secrets
from paas_local.juju.hook_context import HookContext
from paas_local.juju.hook_tools.call import Reply, Request, ToolContext
from paas_local.juju.model import Model

HOUR = 3600.0
DAY = 24 * HOUR
LEADER, OTHER = "flask-k8s/0", "flask-k8s/1"


def call(context: HookContext, now: float, *words: str) -> Reply:
    tool_context = ToolContext(hook=context, model=context.snapshot, now=now, fresh_id="s1")
    return hook_tools.answer(tool_context, Request(tool=words[0], arguments=words[1:]))


def hook(model: Model, event: events.Event, now: float, *calls: tuple[str, ...], unit: str = LEADER) -> Model:
    """Return the model after a hook that calls tools."""
    model = hook_commit.begin(model, unit, event, now)
    context = HookContext(unit=unit, event=event, snapshot=model)
    for words in calls:
        reply = call(context, now, *words)
        assert reply.code == 0, reply.stderr
        context = HookContext(unit=unit, event=event, snapshot=model, writes=reply.writes)
    return hook_commit.commit(model, context, now)


def owning(*flags: str) -> Model:
    model = idle(deployed(empty(), FLASK, units=2))
    return hook(model, events.Lifecycle(step="update-status"), NOW, ("secret-add", *flags, "key=value"))


def due(model: Model, now: float, unit: str = LEADER) -> events.Event | None:
    return next_hook.next_event(model, unit, now)


@pytest.mark.parametrize(
    ("policy", "pause"),
    [("hourly", HOUR), ("daily", DAY), ("weekly", 7 * DAY), ("monthly", 30 * DAY), ("yearly", 365 * DAY)],
)
def test_a_rotation_is_due_after_its_pause_on_the_leader_only(policy: str, pause: float):
    model = owning("--rotate", policy)

    rotate = events.SecretStep(secret="s1", becomes="rotate", revision=1)
    assert [due(model, NOW + pause - 1), due(model, NOW + pause)] == [None, rotate]
    assert due(model, NOW + pause, OTHER) is None
    assert next_hook.wakes_at(model, LEADER) == NOW + pause
    assert next_hook.wakes_at(model, OTHER) is None


@pytest.mark.parametrize("flags", [(), ("--rotate", "never")])
def test_a_secret_without_a_policy_is_never_rotated(flags: tuple[str, ...]):
    model = owning(*flags)

    assert (due(model, NOW + 1000 * DAY), next_hook.wakes_at(model, LEADER)) == (None, None)


@pytest.mark.parametrize(
    ("calls", "pause"),
    [
        pytest.param([], 300.0, id="not-rotated"),
        pytest.param([("secret-set", "s1", "key=newer")], HOUR, id="rotated"),
        pytest.param([("secret-set", "s1", "--rotate", "daily")], 300.0, id="only-another-policy"),
    ],
)
def test_a_rotation_repeats_soon_until_there_is_a_new_revision(calls: list[tuple[str, ...]], pause: float):
    model = owning("--rotate", "hourly")
    now = NOW + HOUR
    event = due(model, now)
    assert event

    model = hook(model, event, now, *calls)

    assert model.secrets["s1"].rotation_due == now + pause


def test_the_last_rotation_ends_with_the_policy():
    model = owning("--rotate", "hourly")
    event = due(model, NOW + HOUR)
    assert event

    model = hook(model, event, NOW + HOUR, ("secret-set", "s1", "--rotate", "never"))

    assert due(model, NOW + 1000 * DAY) is None


@pytest.mark.parametrize(
    ("expire", "after"),
    [
        pytest.param("90m", 1.5 * HOUR, id="duration"),
        pytest.param("2026-11-23T06:00:00Z", HOUR, id="utc"),
        pytest.param("2026-11-23T08:00:00.000000+02:00", HOUR, id="zone"),
    ],
)
def test_a_revision_expires_and_the_hook_repeats_until_it_is_removed(expire: str, after: float):
    model = owning("--expire", expire)
    now = NOW + after
    assert due(model, now - 1) is None
    event = events.SecretStep(secret="s1", becomes="expired", revision=1)
    assert due(model, now) == event
    assert events.agent_message(event) == "running secret-expired hook for secret:s1/1"

    ignored = hook(model, event, now)
    renewed = hook(model, event, now, ("secret-set", "s1", "key=newer"))
    removed = hook(renewed, event, now, ("secret-remove", "s1", "--revision", "1"))

    assert (due(ignored, now), due(ignored, now + 300)) == (None, event)
    later = due(renewed, now + 300)
    assert later
    assert spelled(later) == "secret-expired"
    assert due(removed, now + 1000 * DAY) is None


def test_the_times_are_shown_to_the_owner_and_the_operator():
    model = owning("--rotate", "hourly", "--expire", "2026-11-30T00:00:00Z")
    context = HookContext(unit=LEADER, event=events.Lifecycle(step="update-status"), snapshot=model)

    info = json.loads(call(context, NOW, "secret-info-get", "s1", "--format=json").stdout)["s1"]

    assert (info["rotates"], info["expiry"]) == ("2026-11-23T06:00:00Z", "2026-11-30T00:00:00Z")
    shown = secrets.show_document(model, model.secrets["s1"], reveal=False, revisions=True)["s1"]
    assert (shown["rotates"], shown["expires"]) == ("2026-11-23T06:00:00Z", "2026-11-30T00:00:00Z")
    assert shown["revisions"][0]["expires"] == "2026-11-30T00:00:00Z"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("soon", 'expire time or duration "soon" not valid', id="word"),
        pytest.param("0s", 'negative expire duration "0s" not valid', id="zero"),
    ],
)
def test_an_invalid_expiry_is_refused(text: str, message: str):
    model = idle(deployed(empty(), FLASK))
    context = HookContext(unit=LEADER, event=events.Lifecycle(step="update-status"), snapshot=model)

    reply = call(context, NOW, "secret-add", "--expire", text, "key=value")

    assert (reply.stderr, reply.code) == (f"ERROR {message}\n", 2)


def test_an_expiry_without_a_zone_is_in_utc():
    model = owning("--expire", "2026-11-30T00:00:00")

    assert secrets.show_document(model, model.secrets["s1"], reveal=False, revisions=False)["s1"]["expires"] == (
        "2026-11-30T00:00:00Z"
    )
