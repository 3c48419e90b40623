"""Questions to Prometheus, Loki and Grafana, by the HTTP API that built-in providers and real servers share."""

import base64
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from model import TestModel

from examples import METRICS_PREFIXES, ROOT, Project


def _metrics(model: TestModel, project: Project) -> bool:
    query = urlencode({"query": f'{{juju_application="{project.application}"}}'})
    samples = _get(f"{model.juju.url('prometheus-k8s')}/api/v1/query?{query}")["data"]["result"]
    prefix = METRICS_PREFIXES[project.framework]
    return any(sample["metric"]["__name__"].startswith(prefix) for sample in samples)


def _lines(model: TestModel, project: Project) -> bool:
    query = urlencode({"query": f'{{juju_application="{project.application}"}}'})
    return bool(_get(f"{model.juju.url('loki-k8s')}/loki/api/v1/query_range?{query}")["data"]["result"])


def _dashboards(model: TestModel, project: Project) -> bool:
    url, headers = f"{model.juju.url('grafana-k8s')}/api/search", {}
    try:
        rows = _get(url)
    except urllib.error.HTTPError as error:
        with error:
            if error.code != 401:
                raise
        login = f"admin:{model.juju.run('grafana-k8s', 'get-admin-password', {})['admin-password']}"
        headers = {"Authorization": f"Basic {base64.b64encode(login.encode()).decode()}"}
        rows = _get(url, headers)
    folder = ROOT / f"packages/paas-{project.framework}/src/paas_{project.framework}/cos/grafana_dashboards"
    titles = {json.loads(file.read_text())["title"] for file in folder.iterdir()}
    return titles <= {row["title"] for row in rows}


ARRIVALS: Mapping[str, Callable[[TestModel, Project], bool]] = {
    "prometheus-k8s": _metrics,
    "loki-k8s": _lines,
    "grafana-k8s": _dashboards,
}
"""A function for each provider that returns whether the data of an application have arrived."""


def _get(url: str, headers: Mapping[str, str] | None = None) -> Any:
    with urllib.request.urlopen(urllib.request.Request(url, headers=dict(headers or {})), timeout=10) as answer:
        return json.load(answer)
