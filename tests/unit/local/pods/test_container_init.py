"""The specification of a container, as JSON."""

from paas_local.pods import container_init
from paas_local.pods.rootfs_steps import Bind, Copy, File, Folder, Kernel, Link, Merged


def test_a_specification_survives_its_file() -> None:
    spec = container_init.Spec(
        root="/r",
        steps=(
            Folder(path="/a", mode=0o1777, owner=5),
            File(path="/b", text="ü"),
            Link(path="/c", to="b"),
            Bind(source="/s", path="/d", writable=True),
            Copy(source="/s", path="/e", optional=True),
            Merged(path="/f", folders=("/g", "/h"), python="/g/python"),
            Kernel(kind="proc", path="/proc"),
        ),
        argv=("/bin/sleep", "infinity"),
        environment={"A": "b"},
        hostname=None,
        pod=7,
        uid=170,
        log="/l",
    )

    read = container_init.decode(container_init.encode(spec))

    # JSON has lists instead of tuples; the builder takes either.
    assert read.steps[:5] == spec.steps[:5]
    assert (read.argv, read.environment, read.pod, read.uid) == (spec.argv, spec.environment, 7, 170)
