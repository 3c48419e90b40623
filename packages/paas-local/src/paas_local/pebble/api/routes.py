"""The table of endpoints, with the access that each of them needs."""

from paas_local.pebble.api import requests
from paas_local.pebble.api.change_endpoints import ChangeApi
from paas_local.pebble.api.check_endpoints import CheckApi
from paas_local.pebble.api.exec_endpoints import ExecApi
from paas_local.pebble.api.file_endpoints import FileApi
from paas_local.pebble.api.identities import Identities
from paas_local.pebble.api.identity_endpoints import IdentityApi
from paas_local.pebble.api.log_endpoints import LogApi
from paas_local.pebble.api.notice_endpoints import NoticeApi
from paas_local.pebble.api.plan_endpoints import PlanApi
from paas_local.pebble.api.requests import Handler, Route, Routes
from paas_local.pebble.api.service_endpoints import ServiceApi
from paas_local.pebble.api.system_endpoints import SystemApi
from paas_local.pebble.services.overlord import Overlord

_CHANGE = r"/v1/changes/([^/]+)"


def handler(overlord: Overlord, granted: Identities, http_address: str) -> Handler:
    """Build the handler of all requests; the address is that of the additional TCP socket, or empty."""
    return requests.handler(table(overlord, granted, http_address), lambda: granted.granted)


def table(overlord: Overlord, granted: Identities, http_address: str) -> Routes:
    """Return the route of each path and method."""
    system = SystemApi(overlord, http_address)
    plan = PlanApi(overlord)
    services = ServiceApi(overlord)
    changes = ChangeApi(overlord.changes)
    checks = CheckApi(overlord.checks)
    files = FileApi()
    execs = ExecApi(overlord)
    notices = NoticeApi(overlord.notices)
    logs = LogApi(overlord.logs)
    identities = IdentityApi(granted)
    return {
        r"/v1/system-info": {"GET": Route(level="open", handler=system.info)},
        r"/v1/health": {"GET": Route(level="open", handler=checks.health)},
        r"/v1/plan": {"GET": Route(level="admin", handler=plan.show)},
        r"/v1/layers": {"POST": Route(level="admin", handler=plan.add_layer)},
        r"/v1/services": {
            "GET": Route(level="read", handler=services.show_all),
            "POST": Route(level="admin", handler=services.act),
        },
        r"/v1/services/([^/]+)": {
            "GET": Route(level="read", handler=services.show),
            "POST": Route(level="admin", handler=services.show),
        },
        r"/v1/signals": {"POST": Route(level="admin", handler=services.signal)},
        r"/v1/changes": {"GET": Route(level="read", handler=changes.show_all)},
        _CHANGE: {
            "GET": Route(level="read", handler=changes.show),
            "POST": Route(level="admin", handler=changes.abort),
        },
        _CHANGE + "/wait": {"GET": Route(level="read", handler=changes.wait)},
        r"/v1/checks": {
            "GET": Route(level="read", handler=checks.show_all),
            "POST": Route(level="admin", handler=checks.act),
        },
        r"/v1/checks/refresh": {"POST": Route(level="admin", handler=checks.refresh)},
        r"/v1/files": {
            "GET": Route(level="admin", handler=files.get),
            "POST": Route(level="admin", handler=files.post),
        },
        r"/v1/exec": {"POST": Route(level="admin", handler=execs.start)},
        r"/v1/tasks/([^/]+)/websocket/([^/]+)": {"GET": Route(level="admin", handler=execs.connect)},
        r"/v1/notices": {
            "GET": Route(level="read", handler=notices.show_all),
            "POST": Route(level="read", handler=notices.add),
        },
        r"/v1/notices/([^/]+)": {"GET": Route(level="read", handler=notices.show)},
        r"/v1/logs": {"GET": Route(level="read", handler=logs.show)},
        r"/v1/metrics": {"GET": Route(level="metrics", handler=system.metrics)},
        r"/v1/identities": {
            "GET": Route(level="read", handler=identities.show_all),
            "POST": Route(level="admin", handler=identities.change),
        },
    }
