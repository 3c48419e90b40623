"""Files and directories of this container.

Errors are those of the operating system, in Go's words; each path has its own.
"""

# Paths of clients stay text: a Path would drop a final slash.
# ruff: noqa: PTH101, PTH102, PTH104, PTH106, PTH108, PTH112, PTH114, PTH116, PTH118, PTH119, PTH120, PTH208

import errno
import fnmatch
import os
import secrets
import shutil
import stat
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from paas_local.pebble.plan import users
from paas_local.pebble.services.processes import reason

_KINDS = {
    errno.ENOENT: "not-found",
    errno.EACCES: "permission-denied",
    errno.EPERM: "permission-denied",
}
_STATUS = {"not-found": 404, "permission-denied": 403}
_TYPES: tuple[tuple[Callable[[int], bool], str], ...] = (
    (stat.S_ISREG, "file"),
    (stat.S_ISDIR, "directory"),
    (stat.S_ISLNK, "symlink"),
    (stat.S_ISSOCK, "socket"),
    (stat.S_ISFIFO, "named-pipe"),
    (stat.S_ISBLK, "device"),
    (stat.S_ISCHR, "device"),
)


class PathError(Exception):
    """An error of one path."""

    def __init__(self, message: str, kind: str = "generic-file-error") -> None:
        super().__init__(message)
        self.kind: str = kind

    @property
    def status(self) -> int:
        """The HTTP status of a list request with this error."""
        return _STATUS.get(self.kind, 400)

    @property
    def document(self) -> dict[str, str]:
        """The JSON document in answers."""
        return {"message": str(self), "kind": self.kind}


def os_error(operation: str, path: str, error: OSError) -> PathError:
    """Build the error for an error of the operating system."""
    return PathError(
        f"{operation} {path}: {reason(error)}".lstrip(), _KINDS.get(error.errno or 0, "generic-file-error")
    )


def _not_permitted(error: OSError) -> PathError:
    return PathError(reason(error), _KINDS.get(error.errno or 0, "generic-file-error"))


@dataclass(frozen=True, kw_only=True)
class Owner:
    """The owner and the permissions of a new file."""

    user: users.UserSpec
    permissions: str = ""

    def mode(self, default: int) -> int:
        """Return the permissions, or the default; raises PathError."""
        if not self.permissions:
            return default
        digits = len(self.permissions) == 3 and set(self.permissions) <= set("01234567")  # noqa: PLR2004
        if not digits:
            raise PathError(f'permissions must be a 3-digit octal string, got "{self.permissions}"')
        return int(self.permissions, 8)

    def look_up(self) -> users.User | None:
        """Look the owner up; None for the daemon's own user; raises PathError."""
        try:
            return users.find(self.user)
        except users.UnknownUserError as error:
            raise PathError(f"cannot look up user and group: {error}") from None


def check_absolute(path: str) -> None:
    """Raise PathError for a relative path."""
    if not path.startswith("/"):
        raise PathError(f'paths must be absolute, got "{path}"')


def _entry(path: str, name: str, info: os.stat_result) -> dict[str, Any]:
    user, group = users.by_uid(info.st_uid), users.group_name(info.st_gid)
    kind = next((name for is_type, name in _TYPES if is_type(info.st_mode)), "unknown")
    time = datetime.fromtimestamp(int(info.st_mtime), tz=timezone.utc)
    return {
        "path": path,
        "name": name,
        "type": kind,
        **({"size": info.st_size} if kind == "file" else {}),
        "permissions": f"{info.st_mode & 0o777:03o}",
        "last-modified": time.isoformat().replace("+00:00", "Z"),
        "user-id": info.st_uid,
        **({"user": user.pw_name} if user else {}),
        "group-id": info.st_gid,
        **({"group": group} if group is not None else {}),
    }


def entries(path: str, pattern: str, *, itself: bool) -> list[dict[str, Any]]:
    """List a directory, or one file."""
    if pattern.count("[") > pattern.count("]"):
        raise PathError("syntax error in pattern")
    try:
        info = os.stat(path)
    except OSError as error:
        raise os_error("stat", path, error) from None
    if itself or not stat.S_ISDIR(info.st_mode):
        name = os.path.basename(path.rstrip("/")) or "/"
        listed = [(os.path.join(os.path.dirname(path), name), name, info)]
    else:
        listed = _children(path)
    return [_entry(*each) for each in listed if not pattern or fnmatch.fnmatchcase(each[1], pattern)]


def _children(path: str) -> list[tuple[str, str, os.stat_result]]:
    try:
        names = sorted(os.listdir(path))
    except OSError as error:
        raise os_error("open", path, error) from None
    children: list[tuple[str, str, os.stat_result]] = []
    for name in names:
        child = os.path.join(path, name)
        try:
            children.append((child, name, os.lstat(child)))
        except FileNotFoundError:  # removed since listdir
            continue
    return children


def open_for_reading(path: str) -> int:
    """Open a regular file; raises PathError."""
    check_absolute(path)
    try:
        info = os.stat(path)
    except OSError as error:
        raise os_error("stat", path, error) from None
    if not stat.S_ISREG(info.st_mode):
        raise PathError(f'can only read a regular file: "{path}"')
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise os_error("open", path, error) from None


class Replacement:
    """A new file that appears at its path completely, or not at all."""

    def __init__(self, path: str, owner: Owner, *, make_dirs: bool) -> None:
        check_absolute(path)
        self._path: str = path
        folder, name = os.path.split(path)
        mode = owner.mode(0o644)
        user = owner.look_up()
        if make_dirs:
            try:
                _make_all(folder, 0o755, user)
            except PathError as error:
                raise PathError(f"cannot create directory: {error}", error.kind) from None
        if "*" in name:
            raise PathError(f"cannot create tempfile for filename containing '*': \"{name}\"")
        self._temporary: str = f"{path}.{secrets.randbelow(10**10):010}~"
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            self._descriptor: int = os.open(self._temporary, flags, 0o600)
        except OSError as error:
            raise os_error("open", self._temporary, error) from None
        try:
            if user is not None:
                os.chown(self._descriptor, user.uid, user.gid)
            os.chmod(self._descriptor, mode)
        except OSError as error:
            self.discard()
            raise _not_permitted(error) from None

    def write(self, content: bytes) -> None:
        """Write content to the new file."""
        rest = memoryview(content)
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError as error:
            self.discard()
            raise os_error("write", self._temporary, error) from None

    def commit(self) -> None:
        """Rename the new file to its path; a link at the path is replaced, not followed."""
        try:
            if stat.S_ISDIR(os.lstat(self._path).st_mode):
                self.discard()
                raise PathError(f"rename {self._temporary} {self._path}: file exists")
        except FileNotFoundError:
            pass
        os.close(self._descriptor)
        try:
            os.rename(self._temporary, self._path)
        except OSError as error:
            os.unlink(self._temporary)
            raise os_error("rename", f"{self._temporary} {self._path}", error) from None

    def discard(self) -> None:
        """Remove the new file."""
        os.close(self._descriptor)
        os.unlink(self._temporary)


def make_dir(path: str, owner: Owner, *, parents: bool) -> None:
    """Create a directory; an existing one is an error, unless parents are created too."""
    check_absolute(path)
    mode = owner.mode(0o755)
    user = owner.look_up()
    if parents:
        _make_all(path, mode, user)
    else:
        _make(path, mode, user)


def _make_all(path: str, mode: int, user: users.User | None) -> None:
    if os.path.isdir(path):
        return
    parent = os.path.dirname(path.rstrip("/"))
    if parent and parent != path:
        _make_all(parent, mode, user)
    _make(path.rstrip("/"), mode, user)


def _make(path: str, mode: int, user: users.User | None) -> None:
    if os.path.lexists(path):
        exists = errno.EEXIST if os.path.isdir(path) else errno.ENOTDIR
        raise os_error("mkdir", path, OSError(exists, ""))
    temporary = f"{path.rstrip('/')}.mkdir-new"
    try:
        os.mkdir(temporary, 0o700)
    except OSError as error:
        raise os_error("mkdir", temporary, error) from None
    try:
        if user is not None:
            os.chown(temporary, user.uid, user.gid)
        os.chmod(temporary, mode)
        os.rename(temporary, path)
    except OSError as error:
        os.rmdir(temporary)
        raise _not_permitted(error) from None


def remove(path: str, *, recursive: bool) -> None:
    """Remove a file or an empty directory; recursive also removes full ones, and ignores missing paths."""
    check_absolute(path)
    if recursive:
        _remove_all(path)
        return
    try:
        if os.path.isdir(path) and not os.path.islink(path):
            os.rmdir(path)
        else:
            os.unlink(path)
    except OSError as error:
        raise os_error("remove", path, error) from None


def _remove_all(path: str) -> None:
    try:
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        else:
            Path(path).unlink(missing_ok=True)
    except OSError as error:
        failed_path = error.filename if isinstance(error.filename, str) else path
        raise os_error("unlinkat", failed_path, error) from None
