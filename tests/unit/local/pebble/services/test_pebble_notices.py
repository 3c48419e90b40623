"""Notices are counted, filtered and checked."""

from datetime import datetime, timedelta, timezone

import pytest
from paas_local.pebble.plan import durations
from paas_local.pebble.services import notices
from paas_local.pebble.services.notices import Filter, Notices

TIME = datetime(2026, 1, 1, tzinfo=timezone.utc)


def test_the_same_notice_is_counted():
    recorded = Notices()

    first = recorded.add(0, "custom", "example.com/a", {})
    again = recorded.add(0, "custom", "example.com/a", {"k": "v"})

    notice = recorded.find(first)
    assert first == again
    assert notice is not None
    assert (notice.occurrences, notice.data) == (2, {"k": "v"})


def test_a_notice_repeats_only_after_repeat_after():
    old = notices.Notice(id="1", user_id=0, type="custom", key="example.com/a", first=TIME, last=TIME, repeated=TIME)
    hour = durations.parse("1h")

    soon = notices.repeat(old, TIME + timedelta(minutes=1), {}, hour)
    late = notices.repeat(old, TIME + timedelta(hours=2), {}, hour)

    assert soon.repeated == TIME
    assert late.repeated == TIME + timedelta(hours=2)


def test_filters_by_user_type_key_and_time():
    recorded = Notices()
    recorded.add(0, "custom", "example.com/a", {})
    recorded.add(1, "custom", "example.com/a", {})
    recorded.add(None, "change-update", "7", {})

    def ids(selection: Filter) -> list[str]:
        return [notice.id for notice in recorded.matching(selection)]

    assert ids(Filter(user_id=0)) == ["1", "3"]
    assert ids(Filter(all_users=True)) == ["1", "2", "3"]
    assert ids(Filter(all_users=True, types=["custom"])) == ["1", "2"]
    assert ids(Filter(all_users=True, keys=["7"])) == ["3"]
    assert ids(Filter(all_users=True, after=recorded.matching(Filter(all_users=True))[0].repeated)) == ["2", "3"]


@pytest.mark.parametrize("key", ["", "nodomain/a", "example.com", "Example.com/a", "example.com/"])
def test_refuses_keys_without_domain_and_path(key: str):
    with pytest.raises(notices.BadNoticeError, match="must be in"):
        notices.check(key, {})


def test_refuses_large_keys_and_data():
    with pytest.raises(notices.BadNoticeError, match="key must be 256 bytes or less"):
        notices.check("example.com/" + "a" * 256, {})
    with pytest.raises(notices.BadNoticeError, match="total size of data must be 4096 bytes or less"):
        notices.check("example.com/a", {"k": "x" * 4096})
