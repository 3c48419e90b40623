"""Mount flags and errors of the builder of a container's root."""

import errno

import pytest
from paas_local.pods import namespaces, rootfs_builder

MOUNTINFO = """\
169 147 0:49 / / rw,nosuid,nodev,relatime - tmpfs tmpfs rw,mode=755
170 169 254:0 /usr/lib /usr/lib rw,relatime - ext4 /dev/vda rw
171 170 0:22 / /usr/lib/deep rw,noexec,relatime shared:3 - tmpfs tmpfs rw
172 169 254:0 /data /data rw,relatime - ext4 /dev/vda rw
173 169 254:0 /my\\040app /my\\040app ro,nosuid,nodev - ext4 /dev/vda rw
174 169 254:0 /usr/library /usr/library rw - ext4 /dev/vda rw
175 169 254:0 / /.host rw - ext4 /dev/vda rw
"""
RELATIME = 1 << 21


def test_a_bind_and_the_mounts_below_it_become_read_only() -> None:
    changes = dict(rootfs_builder.remounts(MOUNTINFO, {"/usr/lib": False}))

    safe = namespaces.NOSUID | namespaces.NODEV | RELATIME
    assert changes == {
        "/usr/lib": safe | namespaces.RDONLY,
        "/usr/lib/deep": safe | namespaces.RDONLY | namespaces.NOEXEC,
    }


def test_a_writable_bind_stays_writable() -> None:
    changes = rootfs_builder.remounts(MOUNTINFO, {"/data": True})

    assert changes == (("/data", namespaces.NOSUID | namespaces.NODEV | RELATIME),)


def test_the_nearest_bind_decides() -> None:
    changes = dict(rootfs_builder.remounts(MOUNTINFO, {"/usr/lib": False, "/usr/lib/deep": True}))

    assert not changes["/usr/lib/deep"] & namespaces.RDONLY
    assert changes["/usr/lib"] & namespaces.RDONLY


def test_a_mount_with_the_right_flags_is_not_remounted() -> None:
    assert rootfs_builder.remounts(MOUNTINFO, {"/my app": False}) == ()


@pytest.mark.parametrize(
    ("error", "text"),
    [
        pytest.param(OSError(errno.ENOENT, "No such file or directory", "/.host/x"), "No such file or directory: /x"),
        pytest.param(OSError(errno.EPERM, "Operation not permitted"), "Operation not permitted"),
    ],
)
def test_errors_name_the_path_that_the_host_knows(error: OSError, text: str) -> None:
    assert rootfs_builder.describe(error) == text
