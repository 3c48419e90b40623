"""Recorder of what the real charm libraries and our charm write to each other.

    scripts/uv run --with jsonschema,email-validator,cryptography python scripts/record_handshakes.py LIBRARIES

Each folder in LIBRARIES is a charm's ``lib`` (``charms/data_platform_libs/v0/…``), as ``charmcraft fetch-libs`` or a
checkout of a library's repository has it; ``pip install --target`` adds libraries of the package index. For each
library that ``handshake_providers.py`` knows, a small charm with the real provider class and our charm are related,
and each stage is written to ``tests/charms/fixtures/handshakes``. Our charm has the pinned libraries while it is
recorded, and then must read the same with the library of the folder. Recordings of other libraries stay.
"""

import argparse
import collections.abc
import dataclasses
import importlib.metadata
import importlib.util
import json
import pathlib
import random
import re
import sys
import tempfile
import types
import typing

import ops
import yaml
from handshake_providers import PROVIDERS, READ, Answering, Provider
from ops import testing
from paas_common.integrations import BUILT_IN
from paas_local.build import charm_libs, charmcraft_extensions, yaml_files

ROOT: typing.Final = pathlib.Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests/charms"))

import flask_scenario  # noqa: E402  found in tests/charms
import relating  # noqa: E402

PINNED: typing.Final = {
    "data_platform_libs.data_interfaces": "0",
    "data_platform_libs.s3": "0",
    "grafana_k8s.grafana_dashboard": "0",
}
ALIASES: typing.Final = "secret:handshake{:011d}"
Document = dict[str, typing.Any]


@dataclasses.dataclass(frozen=True)
class Library:
    """A provider's library in one version."""

    interface: str
    provider: Provider
    module: types.ModuleType
    patch: int
    version: str

    @property
    def name(self) -> str:
        """Return the name of the recording."""
        return f"{self.interface}-{self.provider.module.rpartition('.')[2]}-{self.version}"


class RemoteSide:
    """An application with one unit and the real provider class, related to ours."""

    def __init__(self, interface: str, provider: Provider, module: types.ModuleType) -> None:
        self.interface, self.provider, self.module = interface, provider, module
        self.number = relating.FIRST - 1
        self.aliases: dict[str, str] = {}
        side = self

        class Charm(ops.CharmBase):
            """A charm that answers at every event."""

            def __init__(self, framework: ops.Framework) -> None:
                super().__init__(framework)
                self.library = provider.create(module, self, provider.endpoint)
                on = self.on[provider.endpoint]
                for event in (on.relation_created, on.relation_joined, on.relation_changed, self.on.update_status):
                    framework.observe(event, self._answer)

            def _answer(self, _: ops.EventBase) -> None:
                for relation in self.model.relations[provider.endpoint]:
                    provider.answer(
                        Answering(module=module, library=self.library, charm=self, relation=relation, stage=side.stage)
                    )
                side.read = READ.get(interface, lambda _: None)(self.library)

        self.stage = "created"
        self.read: object = None
        role = "requires" if interface in relating.PROVIDED else "provides"
        meta: Document = {"name": relating.REMOTE, role: {provider.endpoint: {"interface": interface}}}
        peers: list[testing.RelationBase] = []
        if provider.peers:
            meta["peers"] = {provider.peers: {"interface": "peers"}}
            peers = [testing.PeerRelation(provider.peers)]
        self.context = testing.Context(Charm, meta=meta, juju_version="3.6.11")
        self.state = testing.State(leader=True, model=relating.MODEL, relations={*peers})

    def relate(self) -> None:
        """Relate our application, without units yet."""
        self.number += 1
        related = testing.Relation(
            self.provider.endpoint,
            interface=self.interface,
            id=self.number,
            remote_app_name="flask-k8s",
            remote_units_data={},
        )
        self._run(self.context.on.relation_created(related), related)

    def join(self) -> None:
        """Let both of our units join."""
        for unit in (0, 1):
            related = dataclasses.replace(self._related(), remote_units_data={each: {} for each in range(unit + 1)})
            self._run(self.context.on.relation_joined(related, remote_unit=unit), related)
            related = self._related()
            self._run(self.context.on.relation_changed(related, remote_unit=unit), related)

    def receive(self, app: dict[str, str], units: dict[int, dict[str, str]]) -> bool:
        """Run relation-changed if our databags have changed; return whether they have."""
        before = self._related()
        after = dataclasses.replace(before, remote_app_data=app, remote_units_data=units)
        if (before.remote_app_data, before.remote_units_data) == (app, units):
            return False
        self._run(self.context.on.relation_changed(after, remote_unit=0), after)
        return True

    def act(self) -> None:
        """Run an event of the provider's own."""
        self._run(self.context.on.update_status())

    def end(self) -> None:
        """Break the relation."""
        related = self._related()
        self._run(self.context.on.relation_broken(related))
        relations = {each for each in self.state.relations if each.id != self.number}
        self.state = dataclasses.replace(self.state, relations=relations)

    def written(self) -> tuple[dict[str, str], dict[int, dict[str, str]], dict[str, dict[str, str]]]:
        """Return the application databag, the unit's databag, and the secrets granted to us, with stable ids."""
        for secret in sorted(self.state.secrets, key=lambda each: sorted(each.tracked_content)):
            if secret.owner is not None and secret.id not in self.aliases:
                self.aliases[secret.id] = ALIASES.format(len(self.aliases))
        related = self._related()
        unit = {name: value for name, value in related.local_unit_data.items() if name not in relating.JUJU_KEYS}
        secrets = {
            self.aliases[secret.id]: dict(secret.latest_content or secret.tracked_content)
            for secret in sorted(self.state.secrets, key=lambda each: self.aliases.get(each.id, ""))
            if secret.remote_grants.get(self.number)
        }
        return self._stable(related.local_app_data), {0: self._stable(unit)}, secrets

    def _stable(self, databag: collections.abc.Mapping[str, str]) -> dict[str, str]:
        """Return the databag with stable ids of secrets."""
        texts = dict(databag)
        for real, alias in self.aliases.items():
            texts = {name: value.replace(real, alias) for name, value in texts.items()}
        return texts

    def _related(self) -> testing.Relation:
        related = self.state.get_relation(self.number)
        assert isinstance(related, testing.Relation)
        return related

    def _run(self, event: typing.Any, related: testing.Relation | None = None) -> None:
        if related is not None:
            others = {each for each in self.state.relations if each.id != related.id}
            self.state = dataclasses.replace(self.state, relations={*others, related})
        self.state = self.context.run(event, self.state)


def handshake(application: relating.Application, remote: RemoteSide) -> list[Document]:
    """Relate both sides, and return what each stage has written."""
    stages: list[Document] = []

    def note(stage: str) -> None:
        if stage != "created":  # Juju shows databags to units that have joined
            _settle(application, remote)
        stages.append(relating.stage(stage, application, *remote.written(), remote.read))

    for stage in relating.STAGES:
        remote.stage = stage
        match stage:
            case "created" | "related again":
                remote.relate()
                application.relate()
                if stage == "related again":
                    _join(application, remote)
            case "waiting":
                _join(application, remote)
            case "broken":
                remote.end()
                application.end()
                stages.append({"stage": stage, "units": application.views()})
                continue
            case _:
                if stage == "changed":
                    application.change()
                remote.act()
        note(stage)
    return stages


def _join(application: relating.Application, remote: RemoteSide) -> None:
    remote.join()
    application.join({0: {}})


def _settle(application: relating.Application, remote: RemoteSide) -> None:
    for _ in range(10):
        sent = remote.receive(*application.written())
        answered = application.receive(*remote.written())
        if not (sent or answered):
            return
    raise SystemExit(f"the databags of {application.interface} never settle")


def load(path: pathlib.Path, name: str) -> types.ModuleType:
    """Import a library's file under another name than our charm's own copy."""
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def libraries(folder: pathlib.Path) -> collections.abc.Iterator[Library]:
    """Return each known library of a ``lib`` folder."""
    for interface, providers in PROVIDERS.items():
        for provider in providers:
            path = folder / provider.module.replace(".", "/")
            if path.with_suffix(".py").is_file():
                name = re.sub(r"\W", "_", f"{folder.name} {provider.module}")
                module = load(path.with_suffix(".py"), name)
                yield Library(interface, provider, module, module.LIBPATCH, str(module.LIBPATCH))
            elif provider.distribution and path.is_dir():
                sys.path.append(str(folder))
                version = importlib.metadata.version(provider.distribution)
                yield Library(interface, provider, importlib.import_module(provider.module), 0, version)


def main() -> None:
    """Record every library of every folder."""
    parser = argparse.ArgumentParser(description=str(__doc__), formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("libraries", type=pathlib.Path, help="folder of lib folders")
    parser.add_argument("--only", help="record only this interface", metavar="INTERFACE")
    arguments = parser.parse_args()
    yaml.SafeDumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    with tempfile.TemporaryDirectory() as scratch:
        pinned = pathlib.Path(scratch) / "lib"
        pinned.mkdir()
        charm_libs.fetch_into(
            pinned, {"charm-libs": [{"lib": name, "version": api} for name, api in PINNED.items()]}, print
        )
        sys.path.insert(0, str(pinned))
        folders = sorted(each for each in arguments.libraries.iterdir() if each.is_dir())
        known = [each for folder in folders for each in libraries(folder)]
        # The ingress library is not on a package index, so our charm has the newest one of the folders.
        for ingress in sorted((each for each in known if each.interface == "ingress"), key=lambda each: each.patch):
            sys.modules[ingress.provider.module] = ingress.module
        for library in known:
            if arguments.only in (None, library.interface):
                _record(pathlib.Path(scratch), library)


def _record(scratch: pathlib.Path, library: Library) -> None:
    sys.stdout.write(f"{library.name}\n")
    stages = stages_of(scratch / library.name, library)
    document = {
        "interface": library.interface,
        "endpoint": library.provider.endpoint,
        "library": library.provider.module,
        "version": library.version,
        "stages": stages,
    }
    relating.RECORDINGS.mkdir(exist_ok=True)
    (relating.RECORDINGS / f"{library.name}.json").write_text(json.dumps(document, indent=1) + "\n")
    ours = BUILT_IN[library.interface].library if library.interface in BUILT_IN else None
    if ours is None or ours.module != library.provider.module:
        return
    own = sys.modules.get(ours.module)
    sys.modules[ours.module] = library.module
    again = stages_of(scratch / f"{library.name}-both", library)
    sys.modules.pop(ours.module)
    if own:
        sys.modules[ours.module] = own
    for first, second in zip(stages, again, strict=True):
        if first["units"] != second["units"]:
            raise SystemExit(f"{library.name}: our charm with this library reads something else when {first['stage']}")


def stages_of(root: pathlib.Path, library: Library) -> list[Document]:
    """Return what our charm and a library write to each other, stage by stage."""
    random.seed(library.name)  # the salt of a request is random
    meta = charmcraft_extensions.expand(yaml_files.load(flask_scenario.CHARM / "charmcraft.yaml"), flask_scenario.CHARM)
    application = relating.Application(root, meta, library.provider.endpoint, library.interface)
    return handshake(application, RemoteSide(library.interface, library.provider, library.module))


if __name__ == "__main__":
    main()
