"""Steps that build the roots of containers."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import pytest
from paas_local.build import rocks
from paas_local.pods import rootfs, rootfs_steps
from paas_local.pods.rootfs_steps import Bind, Copy, File, Folder, Link, Merged, Step

StepT = TypeVar("StepT", bound=Step)

MERGED = {"bin": "usr/bin", "sbin": "usr/sbin", "lib": "usr/lib"}


def machine(
    *, privileged: bool = True, links: Mapping[str, str] = MERGED, folders: tuple[str, ...] = ()
) -> rootfs.Machine:
    return rootfs.Machine(
        links=links, folders=folders, usr=("bin", "lib", "local"), local=("bin", "sbin"), privileged=privileged
    )


def base(host: rootfs.Machine, uid: int | None = None) -> tuple[Step, ...]:
    return rootfs.base(host, hostname="a-0", hosts=Path("/h/hosts"), uid=uid)


def workload(host: rootfs.Machine, rock: rocks.Rock | None = None, uid: int | None = None) -> tuple[Step, ...]:
    storage = {"/data": Path("/h/data")}
    return rootfs.workload(host, rock=rock, uid=uid, storage=storage, pebble=Path("/h/app"), runner=())


def rock(*mounts: rocks.Mount, python: Path | None = None) -> rocks.Rock:
    return rocks.Rock(
        folder=Path("/r"),
        name="r",
        layers={"001-r.yaml": "services: {}"},
        mounts=mounts,
        python=python,
        folders=("/flask", "/var/log/flask"),
    )


def of(kind: type[StepT], steps: tuple[Step, ...]) -> dict[str, StepT]:
    return {step.path: step for step in steps if isinstance(step, kind)}


@pytest.mark.parametrize(
    ("privileged", "uid", "line"),
    [
        pytest.param(True, None, "_daemon_:x:584792:584792::", id="root"),
        pytest.param(False, None, "_daemon_:x:0:0::", id="plain user"),
        pytest.param(True, 170, "_daemon_:x:170:170::", id="root with uid"),
        pytest.param(False, 170, "_daemon_:x:170:170::", id="plain user with uid"),
    ],
)
def test_daemon_has_a_user_id_of_the_container(privileged: bool, uid: int | None, line: str) -> None:
    files = of(File, base(machine(privileged=privileged), uid))

    assert line in files["/etc/passwd"].text


def test_a_merged_usr_is_linked_as_on_the_host() -> None:
    assert of(Link, base(machine()))["/bin"].to == "usr/bin"


def test_an_unmerged_usr_is_shown_as_on_the_host() -> None:
    assert "/bin" in of(Bind, base(machine(links={}, folders=("bin",))))


def test_the_first_folder_of_path_is_the_container_s_own() -> None:
    steps = base(machine())

    assert "/usr/local/sbin" in of(Folder, steps)
    assert "/usr/local/sbin" not in of(Bind, steps)
    assert "/usr/local/bin" in of(Bind, steps)


def test_nothing_of_the_host_is_writable() -> None:
    assert not any(step.writable for step in of(Bind, base(machine())).values())


def test_a_container_with_a_user_owns_its_folders() -> None:
    assert of(Folder, base(machine(), 170))["/run"].owner == 170
    assert of(Folder, base(machine(privileged=False), 170))["/run"].owner == 0


def test_storage_belongs_to_the_container_s_user() -> None:
    binds = of(Bind, workload(machine(), uid=170))

    assert binds["/data"] == Bind(source="/h/data", path="/data", writable=True, owner=170)
    assert of(Bind, workload(machine()))["/data"].owner is None


def test_a_rock_s_own_files_are_copied_for_daemon() -> None:
    mount = rocks.Mount(source=Path("/src/app"), target="/flask/app", mode="copy")

    steps = workload(machine(), rock(mount))

    assert of(Copy, steps)["/flask/app"].owner == 584792
    assert of(Folder, steps)["/var/log/flask"].owner == 584792


def test_layers_are_where_pebble_looks() -> None:
    files = of(File, workload(machine(), rock()))

    assert files["/var/lib/pebble/default/layers/001-r.yaml"].text == "services: {}"


def test_the_rock_s_interpreter_comes_before_the_host_s_programs() -> None:
    venv = rocks.Mount(source=Path("/cache/venv"), target="/cache/venv", mode="ro")

    commands = of(Merged, workload(machine(), rock(venv, python=Path("/cache/venv"))))

    assert commands["/bin"].folders == ("/cache/venv/bin", "/usr/bin")
    assert commands["/bin"].python == "/cache/venv/bin/python"
    assert commands["/usr/local/sbin"].folders == ("/cache/venv/bin",)


def test_a_moved_interpreter_is_found_where_it_is_mounted() -> None:
    venv = rocks.Mount(source=Path("/cache/one"), target="/opt/app", mode="ro")

    commands = of(Merged, workload(machine(), rock(venv, python=Path("/cache/one/venv"))))

    assert commands["/bin"].python == "/opt/app/venv/bin/python"


def test_an_unmerged_bin_makes_room_for_the_rock_s() -> None:
    steps = workload(machine(links={}, folders=("bin",)), rock())

    assert of(Bind, steps)["/run/host/bin"].source == "/bin"
    assert of(Merged, steps)["/bin"].folders == ("/run/host/bin",)


def test_a_file_for_bin_waits_until_bin_is_a_folder() -> None:
    tool = rocks.Mount(source=Path("/cache/tool"), target="/bin/tool", mode="ro")

    paths = [step.path for step in workload(machine(), rock(tool))]

    assert paths.index("/bin/tool") > paths.index("/bin")


def test_folders_are_shown_once_at_their_own_paths() -> None:
    steps = rootfs.same([Path("/a/b"), Path("/a"), Path("/usr/lib/python3"), Path("/c"), Path("/c")])

    assert [(step.source, step.path) for step in steps] == [("/a", "/a"), ("/c", "/c")]


def test_an_interpreter_is_shown_with_the_links_that_lead_to_it(tmp_path: Path) -> None:
    real, venv, links = tmp_path / "python-3.11.9", tmp_path / "venv", tmp_path / "home/bin"
    for folder in (real, venv):
        (folder / "bin").mkdir(parents=True)
    links.mkdir(parents=True)
    (real / "bin/python3.11").touch()
    (tmp_path / "python-3.11").symlink_to("python-3.11.9")
    (links / "python3").symlink_to(tmp_path / "python-3.11/bin/python3.11")
    (venv / "bin/python").symlink_to(links / "python3")

    steps = rootfs.interpreter(str(venv / "bin/python"), [str(venv), str(tmp_path / "python-3.11")])

    assert {step.path for step in steps if isinstance(step, Bind)} == {
        str(real),
        str(tmp_path / "python-3.11"),
        str(venv),
    }
    assert [step for step in steps if isinstance(step, Link)] == [
        Link(path=str(links / "python3"), to=str(tmp_path / "python-3.11/bin/python3.11"))
    ]


def test_the_charm_container_has_juju_s_paths() -> None:
    steps = rootfs.charm(
        agent="unit-a-0",
        agent_files={
            "charm": Path("/h/charm"),
            "resources": Path("/h/resources"),
            "run": Path("/h/run"),
        },
        mounts=[Path("/cache/env")],
        storage={"/var/lib/juju/storage/data/0": Path("/h/data")},
        pebbles={"app": Path("/h/app")},
        tools=("is-leader",),
        hook_tool="#!",
    )

    assert {step.path: step.writable for step in of(Bind, steps).values()} == {
        "/cache/env": False,
        "/var/lib/juju/agents/unit-a-0/charm": True,
        "/var/lib/juju/agents/unit-a-0/resources": True,
        "/var/lib/juju/agents/unit-a-0/run": True,
        "/charm/containers/app": True,
        "/var/lib/juju/storage/data/0": True,
    }
    assert of(Link, steps)["/var/lib/juju/agents/unit-a-0/agent.socket"].to == "run/agent.socket"
    assert of(Link, steps)["/var/lib/juju/tools/unit-a-0/is-leader"].to == "jujuc"


def test_steps_survive_json() -> None:
    steps = (*base(machine()), *workload(machine()))

    assert tuple(rootfs_steps.decode(rootfs_steps.encode(step)) for step in steps) == steps


def test_parents_are_listed_from_the_top() -> None:
    assert rootfs_steps.parents("/a/b/c") == ("/a", "/a/b")


def test_reads_the_folders_of_this_machine() -> None:
    assert "bin" in rootfs.machine(privileged=True).usr


@pytest.mark.parametrize(
    ("target", "folders"),
    [
        pytest.param("/usr/local/bin/go-notes", ["/usr/local/bin"], id="program"),
        pytest.param("/usr/local/sbin/tool", ["/usr/local/sbin"], id="of the container"),
        pytest.param("/usr/share/a/b/c", ["/usr/share", "/usr/share/a", "/usr/share/a/b"], id="deep"),
        pytest.param("/lib/firmware", ["/usr/lib"], id="through a link"),
        pytest.param("/bin/tool", [], id="bin"),
        pytest.param("/opt/tool", [], id="elsewhere"),
    ],
)
def test_a_file_of_the_rock_never_changes_a_folder_of_the_host(target: str, folders: list[str]) -> None:
    mount = rocks.Mount(source=Path("/cache/x"), target=target, mode="ro")

    steps = rootfs.base(machine(), hostname="a-0", hosts=Path("/h"), rock=rock(mount))

    links = of(Merged, steps)
    assert list(links) == folders
    assert all(links[folder].folders == (f"/run/host{folder}",) for folder in folders)
    assert not set(folders) & set(of(Bind, steps))
    assert ("/run/host/usr" in of(Bind, steps)) == bool(folders)


def test_packages_come_before_the_machine_s_own_files() -> None:
    image = dataclasses.replace(rock(), packages=Path("/cache/packages/1"))

    steps = rootfs.base(machine(), hostname="a-0", hosts=Path("/h"), rock=image)

    assert of(Merged, steps)["/usr"].folders == ("/run/packages/usr", "/run/host/usr")
    assert of(Bind, steps)["/run/packages"].source == "/cache/packages/1"
    assert [path for path in of(Bind, steps) if path.startswith("/usr")] == ["/usr/local/bin"]


def test_a_file_of_the_rock_goes_into_a_folder_of_its_packages() -> None:
    mount = rocks.Mount(source=Path("/cache/x"), target="/usr/local/bin/x", mode="ro")
    image = dataclasses.replace(rock(mount), packages=Path("/cache/packages/1"))

    steps = rootfs.base(machine(), hostname="a-0", hosts=Path("/h"), rock=image)

    folders = ("/run/packages/usr/local/bin", "/run/host/usr/local/bin")
    assert of(Merged, steps)["/usr/local/bin"].folders == folders
