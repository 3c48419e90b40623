"""Users and groups of commands and files, by name and by number."""

import grp
import os
import pwd
from dataclasses import dataclass
from pathlib import Path


class UnknownUserError(ValueError):
    """A user or group that does not exist, or a name and a number that do not match."""


@dataclass(frozen=True, kw_only=True)
class User:
    """A user of this container; name and home are empty if only the numbers are known."""

    uid: int
    gid: int
    name: str = ""
    home: str = ""

    @property
    def is_self(self) -> bool:
        """True for the daemon's own user, which needs no change of user."""
        return self.uid == os.geteuid() and self.gid == os.getegid()


@dataclass(frozen=True, kw_only=True)
class UserSpec:
    """A user and a group in a plan or a request."""

    user_id: int | None = None
    user: str = ""
    group_id: int | None = None
    group: str = ""

    def or_else(self, other: "UserSpec") -> "UserSpec":
        """Take the user, the group or both from another spec where this one has none."""
        own = self.user_id is not None or bool(self.user)
        own_group = self.group_id is not None or bool(self.group)
        return UserSpec(
            user_id=self.user_id if own else other.user_id,
            user=self.user if own else other.user,
            group_id=self.group_id if own_group else other.group_id,
            group=self.group if own_group else other.group,
        )


def find(spec: UserSpec) -> User | None:
    """Look a user up; None for an empty spec."""
    if spec.user_id is None and not spec.user:
        if spec.group_id is not None or spec.group:
            raise UnknownUserError("must specify user, not just group")
        return None
    entry = _user(spec)
    gid = _group(spec)
    if entry is None:
        if spec.user_id is None or gid is None:
            raise UnknownUserError(f"user: unknown userid {spec.user_id}")
        return User(uid=spec.user_id, gid=gid)
    return User(
        uid=entry.pw_uid,
        gid=entry.pw_gid if gid is None else gid,
        name=entry.pw_name,
        home=entry.pw_dir,
    )


def _user(spec: UserSpec) -> pwd.struct_passwd | None:
    if not spec.user:
        return by_uid(spec.user_id or 0)
    try:
        entry = pwd.getpwnam(spec.user)
    except KeyError:
        raise UnknownUserError(f"user: unknown user {spec.user}") from None
    if spec.user_id not in (None, entry.pw_uid):
        raise UnknownUserError(f'user "{spec.user}" UID ({entry.pw_uid}) does not match user-id ({spec.user_id})')
    return entry


def _group(spec: UserSpec) -> int | None:
    if not spec.group:
        return spec.group_id
    try:
        gid = grp.getgrnam(spec.group).gr_gid
    except KeyError:
        raise UnknownUserError(f"group: unknown group {spec.group}") from None
    if spec.group_id not in (None, gid):
        raise UnknownUserError(f'group "{spec.group}" GID ({gid}) does not match group-id ({spec.group_id})')
    return gid


def by_uid(uid: int) -> pwd.struct_passwd | None:
    """Return the entry of a user id, or None."""
    try:
        return pwd.getpwuid(uid)
    except KeyError:
        return None


def group_name(gid: int) -> str | None:
    """Return the name of a group id, or None."""
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return None


def may_set_groups() -> bool:
    """Return whether setgroups(2) is allowed; a user namespace with one mapped user denies it to root."""
    setting = Path("/proc/self/setgroups")
    return os.geteuid() == 0 and setting.exists() and setting.read_text().strip() == "allow"
