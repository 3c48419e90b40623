"""Notices: events that are counted, and that clients can wait for."""

import asyncio
import contextlib
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from paas_local.pebble.plan.durations import Duration, parse
from paas_local.pebble.services.changes import now, stamp, unstamp

TYPES = ("custom", "change-update", "warning")
_KEY = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)+(/[a-z0-9]+(-[a-z0-9]+)*)+")
_MAX_KEY = 256
_MAX_DATA = 4096
_EXPIRE_AFTER = Duration(7 * 24 * 3600 * 1_000_000_000)


class BadNoticeError(ValueError):
    """A notice that cannot be added; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Notice:
    """One kind of event, counted, for one user or for all."""

    id: str
    user_id: int | None
    type: str
    key: str
    first: datetime
    last: datetime
    repeated: datetime
    occurrences: int = 1
    data: Mapping[str, str] = field(default_factory=dict[str, str])
    repeat_after: Duration | None = None

    @property
    def document(self) -> dict[str, Any]:
        """The JSON document in answers."""
        return {
            "id": self.id,
            "user-id": self.user_id,
            "type": self.type,
            "key": self.key,
            "first-occurred": stamp(self.first),
            "last-occurred": stamp(self.last),
            "last-repeated": stamp(self.repeated),
            "occurrences": self.occurrences,
            **({"last-data": dict(self.data)} if self.data else {}),
            **({"repeat-after": str(self.repeat_after)} if self.repeat_after else {}),
            "expire-after": str(_EXPIRE_AFTER),
        }

    @classmethod
    def restored(cls, document: Mapping[str, Any]) -> "Notice":
        """Return the notice of an earlier daemon."""
        first, last, repeated = (
            unstamp(document[f"{which}-{verb}"]) or now()
            for which, verb in (("first", "occurred"), ("last", "occurred"), ("last", "repeated"))
        )
        after = document.get("repeat-after")
        return cls(
            id=document["id"],
            user_id=document["user-id"],
            type=document["type"],
            key=document["key"],
            first=first,
            last=last,
            repeated=repeated,
            occurrences=document["occurrences"],
            data=document.get("last-data", {}),
            repeat_after=parse(after) if after else None,
        )


@dataclass(frozen=True, kw_only=True)
class Filter:
    """A selection of notices; an empty field selects all."""

    user_id: int | None = None
    all_users: bool = False
    types: Collection[str] = ()
    keys: Collection[str] = ()
    after: datetime | None = None

    def matches(self, notice: Notice) -> bool:
        """Return whether the filter selects a notice."""
        return (
            (self.all_users or notice.user_id in (None, self.user_id))
            and (not self.types or notice.type in self.types)
            and (not self.keys or notice.key in self.keys)
            and (self.after is None or notice.repeated > self.after)
        )


def check(key: str, data: Mapping[str, str]) -> None:
    """Check the key and the data of a client's notice; raises BadNoticeError."""
    if len(key.encode()) > _MAX_KEY:
        raise BadNoticeError(f"key must be {_MAX_KEY} bytes or less")
    if not _KEY.fullmatch(key):
        raise BadNoticeError(f'invalid key "{key}" (must be in "example.com/path" format)')
    if sum(len(name.encode()) + len(value.encode()) for name, value in data.items()) > _MAX_DATA:
        raise BadNoticeError(f"total size of data must be {_MAX_DATA} bytes or less")


def repeat(old: Notice, time: datetime, data: Mapping[str, str], repeat_after: Duration | None) -> Notice:
    """Count one more occurrence of a notice."""
    wait = timedelta(seconds=repeat_after.seconds if repeat_after else 0)
    return replace(
        old,
        last=time,
        repeated=time if time > old.repeated + wait else old.repeated,
        occurrences=old.occurrences + 1,
        data=data,
        repeat_after=repeat_after,
    )


class Notices:
    """The notices of this daemon and of those before it."""

    def __init__(self, on_change: Callable[[], None] = lambda: None) -> None:
        self._on_change: Callable[[], None] = on_change
        self._notices: dict[tuple[int | None, str, str], Notice] = {}
        self._count: int = 0
        self._latest: datetime = now()
        self._waiting: set[asyncio.Event] = set()

    def kept(self) -> dict[str, Any]:
        """Return the notices and the counter of ids, for the next daemon."""
        return {"last-notice": self._count, "notices": [notice.document for notice in self._notices.values()]}

    def restore(self, kept: Mapping[str, Any]) -> None:
        """Take over the notices of an earlier daemon."""
        self._count = kept["last-notice"]
        notices = [Notice.restored(document) for document in kept["notices"]]
        self._notices = {(notice.user_id, notice.type, notice.key): notice for notice in notices}
        self._latest = max([self._latest, *(notice.last for notice in notices)])

    def add(
        self,
        user_id: int | None,
        type_: str,
        key: str,
        data: Mapping[str, str],
        repeat_after: Duration | None = None,
    ) -> str:
        """Record an occurrence; return the id of its notice."""
        # All notices have different times, so the filter "after" misses none.
        self._latest = max(now(), self._latest + timedelta(microseconds=1))
        time = self._latest
        identity = (user_id, type_, key)
        old = self._notices.get(identity)
        if old is None:
            self._count += 1
            notice = Notice(
                id=str(self._count),
                user_id=user_id,
                type=type_,
                key=key,
                first=time,
                last=time,
                repeated=time,
                data=data,
                repeat_after=repeat_after,
            )
        else:
            notice = repeat(old, time, data, repeat_after)
        self._notices[identity] = notice
        self._expire(time)
        self._on_change()
        for waiting in self._waiting:
            waiting.set()
        return notice.id

    def _expire(self, time: datetime) -> None:
        oldest = time - timedelta(seconds=_EXPIRE_AFTER.seconds)
        self._notices = {identity: each for identity, each in self._notices.items() if each.last > oldest}

    def find(self, notice_id: str) -> Notice | None:
        """Return a notice by its id, or None."""
        return next((each for each in self._notices.values() if each.id == notice_id), None)

    def matching(self, selection: Filter) -> list[Notice]:
        """Return the selected notices, in the order of their last repetition."""
        notices = [notice for notice in self._notices.values() if selection.matches(notice)]
        return sorted(notices, key=lambda notice: notice.repeated)

    async def wait(self, selection: Filter, seconds: float) -> list[Notice]:
        """Return the selected notices as soon as there is one; an empty list when the time has passed."""
        changed = asyncio.Event()
        self._waiting.add(changed)
        deadline = asyncio.get_running_loop().time() + seconds
        try:
            while not (notices := self.matching(selection)):
                left = deadline - asyncio.get_running_loop().time()
                if left <= 0:
                    break
                changed.clear()
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(changed.wait(), left)
            return notices
        finally:
            self._waiting.discard(changed)
