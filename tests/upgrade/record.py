"""Records deployments of paas_charm into ``recordings/``: run it after a new release of paas_charm.

It needs a Python with ``paas-charm``, ``ops[testing]`` and ``email-validator``, and a folder with the charm libraries
that charmcraft's extension lists (``charmcraft fetch-libs`` writes it)::

    scripts/uv run python tests/upgrade/record.py --python ~/paas/bin/python --lib ~/charm/lib

First it deploys a charm of paas_charm for each framework and relates everything. Then it refreshes the charm to this
repository's and back, and records what paas_charm makes of that.
"""

import argparse
import collections.abc
import functools
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import typing

import remote_applications
from paas_local.build import charmcraft_extensions
from state_documents import Document

HERE: typing.Final = pathlib.Path(__file__).parent
RECORDINGS: typing.Final = HERE / "recordings"
FRAMEWORKS: typing.Final = ("flask", "django", "fastapi", "go")
OBSERVABILITY: typing.Final = ("loki_push_api", "prometheus_scrape", "grafana_dashboard")
_EXTENSION_ENDPOINTS: typing.Final = ("ingress", "logging")
_KEYS: typing.Final = ("name", "summary", "description", "containers", "resources", "peers", "requires", "provides",
                       "config", "actions")  # fmt: skip


def metadata(framework: str, base: str) -> Document:
    """Return the metadata of a charm with every integration, as charmcraft's extension for a base expands it."""
    requires = {
        remote.endpoint: {"interface": remote.interface, "optional": remote.endpoint != "postgresql", "limit": 1}
        for remote in remote_applications.ALL
        if not remote.provides and remote.endpoint not in _EXTENSION_ENDPOINTS
    }
    charmcraft = {
        "name": "notes",
        "type": "charm",
        "summary": "A deployment that is recorded.",
        "description": "A deployment that is recorded.",
        "base": base,
        "extensions": [f"{framework}-framework"],
        "requires": requires,
        "config": {"options": {"greeting": {"type": "string", "default": "Hello"}}},
    }
    with tempfile.TemporaryDirectory() as folder:
        expanded = charmcraft_extensions.expand(charmcraft, pathlib.Path(folder))
    return {key: expanded[key] for key in _KEYS}


def play(python: str, libraries: pathlib.Path, request: Document) -> list[Document]:
    """Run ``play.py`` in another Python; return the states of the two units."""
    done = subprocess.run(
        [python, HERE / "play.py"],
        input=json.dumps(request),
        env={**os.environ, "PYTHONPATH": str(libraries)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return [_short(unit) for unit in json.loads(done.stdout)]


def _played(
    python: str, libraries: pathlib.Path, package: str, request: Document, **more: typing.Any
) -> list[Document]:
    return play(python, libraries, {**request, "package": package, **more})


def outcome(before: Document, after: Document, framework: str) -> Document:
    """Return what matters of a unit that paas_charm runs again: its status, and what differs from before."""
    environments, databags = (
        [function(unit) for unit in (before, after)]
        for function in (functools.partial(environment, framework=framework), requests)
    )
    return {
        "unit_status": after["unit_status"],
        "changed_variables": {name: pair for name, *pair in differences(*environments)},
        "changed_requests": {name: pair for name, *pair in differences(*databags)},
    }


def differences(
    before: dict[str, typing.Any], after: dict[str, typing.Any]
) -> collections.abc.Iterator[tuple[str, typing.Any, typing.Any]]:
    """Return the keys whose values differ, with both values; None means absent."""
    for name in sorted({*before, *after}):
        if before.get(name) != after.get(name):
            yield name, before.get(name), after.get(name)


def environment(unit: Document, framework: str) -> dict[str, str]:
    """Return the environment of a unit's main service."""
    layers = dict(unit["container"]["layers"])
    return layers["charm"]["services"][framework]["environment"]


def requests(unit: Document) -> dict[str, dict[str, str]]:
    """Return our application databag of each ``requires`` and peer endpoint, without alert rules."""
    return {
        relation["endpoint"]: relation["local_app_data"]
        for relation in unit["relations"]
        if relation["interface"] not in OBSERVABILITY
    }


def share_databags(leader: Document, follower: Document) -> None:
    """Show both units what the other has written, as Juju does: the peer databags and the application's secrets."""
    of_leader, of_follower = (
        next(each for each in unit["relations"] if "peers_data" in each) for unit in (leader, follower)
    )
    of_follower["local_app_data"] = of_leader["local_app_data"]
    of_follower["peers_data"] = {"0": of_leader["local_unit_data"]}
    of_leader["peers_data"] = {"1": of_follower["local_unit_data"]}
    known = {secret["id"] for secret in follower["secrets"]}
    follower["secrets"] += [each for each in leader["secrets"] if each["owner"] == "app" and each["id"] not in known]


def save(name: str, recording: Document) -> None:
    """Write a recording."""
    (RECORDINGS / f"{name}.json").write_text(json.dumps(recording, indent=1, sort_keys=True) + "\n")


def load(name: str) -> Document:
    """Read a recording: ``flask``, or ``flask-2`` of paas_charm 2."""
    return json.loads((RECORDINGS / f"{name}.json").read_text())


def _short(unit: Document) -> Document:
    """Return a unit's document without the texts of dashboards and Python files, which are not data."""
    files = unit["container"]["files"]
    files |= {path: "" for path in files if path.endswith(".conf.py")}
    for relation in unit["relations"]:
        databag = relation["local_app_data"]
        if "dashboards" in databag:
            dashboards = json.loads(databag["dashboards"])
            for dashboard in dashboards["templates"].values():
                dashboard["content"] = ""
            databag["dashboards"] = json.dumps(dashboards)
    return unit


def main() -> None:
    """Record all frameworks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", required=True, help="a Python that has paas-charm")
    parser.add_argument("--lib", required=True, type=pathlib.Path, help="a folder with charm libraries")
    arguments = parser.parse_args()
    version = subprocess.run(
        [arguments.python, "-c", "import importlib.metadata; print(importlib.metadata.version('paas-charm'))"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    older_generation = version.startswith("1.")
    os.environ[charmcraft_extensions.EXPERIMENTAL] = "1"
    for framework in FRAMEWORKS:
        request = {
            "framework": framework,
            "metadata": metadata(framework, "ubuntu@24.04" if older_generation else "ubuntu@26.04"),
        }
        older = functools.partial(_played, arguments.python, arguments.lib, f"paas_charm.{framework}", request)
        newer = functools.partial(_played, sys.executable, arguments.lib, f"paas_{framework}", request)
        units = older()
        refreshed = newer(refresh=units)
        leader, follower = (json.loads(json.dumps(unit)) for unit in units)
        share_databags(refreshed[0], follower)
        save(
            framework if older_generation else f"{framework}-2",
            {
                "paas_charm": version,
                "metadata": request["metadata"],
                "units": units,
                "requests_after_refresh": requests(refreshed[0]),
                "back": [
                    outcome(before, after, framework)
                    for before, after in zip(units, older(refresh=refreshed), strict=True)
                ],
                "follower_beside_refreshed_leader": outcome(units[1], older(refresh=[leader, follower])[1], framework),
            },
        )


if __name__ == "__main__":
    main()
