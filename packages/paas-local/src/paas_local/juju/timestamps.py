"""The notations of time in Juju's documents; times are seconds since 1970."""

import datetime as dt

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def secret(time: float) -> str:
    """Return ``2026-11-23T05:12:44Z``, as secrets have it."""
    return _utc(time).strftime("%Y-%m-%dT%H:%M:%SZ")


def goal_state(time: float) -> str:
    """Return ``2026-11-23 05:12:44Z``, as goal-state has it."""
    return _utc(time).strftime("%Y-%m-%d %H:%M:%SZ")


def action(time: float) -> str:
    """Return ``2026-11-23 05:12:44 +0000 UTC``, as the results of actions have it."""
    return _utc(time).strftime("%Y-%m-%d %H:%M:%S +0000 UTC")


def status(time: float) -> str:
    """Return ``23 Nov 2026 05:12:44Z`` in the local time zone, as status documents have it."""
    local = _utc(time).astimezone()
    offset = local.strftime("%z")
    zone = "Z" if offset == "+0000" else f"{offset[:3]}:{offset[3:5]}"
    # strftime would translate the month
    return f"{local.day:02} {_MONTHS[local.month - 1]} {local:%Y %H:%M:%S}{zone}"


def controller(time: float) -> str:
    """Return ``05:20:31Z``, as the controller's clock in status documents has it."""
    return _utc(time).strftime("%H:%M:%SZ")


def parsed(text: str) -> float | None:
    """Return the time in an RFC 3339 timestamp, in UTC if it has no zone, or None if the text is none."""
    try:
        time = dt.datetime.fromisoformat(f"{text[:-1]}+00:00" if text.endswith("Z") else text)
    except ValueError:
        return None
    return (time if time.tzinfo else time.replace(tzinfo=dt.timezone.utc)).timestamp()


def _utc(time: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(time, dt.timezone.utc)
