"""Notices are counted, filtered and checked."""

from datetime import datetime, timedelta, timezone

import pytest
from paas_local.pebble.plan import durations
from paas_local.pebble.services import notices
from paas_local.pebble.services.notices import Filter, Notices

TIME = datetime(2026, 1, 1, tzinfo=timezone.utc)


def test_the_same_notice_is_counted():
    found = Notices()

    first = found.add(0, "custom", "example.com/a", {})
    again = found.add(0, "custom", "example.com/a", {"k": "v"})

    notice = found.find(first)
    assert first == again
    assert notice is not None
    assert (notice.occurrences, notice.data) == (2, {"k": "v"})


def test_a_notice_is_repeated_only_after_its_time():
    old = notices.Notice(id="1", user_id=0, type="custom", key="example.com/a", first=TIME, last=TIME, repeated=TIME)
    hour = durations.parse("1h")

    soon = notices.again(old, TIME + timedelta(minutes=1), {}, hour)
    late = notices.again(old, TIME + timedelta(hours=2), {}, hour)

    assert soon.repeated == TIME
    assert late.repeated == TIME + timedelta(hours=2)


def test_filters_by_user_type_key_and_time():
    found = Notices()
    found.add(0, "custom", "example.com/a", {})
    found.add(1, "custom", "example.com/a", {})
    found.add(None, "change-update", "7", {})

    def ids(wanted: Filter) -> list[str]:
        return [notice.id for notice in found.matching(wanted)]

    assert ids(Filter(user_id=0)) == ["1", "3"]
    assert ids(Filter(all_users=True)) == ["1", "2", "3"]
    assert ids(Filter(all_users=True, types=["custom"])) == ["1", "2"]
    assert ids(Filter(all_users=True, keys=["7"])) == ["3"]
    assert ids(Filter(all_users=True, after=found.matching(Filter(all_users=True))[0].repeated)) == ["2", "3"]


@pytest.mark.parametrize("key", ["", "nodomain/a", "example.com", "Example.com/a", "example.com/"])
def test_refuses_keys_without_domain_and_path(key: str):
    with pytest.raises(notices.BadNoticeError, match="must be in"):
        notices.check(key, {})


def test_refuses_what_is_too_large():
    with pytest.raises(notices.BadNoticeError, match="key must be 256 bytes or less"):
        notices.check("example.com/" + "a" * 256, {})
    with pytest.raises(notices.BadNoticeError, match="total size of data must be 4096 bytes or less"):
        notices.check("example.com/a", {"k": "x" * 4096})
