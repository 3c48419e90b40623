"""Endpoints of notices."""

import re
from datetime import datetime

from aiohttp import web

from paas_local.pebble.api import bodies
from paas_local.pebble.api.requests import ApiError, Call, sync
from paas_local.pebble.plan import durations
from paas_local.pebble.services.notices import TYPES, BadNoticeError, Filter, Notice, Notices, check

_LAYOUT = "2006-01-02T15:04:05Z07:00"


class NoticeApi:
    """The endpoints of notices."""

    def __init__(self, notices: Notices) -> None:
        self._notices: Notices = notices

    async def add(self, call: Call) -> web.StreamResponse:
        """Record a notice of the client."""
        fields = dict.fromkeys(("action", "type", "key", "repeat-after"), "string")
        body = await call.body({**fields, "data": "any"})
        if body.get("action") != "add":
            raise ApiError(400, f'invalid action "{body.get("action", "")}"')
        if body.get("type") != "custom":
            raise ApiError(400, f'invalid type "{body.get("type", "")}" (can only add "custom" notices)')
        key, wait = body.get("key", ""), body.get("repeat-after", "")
        try:
            data = bodies.strings(body.get("data", {}))
        except bodies.BadBodyError as error:
            raise ApiError(400, f"cannot decode notice data: {error}") from None
        try:
            check(key, data)
            repeat_after = durations.parse(wait) if wait else None
        except BadNoticeError as error:
            raise ApiError(400, str(error)) from None
        except durations.BadDurationError as error:
            raise ApiError(400, f"invalid repeat-after: {error}") from None
        return sync({"id": self._notices.add(call.uid, "custom", key, data, repeat_after)})

    async def show_all(self, call: Call) -> web.StreamResponse:
        """List notices; with ``timeout``, wait until there is one."""
        timeout = call.duration("timeout")
        selection = _filter(call)
        if selection is None:
            return sync([])
        notices = await self._notices.wait(selection, timeout.seconds if timeout else 0)
        return sync([notice.document for notice in notices])

    async def show(self, call: Call) -> web.StreamResponse:
        """Return one notice, to its user or an admin."""
        notice = self._notices.find(call.path_values[0])
        if notice is None:
            raise ApiError(404, f'cannot find notice with ID "{call.path_values[0]}"')
        if not _may_see(call, notice):
            raise ApiError(403, f'not allowed to access notice with id "{call.path_values[0]}"')
        return sync(notice.document)


def _may_see(call: Call, notice: Notice) -> bool:
    return call.is_admin or notice.user_id in (None, call.uid)


def _filter(call: Call) -> Filter | None:
    """Read the filters; None if no notice can match."""
    user_id = _user_filter(call)
    types = call.values("types")
    known = [each for each in types if each in TYPES]
    if types and not known:
        return None
    return Filter(
        user_id=call.uid if user_id is None else user_id,
        all_users=bool(call.query("users")),
        types=known,
        keys=call.values("keys"),
        after=_after(call.query("after")),
    )


def _user_filter(call: Call) -> int | None:
    users, ids = call.query("users"), call.values("user-id")
    for name, value in (("users", users), ("user-id", ids)):
        if value and not call.is_admin:
            raise ApiError(403, f'only admins may use the "{name}" filter')
    if users and ids:
        raise ApiError(400, 'cannot use both "users" and "user-id" parameters')
    if users and users != "all":
        raise ApiError(400, 'invalid "users" filter: must be "all"')
    if not ids:
        return None
    if len(ids) > 1:
        raise ApiError(400, 'invalid "user-id" filter: must only include one "user-id"')
    try:
        return int(ids[0])
    except ValueError:
        raise ApiError(400, f'invalid "user-id" filter: strconv.ParseInt: parsing "{ids[0]}": invalid syntax') from None


def _after(text: str) -> datetime | None:
    if not text:
        return None
    # Python before 3.11 does not read the Z or nine decimals.
    plain = re.sub(r"(\.\d{1,6})\d*", lambda match: match[1].ljust(7, "0"), text.replace("Z", "+00:00"))
    try:
        return datetime.fromisoformat(plain)
    except ValueError:
        problem = f'parsing time "{text}" as "{_LAYOUT}": cannot parse "{text}" as "2006"'
        raise ApiError(400, f'invalid "after" timestamp: {problem}') from None
