"""Reasons why a machine refuses namespaces, and user ids in them."""

import errno
import os

import pytest
from paas_local.pods import namespaces

DENIED = OSError(errno.EPERM, os.strerror(errno.EPERM))


@pytest.mark.parametrize(
    ("setting", "value", "command"),
    [
        ("kernel.apparmor_restrict_unprivileged_userns", "1", "=0"),
        ("kernel.unprivileged_userns_clone", "0", "=1"),
        ("user.max_user_namespaces", "0", "=15000"),
    ],
)
def test_an_error_names_the_setting_and_the_command(setting: str, value: str, command: str) -> None:
    text = namespaces.explain(DENIED, {"user.max_user_namespaces": "900", setting: value})

    assert text == (
        f"this machine forbids new namespaces: {setting} is {value}; type: sudo sysctl -w {setting}{command}"
    )


def test_an_error_without_a_known_setting_suggests_root() -> None:
    text = namespaces.explain(OSError(errno.EPERM, "Operation not permitted", "/proc"), {})

    assert text == (
        "this machine refuses new namespaces: Operation not permitted (/proc);"
        " run paas-local as root, or outside of a container that forbids them"
    )


@pytest.mark.parametrize(
    ("uid_map", "mapped"),
    [
        ("         0          0 4294967295\n", True),
        ("         0       1001          1\n", False),
        ("         0       1001          1\n         1     100000      65536\n", False),
        ("         0       1001          1\n    584000     100000      65536\n", True),
    ],
)
def test_a_user_namespace_has_the_user_ids_of_its_map(uid_map: str, mapped: bool) -> None:
    assert namespaces.is_mapped(584792, uid_map) is mapped


def test_reads_the_settings_of_this_machine() -> None:
    assert "user.max_user_namespaces" in namespaces.sysctls()


def test_a_mount_error_names_the_target() -> None:
    with pytest.raises(OSError, match="/no/such"):
        namespaces.detach("/no/such")
