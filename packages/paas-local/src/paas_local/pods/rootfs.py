"""What a container's root holds, as data: steps that ``container`` carries out one after the other."""

import dataclasses
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from paas_local.build import rocks

DAEMON_USER = 584792
"""The number of ``_daemon_`` in every rock."""

_SHARED_TOP = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_REAL = "/run/host"
_REAL_BIN = f"{_REAL}/bin"
_PACKAGES = "/run/packages"
_COMMANDS = "/usr/local/sbin"

# What programs of the host's /usr look up in /etc. Not all of it: it has the machine's secrets too.
_ETC = (
    "alternatives", "ca-certificates", "ca-certificates.conf", "crypto-policies", "debian_version", "fonts",
    "gai.conf", "host.conf", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "locale.alias", "locale.conf",
    "localtime", "login.defs", "lsb-release", "magic", "mime.types", "networks", "os-release", "pam.d",
    "pki/ca-trust/extracted", "pki/tls/cert.pem", "pki/tls/certs", "profile", "protocols", "rpc", "security",
    "services", "shells", "ssl/cert.pem", "ssl/certs", "ssl/openssl.cnf", "terminfo", "timezone",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Folder:
    """An empty folder; one that is there already only changes mode and owner."""

    path: str
    mode: int = 0o755
    owner: int = 0


@dataclass(frozen=True, kw_only=True)
class File:
    """A file with this text."""

    path: str
    text: str
    mode: int = 0o644


@dataclass(frozen=True, kw_only=True)
class Link:
    """A symbolic link."""

    path: str
    to: str


@dataclass(frozen=True, kw_only=True)
class Bind:
    """A file or folder of the host, at another or the same path."""

    source: str
    path: str
    writable: bool = False
    owner: int | None = None
    """Who gets the host's file or folder itself; nobody, if None."""


@dataclass(frozen=True, kw_only=True)
class Copy:
    """A private copy, gone with the container; ``optional`` if the host need not have it."""

    source: str
    path: str
    owner: int = 0
    optional: bool = False


@dataclass(frozen=True, kw_only=True)
class Merged:
    """A folder of links to all that other folders have; the first that has a name wins.

    A folder that several have becomes one of theirs in the same way.
    """

    path: str
    folders: tuple[str, ...]
    python: str | None = None
    """A virtual environment's interpreter that has to answer to ``python3`` and ``python``."""


@dataclass(frozen=True, kw_only=True)
class Kernel:
    """What only the kernel can give: ``proc``, ``sysfs``, ``devices``."""

    kind: str
    path: str


Step = Folder | File | Link | Bind | Copy | Merged | Kernel
_KINDS = {kind.__name__: kind for kind in (Folder, File, Link, Bind, Copy, Merged, Kernel)}


def encode(step: Step) -> dict[str, Any]:
    """Write a step as JSON has it."""
    return {"step": type(step).__name__, **dataclasses.asdict(step)}


def decode(document: Mapping[str, Any]) -> Step:
    """Read a step that :func:`encode` wrote."""
    fields = {name: value for name, value in document.items() if name != "step"}
    return _KINDS[document["step"]](**fields)


@dataclass(frozen=True, kw_only=True)
class Machine:
    """What of the host decides how a root looks."""

    links: Mapping[str, str]
    """``{"bin": "usr/bin"}`` where ``/usr`` is merged."""
    folders: tuple[str, ...]
    """Of ``bin``, ``lib`` and so on: those that are real folders."""
    usr: tuple[str, ...]
    local: tuple[str, ...]
    privileged: bool
    """Whether ``_daemon_`` can have a number of its own."""


def machine(*, privileged: bool) -> Machine:
    """Look at the host."""
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
    """Give the number that ``_daemon_`` has, as the files' owner in the container's own view from outside."""
    if not host.privileged:
        return 0
    return DAEMON_USER if uid is None else uid


def base(
    host: Machine, *, hostname: str, hosts: Path, uid: int | None = None, rock: rocks.Rock | None = None
) -> tuple[Step, ...]:
    """Give what every container has: the host's programs, and a private place for all else."""
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
    """Show the host's programs and libraries; ``/usr/local/sbin``, first in PATH, is the container's.

    So are the folders that an image has files for, which only link to what the host has in them: to put a file into
    the host's own folder would be to change the host.
    """
    changed = _changed(host, rock) if rock is not None else ()
    packages = rock.packages if rock is not None else None
    whole = ("/usr",) if packages is not None else ()
    above = (_PACKAGES, _REAL) if packages is not None else (_REAL,)
    shown = () if whole else tuple(name for name in host.usr if name != "local" and f"/usr/{name}" not in changed)
    return (
        Folder(path="/usr"),
        *(_same(f"/usr/{name}") for name in shown),
        Folder(path="/usr/local"),
        *(_same(path) for name in host.local if (path := f"/usr/local/{name}") not in {_COMMANDS, *changed}),
        *((Bind(source="/usr", path=f"{_REAL}/usr"),) if whole or changed else ()),
        *((Bind(source=str(packages), path=_PACKAGES),) if packages is not None else ()),
        *(Merged(path=path, folders=tuple(f"{folder}{path}" for folder in above)) for path in (*whole, *changed)),
        Folder(path=_COMMANDS),
        *(Link(path=f"/{name}", to=to) for name, to in host.links.items()),
        *(_same(f"/{name}") for name in host.folders),
    )


def _changed(host: Machine, rock: rocks.Rock) -> tuple[str, ...]:
    """List the folders below /usr that an image has files for, the outermost first; /bin is always an image's own."""
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
    charm_dir: Path,
    agent_socket: Path,
    mounts: Iterable[Path],
    storage: Mapping[str, Path],
    pebbles: Mapping[str, Path],
    tools: Iterable[str],
    hook_tool: str,
) -> tuple[Step, ...]:
    """Give what the charm container has; ``agent`` is the unit's tag: ``unit-flask-k8s-0``."""
    folder = f"/var/lib/juju/tools/{agent}"
    return (
        *same(mounts),
        Bind(source=str(charm_dir), path=f"/var/lib/juju/agents/{agent}/charm", writable=True),
        Bind(source=str(agent_socket), path=f"/var/lib/juju/agents/{agent}/agent.socket", writable=True),
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
    """Give what a workload container has beside :func:`base`; ``pebble`` is the folder of its socket."""
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
    mounted = {mount: _mounted(mount, owner) for mount in rock.mounts}
    # What goes into /bin has to wait until that is a folder of the container's own.
    late = {mount for mount in rock.mounts if PurePosixPath(mount.target).is_relative_to("/bin")}
    return (
        *(step for mount, steps in mounted.items() if mount not in late for step in steps),
        *(() if merged else (Bind(source="/bin", path=_REAL_BIN),)),
        Merged(path="/bin", folders=(*own, "/usr/bin" if merged else _REAL_BIN), python=interpreter),
        Merged(path=_COMMANDS, folders=own, python=interpreter),
        *(step for mount in rock.mounts if mount in late for step in mounted[mount]),
        *(Folder(path=path, owner=owner) for path in rock.folders),
    )


def _inside(rock: rocks.Rock, path: Path) -> str:
    """Find where a folder of the host is in the container; at its own path, if no mount moves it."""
    moved = (mount for mount in rock.mounts if path.is_relative_to(mount.source))
    return next((str(Path(mount.target) / path.relative_to(mount.source)) for mount in moved), str(path))


def _mounted(mount: rocks.Mount, owner: int) -> tuple[Step, ...]:
    if mount.mode == "copy":
        return (Copy(source=str(mount.source), path=mount.target, owner=owner),)
    if str(mount.source) == mount.target:
        return same([mount.source])
    return (Bind(source=str(mount.source), path=mount.target),)


def same(paths: Iterable[Path]) -> tuple[Bind, ...]:
    """Show folders of the host at their own paths, but not what is there anyway."""
    chosen: list[Path] = []
    for path in sorted(dict.fromkeys(paths), key=lambda path: len(path.parts)):
        if not any(path.is_relative_to(shown) for shown in (Path("/usr"), *chosen)):
            chosen.append(path)
    return tuple(_same(str(path)) for path in chosen)


def _same(path: str) -> Bind:
    return Bind(source=path, path=path)


def interpreter(executable: str, folders: Iterable[str]) -> tuple[Step, ...]:
    """Show a Python: its folders, and the links that lead to it where they lie outside of those.

    ``venv/bin/python`` is a link to a link, often, and one of the folders on the way is a link too.
    """
    given = [Path(folder) for folder in folders]
    shown = same([*given, *(Path(os.path.realpath(folder)) for folder in given)])
    seen = (Path("/usr"), *(Path(step.path) for step in shown))
    links: list[Step] = []
    step = Path(executable)
    while step.is_symlink():
        to = str(step.readlink())
        if not any(step.is_relative_to(folder) for folder in seen):
            links.append(Link(path=str(step), to=to))
        step = Path(os.path.normpath(step.parent / to))
    return (*shown, *links)


def unit_tag(unit: str) -> str:
    """Name a unit the way Juju names its folders."""
    return f"unit-{unit.replace('/', '-')}"


def parents(path: str) -> tuple[str, ...]:
    """List the folders above a path, the outermost first, without the root."""
    return tuple(str(parent) for parent in reversed(PurePosixPath(path).parents))[1:]
