"""What has happened that somebody may wait for."""

import asyncio
import contextlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from paas_local.pebble.plan.durations import Duration
from paas_local.pebble.services.changes import now, stamp

TYPES = ("custom", "change-update", "warning")
_KEY = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)+(/[a-z0-9]+(-[a-z0-9]+)*)+")
_KEY_SIZE = 256
_DATA_SIZE = 4096
_EXPIRES = Duration(7 * 24 * 3600 * 1_000_000_000)


class BadNoticeError(ValueError):
    """The notice cannot be added; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Notice:
    """One kind of event, for one user or for all, counted."""

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
        """What clients see."""
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
            "expire-after": str(_EXPIRES),
        }


@dataclass(frozen=True, kw_only=True)
class Filter:
    """Which notices are asked for; what is empty does not narrow."""

    user_id: int | None = None
    all_users: bool = False
    types: Collection[str] = ()
    keys: Collection[str] = ()
    after: datetime | None = None

    def wants(self, notice: Notice) -> bool:
        """Whether this one is meant."""
        return (
            (self.all_users or notice.user_id in (None, self.user_id))
            and (not self.types or notice.type in self.types)
            and (not self.keys or notice.key in self.keys)
            and (self.after is None or notice.repeated > self.after)
        )


def check(key: str, data: Mapping[str, str]) -> None:
    """Refuse what no client may add."""
    if len(key.encode()) > _KEY_SIZE:
        raise BadNoticeError(f"key must be {_KEY_SIZE} bytes or less")
    if not _KEY.fullmatch(key):
        raise BadNoticeError(f'invalid key "{key}" (must be in "example.com/path" format)')
    if sum(len(name.encode()) + len(value.encode()) for name, value in data.items()) > _DATA_SIZE:
        raise BadNoticeError(f"total size of data must be {_DATA_SIZE} bytes or less")


def again(old: Notice, time: datetime, data: Mapping[str, str], repeat_after: Duration | None) -> Notice:
    """Count one more occurrence of the same notice."""
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
    """All notices of this daemon's life."""

    def __init__(self) -> None:
        self._notices: dict[tuple[int | None, str, str], Notice] = {}
        self._count: int = 0
        self._latest: datetime = now()
        self._waiting: set[asyncio.Event] = set()

    def add(
        self,
        user_id: int | None,
        type_: str,
        key: str,
        data: Mapping[str, str],
        repeat_after: Duration | None = None,
    ) -> str:
        """Record an occurrence; the id tells which notice it belongs to."""
        # Times of notices differ, so that "after" misses none.
        self._latest = max(now(), self._latest + timedelta(microseconds=1))
        time = self._latest
        place = (user_id, type_, key)
        old = self._notices.get(place)
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
            notice = again(old, time, data, repeat_after)
        self._notices[place] = notice
        self._expire(time)
        for waiting in self._waiting:
            waiting.set()
        return notice.id

    def _expire(self, time: datetime) -> None:
        oldest = time - timedelta(seconds=_EXPIRES.seconds)
        self._notices = {place: each for place, each in self._notices.items() if each.last > oldest}

    def find(self, notice_id: str) -> Notice | None:
        """Look one up."""
        return next((each for each in self._notices.values() if each.id == notice_id), None)

    def matching(self, wanted: Filter) -> list[Notice]:
        """All that are wanted, by the time of their last repetition."""
        found = [notice for notice in self._notices.values() if wanted.wants(notice)]
        return sorted(found, key=lambda notice: notice.repeated)

    async def wait(self, wanted: Filter, seconds: float) -> list[Notice]:
        """Answer at once if there is any, else when there is, or with none when the time is over."""
        changed = asyncio.Event()
        self._waiting.add(changed)
        deadline = asyncio.get_running_loop().time() + seconds
        try:
            while not (found := self.matching(wanted)):
                left = deadline - asyncio.get_running_loop().time()
                if left <= 0:
                    break
                changed.clear()
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(changed.wait(), left)
            return found
        finally:
            self._waiting.discard(changed)
