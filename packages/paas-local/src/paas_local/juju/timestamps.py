"""How a moment is written: in the status, in secrets, in results."""

import datetime as dt


def iso(moment: float) -> str:
    """Write ``2026-11-23T05:12:44Z``."""
    return _utc(moment).strftime("%Y-%m-%dT%H:%M:%SZ")


def goal(moment: float) -> str:
    """Write ``2026-11-23 05:12:44Z``."""
    return _utc(moment).strftime("%Y-%m-%d %H:%M:%SZ")


def spoken(moment: float) -> str:
    """Write ``2026-11-23 05:12:44 +0000 UTC``."""
    return _utc(moment).strftime("%Y-%m-%d %H:%M:%S +0000 UTC")


def since(moment: float) -> str:
    """Write ``23 Nov 2026 05:12:44Z`` in the local zone, as status documents do."""
    local = _utc(moment).astimezone()
    offset = local.strftime("%z")
    zone = "Z" if offset == "+0000" else f"{offset[:3]}:{offset[3:5]}"
    # the month stays English whatever the locale is
    return f"{local.day:02} {MONTHS[local.month - 1]} {local:%Y %H:%M:%S}{zone}"


def clock(moment: float) -> str:
    """Write ``05:20:31Z``."""
    return _utc(moment).strftime("%H:%M:%SZ")


MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _utc(moment: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(moment, dt.timezone.utc)
