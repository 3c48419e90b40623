"""Planner of a container's root: the steps that show the host's programs, the image, and private folders."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from paas_local.build import rocks
from paas_local.pods.rootfs_steps import Bind, Copy, File, Folder, Kernel, Link, Merged, Step

DAEMON_USER = 584792
"""User id of ``_daemon_`` in every rock."""

_SHARED_TOP = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_REAL = "/run/host"
_REAL_BIN = f"{_REAL}/bin"
_PACKAGES = "/run/packages"
_COMMANDS = "/usr/local/sbin"

# Read by the programs of the host's /usr. The rest of /etc includes secrets of the machine.
_ETC = (
    "alternatives", "ca-certificates", "ca-certificates.conf", "crypto-policies", "debian_version", "fonts",
    "gai.conf", "host.conf", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "locale.alias", "locale.conf",
    "localtime", "login.defs", "lsb-release", "magic", "mime.types", "networks", "os-release", "pam.d",
    "pki/ca-trust/extracted", "pki/tls/cert.pem", "pki/tls/certs", "profile", "protocols", "rpc", "security",
    "services", "shells", "ssl/cert.pem", "ssl/certs", "ssl/openssl.cnf", "terminfo", "timezone",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Machine:
    """The folders of the host that a root depends on."""

    links: Mapping[str, str]
    """``{"bin": "usr/bin"}`` where ``/usr`` is merged."""
    folders: tuple[str, ...]
    """Those of ``bin``, ``lib`` and so on that are real folders."""
    usr: tuple[str, ...]
    """Folders in ``/usr``."""
    local: tuple[str, ...]
    """Folders in ``/usr/local``."""
    privileged: bool
    """True if ``_daemon_`` can have its own user id."""


def machine(*, privileged: bool) -> Machine:
    """Read the host's folders."""
    top = {name: Path("/") / name for name in _SHARED_TOP}
    return Machine(
        links={name: str(path.readlink()).lstrip("/") for name, path in top.items() if path.is_symlink()},
        folders=tuple(name for name, path in top.items() if path.is_dir() and not path.is_symlink()),
        usr=_children(Path("/usr")),
        local=_children(Path("/usr/local")),
        privileged=privileged,
    )


def _children(folder: Path) -> tuple[str, ...]:
    return tuple(sorted(path.name for path in folder.iterdir() if path.is_dir())) if folder.is_dir() else ()


def daemon_user(host: Machine, uid: int | None) -> int:
    """Return the user id that owns the files of ``_daemon_``, in the user namespace of the controller."""
    if not host.privileged:
        return 0
    return DAEMON_USER if uid is None else uid


def base(
    host: Machine, *, hostname: str, hosts: Path, uid: int | None = None, rock: rocks.Rock | None = None
) -> tuple[Step, ...]:
    """Return the steps for every container: the host's programs, and private folders for everything else."""
    owner = uid if uid is not None and host.privileged else 0
    return (
        *_programs(host, rock),
        *_etc(host, hostname=hostname, hosts=hosts, uid=uid),
        Kernel(kind="devices", path="/dev"),
        Kernel(kind="proc", path="/proc"),
        Kernel(kind="sysfs", path="/sys"),
        Folder(path="/tmp", mode=0o1777),  # noqa: S108 - a path in the container
        Folder(path="/var"),
        *(Folder(path=path, owner=owner) for path in ("/root", "/run", "/home", "/mnt", "/opt", "/srv")),
        *(Folder(path=f"/var/{name}", owner=owner) for name in ("cache", "lib", "log", "spool")),
        Folder(path="/var/tmp", mode=0o1777),  # noqa: S108 - a path in the container
        Folder(path="/run/lock", mode=0o1777),
        Link(path="/var/run", to="/run"),
        Link(path="/var/lock", to="/run/lock"),
    )


def _programs(host: Machine, rock: rocks.Rock | None) -> tuple[Step, ...]:
    """Show the host's programs and libraries; ``/usr/local/sbin``, the first folder in PATH, is the container's own.

    A folder that the image has files for is the container's own too, with links to the content of the host's folder: a
    file written into the host's folder would change the host.
    """
    changed = _changed(host, rock) if rock is not None else ()
    packages = rock.packages if rock is not None else None
    whole = ("/usr",) if packages is not None else ()
    sources = (_PACKAGES, _REAL) if packages is not None else (_REAL,)
    shown = () if whole else tuple(name for name in host.usr if name != "local" and f"/usr/{name}" not in changed)
    return (
        Folder(path="/usr"),
        *(_same(f"/usr/{name}") for name in shown),
        Folder(path="/usr/local"),
        *(_same(path) for name in host.local if (path := f"/usr/local/{name}") not in {_COMMANDS, *changed}),
        *((Bind(source="/usr", path=f"{_REAL}/usr"),) if whole or changed else ()),
        *((Bind(source=str(packages), path=_PACKAGES),) if packages is not None else ()),
        *(Merged(path=path, folders=tuple(f"{source}{path}" for source in sources)) for path in (*whole, *changed)),
        Folder(path=_COMMANDS),
        *(Link(path=f"/{name}", to=to) for name, to in host.links.items()),
        *(_same(f"/{name}") for name in host.folders),
    )


def _changed(host: Machine, rock: rocks.Rock) -> tuple[str, ...]:
    """Return the folders below /usr that an image has files for, outermost first; an image's /bin is always its own."""
    links = {f"/{name}": f"/{to}" for name, to in host.links.items() if name != "bin"}
    targets = (PurePosixPath(mount.target) for mount in rock.mounts)
    real = (PurePosixPath(links.get(f"/{path.parts[1]}", f"/{path.parts[1]}"), *path.parts[2:]) for path in targets)
    folders = {str(folder) for path in real for folder in path.parents if folder.is_relative_to("/usr")}
    return tuple(sorted(folders - {"/usr", "/usr/local"}))


def _etc(host: Machine, *, hostname: str, hosts: Path, uid: int | None) -> tuple[Step, ...]:
    user = (DAEMON_USER if host.privileged else 0) if uid is None else uid
    return (
        Folder(path="/etc"),
        *(Copy(source=f"/etc/{name}", path=f"/etc/{name}", optional=True) for name in _ETC),
        File(path="/etc/passwd", text=_passwd(user)),
        File(path="/etc/group", text=f"root:x:0:\ntty:x:5:\n_daemon_:x:{user}:\nnogroup:x:65534:\n"),
        File(path="/etc/hostname", text=f"{hostname}\n"),
        File(path="/etc/resolv.conf", text="nameserver 10.152.0.1\n"),
        File(path="/etc/nsswitch.conf", text="passwd: files\ngroup: files\nhosts: files dns\n"),
        Bind(source=str(hosts), path="/etc/hosts"),
    )


def _passwd(user: int) -> str:
    return (
        "root:x:0:0:root:/root:/bin/sh\n"
        f"_daemon_:x:{user}:{user}::/home/_daemon_:/usr/sbin/nologin\n"
        "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
    )


def charm(
    *,
    agent: str,
    agent_files: Mapping[str, Path],
    mounts: Iterable[Path],
    storage: Mapping[str, Path],
    pebbles: Mapping[str, Path],
    tools: Iterable[str],
    hook_tool: str,
) -> tuple[Step, ...]:
    """Return further steps for the charm container; ``agent`` is the unit's tag, ``unit-flask-k8s-0``.

    ``agent_files`` are the files and folders in the folder of the unit's agent, such as ``charm``; the socket for the
    hook tools is in ``run``.
    """
    folder = f"/var/lib/juju/tools/{agent}"
    return (
        *same(mounts),
        *(
            Bind(source=str(source), path=f"/var/lib/juju/agents/{agent}/{name}", writable=True)
            for name, source in agent_files.items()
        ),
        Link(path=f"/var/lib/juju/agents/{agent}/agent.socket", to="run/agent.socket"),
        Folder(path="/charm/containers"),
        *(
            Bind(source=str(source), path=f"/charm/containers/{name}", writable=True)
            for name, source in pebbles.items()
        ),
        *(Bind(source=str(source), path=location, writable=True) for location, source in storage.items()),
        File(path=f"{folder}/jujuc", text=hook_tool, mode=0o755),
        *(Link(path=f"{folder}/{tool}", to="jujuc") for tool in tools),
    )


def workload(
    host: Machine,
    *,
    rock: rocks.Rock | None,
    uid: int | None,
    storage: Mapping[str, Path],
    pebble: Path,
    runner: Iterable[Step],
) -> tuple[Step, ...]:
    """Return further steps for a workload container; ``pebble`` is the folder of Pebble's socket."""
    owner = daemon_user(host, uid)
    pebble_owner = owner if uid is not None else None
    return (
        *runner,
        *(_rock(host, rock, owner) if rock is not None else ()),
        Bind(source=str(pebble), path="/charm/container", writable=True, owner=pebble_owner),
        Folder(path="/var/lib/pebble", owner=pebble_owner or 0),
        Folder(path="/var/lib/pebble/default", owner=pebble_owner or 0),
        Folder(path="/var/lib/pebble/default/layers", owner=pebble_owner or 0),
        *(
            File(path=f"/var/lib/pebble/default/layers/{name}", text=text)
            for name, text in (rock.layers.items() if rock is not None else ())
        ),
        *(
            Bind(source=str(source), path=location, writable=True, owner=pebble_owner)
            for location, source in storage.items()
        ),
    )


def _rock(host: Machine, rock: rocks.Rock, owner: int) -> tuple[Step, ...]:
    python = _inside(rock, rock.python) if rock.python is not None else None
    own = (f"{python}/bin",) if python is not None else ()
    interpreter = f"{python}/bin/python" if python is not None else None
    merged = "bin" in host.links
    mounts = {mount: _mounted(mount, owner) for mount in rock.mounts}
    # Files for /bin have to wait until /bin is the container's own folder.
    late = {mount for mount in rock.mounts if PurePosixPath(mount.target).is_relative_to("/bin")}
    return (
        *(step for mount, steps in mounts.items() if mount not in late for step in steps),
        *(() if merged else (Bind(source="/bin", path=_REAL_BIN),)),
        Merged(path="/bin", folders=(*own, "/usr/bin" if merged else _REAL_BIN), python=interpreter),
        Merged(path=_COMMANDS, folders=own, python=interpreter),
        *(step for mount in rock.mounts if mount in late for step in mounts[mount]),
        *(Folder(path=path, owner=owner) for path in rock.folders),
    )


def _inside(rock: rocks.Rock, path: Path) -> str:
    """Return the path in the container of a folder of the host; its own path, if no mount moves it."""
    moved = (mount for mount in rock.mounts if path.is_relative_to(mount.source))
    return next((str(Path(mount.target) / path.relative_to(mount.source)) for mount in moved), str(path))


def _mounted(mount: rocks.Mount, owner: int) -> tuple[Step, ...]:
    if mount.mode == "copy":
        return (Copy(source=str(mount.source), path=mount.target, owner=owner),)
    if str(mount.source) == mount.target:
        return same([mount.source])
    return (Bind(source=str(mount.source), path=mount.target),)


def same(paths: Iterable[Path]) -> tuple[Bind, ...]:
    """Show folders of the host at their own paths, except those in ``/usr``, which every container has."""
    shown: list[Path] = []
    for path in sorted(dict.fromkeys(paths), key=lambda path: len(path.parts)):
        if not any(path.is_relative_to(folder) for folder in (Path("/usr"), *shown)):
            shown.append(path)
    return tuple(_same(str(path)) for path in shown)


def _same(path: str) -> Bind:
    return Bind(source=path, path=path)


def python3(interpreter: str) -> Step:
    """Return the step that makes an interpreter the first ``python3`` in PATH."""
    return Merged(path=_COMMANDS, folders=(), python=interpreter)


def interpreter(executable: str, folders: Iterable[str]) -> tuple[Step, ...]:
    """Show a Python: its folders, and the links outside of them that lead to it.

    ``venv/bin/python`` is often a link to a link, and a folder on the way can be a link too.
    """
    paths = [Path(folder) for folder in folders]
    binds = same([*paths, *(Path(os.path.realpath(path)) for path in paths)])
    shown = (Path("/usr"), *(Path(bind.path) for bind in binds))
    links: list[Step] = []
    path = Path(executable)
    while path.is_symlink():
        to = str(path.readlink())
        if not any(path.is_relative_to(folder) for folder in shown):
            links.append(Link(path=str(path), to=to))
        path = Path(os.path.normpath(path.parent / to))
    return (*binds, *links)


def unit_tag(unit: str) -> str:
    """Return the tag of a unit, as Juju's folders have it."""
    return f"unit-{unit.replace('/', '-')}"
