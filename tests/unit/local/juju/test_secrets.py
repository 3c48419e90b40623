import pytest
from model_builders import FLASK, NOW, deployed, empty
from paas_local.juju import secrets
from paas_local.juju.errors import JujuError
from paas_local.juju.hook_context import SecretChange
from paas_local.juju.model import Model, Revision, Secret, with_secret


def user_secret(name: str = "token", number: str = "u1", **content: str) -> Secret:
    content = content or {"key": "hidden"}
    return Secret(
        id=number,
        owner_kind="model",
        owner="uuid",
        name=name,
        revisions=(Revision(number=1, content=content),),
    )


def model() -> Model:
    return secrets.add(deployed(empty(), FLASK), user_secret())


@pytest.mark.parametrize("name", ["u1", "secret:u1", "secret://uuid/u1", "token"])
def test_a_secret_is_found_by_id_or_name(name: str):
    assert secrets.find(model(), name).id == "u1"


def test_a_user_secret_is_granted_and_revoked():
    granted = secrets.grant(model(), "token", ("flask-k8s",))

    revoked = secrets.grant(granted, "token", ("flask-k8s",), revoke=True)

    assert granted.secrets["u1"].readable_by("flask-k8s/0")
    assert not revoked.secrets["u1"].readable_by("flask-k8s/0")


@pytest.mark.parametrize(("revoke", "action"), [(False, "grant"), (True, "revoke")])
def test_a_grant_to_an_absent_application_is_an_error(revoke: bool, action: str):
    with pytest.raises(JujuError, match=f'failed to {action} secret: application "nope" not found'):
        secrets.grant(model(), "token", ("nope",), revoke=revoke)


def test_only_new_content_adds_a_revision():
    changed = secrets.update(model(), "token", SecretChange(content={"key": "w"}), NOW)
    described = secrets.update(changed, "token", SecretChange(description="d"), NOW)

    secret = described.secrets["u1"]
    assert [revision.number for revision in secret.revisions] == [1, 2]
    assert secret.description == "d"


def test_a_secrets_content_is_shown_only_with_reveal():
    granted = secrets.grant(model(), "token", ("flask-k8s",))
    secret = granted.secrets["u1"]

    plain = secrets.list_document(granted)["u1"]
    revealed = secrets.show_document(granted, secret, reveal=True, revisions=False)["u1"]
    listed = secrets.show_document(granted, secret, reveal=False, revisions=True)["u1"]

    assert plain["owner"] == "<model>"
    assert "hidden" not in str(plain)
    assert revealed["content"] == {"Data": {"key": "hidden"}}
    assert revealed["access"] == [{"target": "application-flask-k8s", "scope": f"model-{granted.uuid}", "role": "view"}]
    assert listed["revisions"][0]["revision"] == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param({}, "missing secret value or filename", id="nothing"),
        pytest.param({"ab": "v"}, 'key "ab" not valid', id="short key"),
        pytest.param({"key": "x" * 800_000}, "secret content size exceeds 1000000 bytes", id="too large"),
    ],
)
def test_content_is_checked(content: dict[str, str], message: str):
    with pytest.raises(JujuError) as raised:
        secrets.check_content(content)

    assert raised.value.message == message


def test_names_are_unique_and_secrets_are_removed():
    with pytest.raises(JujuError, match='secret with name "token" already exists'):
        secrets.add(model(), user_secret(number="u2"))

    assert secrets.remove(model(), "token", None).secrets == {}


def test_a_user_may_not_change_a_charms_secret():
    owned_by_unit = with_secret(model(), Secret(id="s1", owner_kind="unit", owner="a/0", revisions=()))

    with pytest.raises(JujuError, match="permission denied"):
        secrets.remove(owned_by_unit, "s1", None)


def test_a_pruned_secret_keeps_the_revisions_that_units_read():
    tracked = secrets.track(model(), "u1", "flask-k8s/0", 1, None)

    updated = secrets.update(tracked, "u1", SecretChange(content={"key": "two"}), NOW, auto_prune=True)
    assert [each.number for each in updated.secrets["u1"].revisions] == [1, 2]

    moved = secrets.track(updated, "u1", "flask-k8s/0", 2, None)
    assert [each.number for each in moved.secrets["u1"].revisions] == [2]
