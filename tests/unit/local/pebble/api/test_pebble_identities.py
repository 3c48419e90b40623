"""Identities are changed all at once, or not at all."""

from typing import Any

import pytest
from paas_local.pebble.api import access, identities

BOB = {"bob": {"access": "read", "local": {"user-id": 4242}}}


def test_a_password_is_not_in_answers():
    known = identities.Identities()

    known.change("add", {"mary": {"access": "metrics", "basic": {"password": "secret"}}})

    assert known.document == {"mary": {"access": "metrics", "basic": {"password": "*****"}}}


def test_null_removes_in_a_replace():
    known = identities.Identities()
    known.change("add", BOB)

    known.change("replace", {"bob": None, "eve": {"access": "untrusted", "local": {"user-id": 1}}})

    assert known.granted == {1: "untrusted"}


@pytest.mark.parametrize(
    ("action", "values", "problem"),
    [
        ("add", BOB, "identities already exist: bob"),
        ("update", {"eve": BOB["bob"]}, "identities do not exist: eve"),
        ("remove", BOB, 'identity value for "bob" must be null for remove operation'),
        ("add", {"eve": None}, 'identity value for "eve" must not be null for add operation'),
        ("add", {"eve": {}}, "access value must be specified"),
        ("add", {"eve": {"access": "read"}}, "identity must have at least one type"),
        ("add", {"eve": {"access": "read", "local": {"user-id": 4242}}}, "cannot have multiple identities"),
        ("dance", {}, 'invalid action "dance", must be "add", "update", "replace", or "remove"'),
    ],
)
def test_refuses_with_a_message(action: str, values: dict[str, Any], problem: str):
    known = identities.Identities()
    known.change("add", BOB)

    with pytest.raises(identities.BadIdentityError) as raised:
        known.change(action, values)

    assert problem in str(raised.value)
    assert known.granted == {4242: "read"}


def test_an_identity_overrides_the_access_of_its_user_id(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("os.geteuid", lambda: 1000)

    assert [access.access(uid, {7: "admin"}) for uid in (None, 0, 1000, 7, 8)] == [
        "untrusted",
        "admin",
        "admin",
        "admin",
        "read",
    ]


def test_each_level_includes_the_lower_ones():
    assert access.allows("read", "metrics")
    assert not access.allows("read", "admin")
    assert not access.allows("untrusted", "read")
