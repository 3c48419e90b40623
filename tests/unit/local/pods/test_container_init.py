import errno
import shutil

import pytest
from paas_local.pods import container_init, namespaces, rootfs

TABLE = """\
169 147 0:49 / / rw,nosuid,nodev,relatime - tmpfs tmpfs rw,mode=755
170 169 254:0 /usr/lib /usr/lib rw,relatime - ext4 /dev/vda rw
171 170 0:22 / /usr/lib/deep rw,noexec,relatime shared:3 - tmpfs tmpfs rw
172 169 254:0 /data /data rw,relatime - ext4 /dev/vda rw
173 169 254:0 /my\\040app /my\\040app ro,nosuid,nodev - ext4 /dev/vda rw
174 169 254:0 /usr/library /usr/library rw - ext4 /dev/vda rw
175 169 254:0 / /.host rw - ext4 /dev/vda rw
"""
RELATIME = 1 << 21


def test_a_bind_and_what_is_mounted_below_it_become_read_only() -> None:
    found = dict(container_init.remounts(TABLE, {"/usr/lib": False}))

    safe = namespaces.NOSUID | namespaces.NODEV | RELATIME
    assert found == {
        "/usr/lib": safe | namespaces.RDONLY,
        "/usr/lib/deep": safe | namespaces.RDONLY | namespaces.NOEXEC,
    }


def test_a_writable_bind_stays_writable() -> None:
    found = container_init.remounts(TABLE, {"/data": True})

    assert found == (("/data", namespaces.NOSUID | namespaces.NODEV | RELATIME),)


def test_the_nearest_bind_decides() -> None:
    found = dict(container_init.remounts(TABLE, {"/usr/lib": False, "/usr/lib/deep": True}))

    assert not found["/usr/lib/deep"] & namespaces.RDONLY
    assert found["/usr/lib"] & namespaces.RDONLY


def test_what_has_its_flags_is_left_alone() -> None:
    assert container_init.remounts(TABLE, {"/my app": False}) == ()


def test_a_specification_survives_its_file() -> None:
    spec = container_init.Spec(
        root="/r",
        steps=(
            rootfs.Folder(path="/a", mode=0o1777, owner=5),
            rootfs.File(path="/b", text="ü"),
            rootfs.Link(path="/c", to="b"),
            rootfs.Bind(source="/s", path="/d", writable=True),
            rootfs.Copy(source="/s", path="/e", optional=True),
            rootfs.Merged(path="/f", folders=("/g", "/h"), python="/g/python"),
            rootfs.Kernel(kind="proc", path="/proc"),
        ),
        argv=("/bin/sleep", "infinity"),
        environment={"A": "b"},
        hostname=None,
        pod=7,
        uid=170,
        log="/l",
    )

    read = container_init.decode(container_init.encode(spec))

    # JSON has lists where we have tuples; what carries the steps out takes either
    assert read.steps[:5] == spec.steps[:5]
    assert (read.argv, read.environment, read.pod, read.uid) == (spec.argv, spec.environment, 7, 170)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        pytest.param(OSError(errno.ENOENT, "No such file or directory", "/.host/x"), "No such file or directory: /x"),
        pytest.param(OSError(errno.EPERM, "Operation not permitted"), "Operation not permitted"),
        pytest.param(shutil.Error([("/.host/a", "/b", "denied: '/.host/a'")]), "cannot copy: denied: '/a'"),
    ],
)
def test_errors_name_the_path_that_the_host_knows(error: OSError, words: str) -> None:
    assert container_init.describe(error) == words
