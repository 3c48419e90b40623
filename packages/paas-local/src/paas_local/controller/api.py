"""What the background process answers over HTTP: Juju's verbs, as POST of one JSON object each.

An answer is ``{"result": …}``, or ``{"error": one line, "code": exit status}`` with 400 when the request cannot be
met. Bodies are read into frozen values first, so a verb works with what it declares and nothing else.
"""

import asyncio
import contextlib
import dataclasses
import json
import time
import uuid
from collections.abc import Awaitable, Callable, Collection, Mapping
from importlib import metadata as distributions
from os import getpid
from pathlib import Path
from typing import Any, Protocol, TypeVar

import pydantic
from aiohttp import web

from paas_local.build import charms
from paas_local.build.errors import ProjectError
from paas_local.controller import charm_metadata, live_update, waiting
from paas_local.controller.pod_spec import Folders
from paas_local.controller.storage import State
from paas_local.controller.unit_agent import fresh_id
from paas_local.juju import actions, charm_config, documents, hook_commit, names, operations, secrets, status_document
from paas_local.juju.errors import Refused
from paas_local.juju.hook_context import Context, SecretChange
from paas_local.juju.model import Charm, Model, Revision, Secret, Task

LARGEST = 16 * 1024 * 1024
BAD_REQUEST = 400


class Models(Protocol):
    """What the verbs need of the daemon."""

    state: State
    news: asyncio.Event
    lines: asyncio.Event

    @property
    def names(self) -> list[str]:
        """Name the models."""
        ...

    def model(self, name: str) -> Model:
        """Give a model as it is now."""
        ...

    def change(self, name: str, change: Callable[[Model], Model]) -> Model:
        """Change a model."""
        ...

    def add(self, name: str) -> Model:
        """Begin a model."""
        ...

    async def destroy(self, name: str) -> None:
        """Let a model go."""
        ...

    async def force_out(self, name: str, applications: Collection[str]) -> None:
        """Take units out, whatever they are doing."""
        ...

    def addresses(self, count: int) -> list[str]:
        """Find free addresses."""
        ...

    def urls(self, name: str) -> dict[str, list[str]]:
        """Say where applications are reached on this machine."""
        ...

    def unreachable(self, name: str) -> dict[str, str]:
        """Say why applications with a port are not."""
        ...

    def folders(self, name: str) -> Folders:
        """Say where a model's things lie."""
        ...

    async def renew(self, name: str, application: str) -> None:
        """Give the units of an application new pods."""
        ...


class Body(pydantic.BaseModel, frozen=True):
    """A request without anything in it."""


class OfModel(Body, frozen=True):
    """A request about a model."""

    model: str


class Deploy(OfModel, frozen=True):
    """An application to be added."""

    charm: Path
    application: str
    resources: dict[str, str] = {}
    config: dict[str, str] = {}
    units: int = pydantic.Field(default=1, ge=1)
    trust: bool = False


class Sync(OfModel, frozen=True):
    """Images that an application's running containers are to become."""

    application: str
    resources: dict[str, str]


class Noticed(OfModel, frozen=True):
    """The services that new files were brought to."""

    application: str
    reloaded: tuple[str, ...]
    restarted: tuple[str, ...]


class Refresh(Sync, frozen=True):
    """The charm and the images that an application is to have."""

    charm: Path


class Endpoints(OfModel, frozen=True):
    """The two ends of a relation."""

    endpoints: tuple[str, ...]


class OfApplication(OfModel, frozen=True):
    """A request about an application."""

    application: str


class ConfigSet(OfApplication, frozen=True):
    """Options to set and to forget."""

    values: dict[str, str] = {}
    reset: tuple[str, ...] = ()


class Units(OfApplication, frozen=True):
    """How many units more, or fewer."""

    units: int = pydantic.Field(default=1, ge=1)


class Applications(OfModel, frozen=True):
    """Applications to be removed; by force, without their hooks."""

    applications: tuple[str, ...]
    force: bool = False


class OfUnit(OfModel, frozen=True):
    """A request about a unit."""

    unit: str


class Resolved(OfUnit, frozen=True):
    """A failed hook to be run again, or to be counted as done."""

    retry: bool = True


class Run(OfUnit, frozen=True):
    """An action to be run."""

    action: str
    params: dict[str, Any] = {}
    wait: float = 60.0


class Exec(OfUnit, frozen=True):
    """A command to be run where hooks run."""

    command: tuple[str, ...]
    wait: float = 300.0


class DebugLog(OfModel, frozen=True):
    """The last lines of the log (0 is all), and those to come."""

    limit: int = 0
    follow: bool = False


class AddSecret(OfModel, frozen=True):
    """A user's new secret."""

    name: str
    content: dict[str, str] = pydantic.Field(repr=False)
    info: str | None = None


class OfSecret(OfModel, frozen=True):
    """A request about a secret, by its id or name."""

    secret: str


class UpdateSecret(OfSecret, frozen=True):
    """What of a user's secret changes."""

    content: dict[str, str] | None = pydantic.Field(default=None, repr=False)
    info: str | None = None


class GrantSecret(OfSecret, frozen=True):
    """Who may read a user's secret."""

    applications: tuple[str, ...]


class RemoveSecret(OfSecret, frozen=True):
    """A secret or a revision to be removed."""

    revision: int | None = None


class ShowSecret(OfSecret, frozen=True):
    """How much of a secret is shown."""

    reveal: bool = False
    revisions: bool = False
    revision: int | None = None


class ModelConfig(OfModel, frozen=True):
    """Model options to set; nothing to see them all."""

    values: dict[str, str] = {}
    reset: tuple[str, ...] = ()


Shape = TypeVar("Shape", bound=Body)
Verb = Callable[[Any], Awaitable[Mapping[str, Any]]]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Api:
    """The verbs."""

    models: Models
    stop: asyncio.Event
    pebble: str

    def verbs(self) -> dict[str, tuple[type[Body], Verb]]:
        """List the verbs with the shape of their bodies."""
        return {
            "ping": (Body, self.ping),
            "shutdown": (Body, self.shutdown),
            "models": (Body, self.list_models),
            "add-model": (OfModel, self.add_model),
            "destroy-model": (OfModel, self.destroy_model),
            "model-config": (ModelConfig, self.model_config),
            "deploy": (Deploy, self.deploy),
            "refresh": (Refresh, self.refresh),
            "sync": (Sync, self.sync),
            "trouble": (Noticed, self.trouble),
            "integrate": (Endpoints, self.integrate),
            "remove-relation": (Endpoints, self.remove_relation),
            "config-get": (OfApplication, self.config_get),
            "config-set": (ConfigSet, self.config_set),
            "status": (OfModel, self.status),
            "show-unit": (OfUnit, self.show_unit),
            "run": (Run, self.run),
            "exec": (Exec, self.execute),
            "resolved": (Resolved, self.resolved),
            "add-unit": (Units, self.add_unit),
            "remove-unit": (Units, self.remove_unit),
            "remove-application": (Applications, self.remove_application),
            "add-secret": (AddSecret, self.add_secret),
            "update-secret": (UpdateSecret, self.update_secret),
            "grant-secret": (GrantSecret, self.grant_secret),
            "revoke-secret": (GrantSecret, self.revoke_secret),
            "remove-secret": (RemoveSecret, self.remove_secret),
            "secrets": (OfModel, self.list_secrets),
            "show-secret": (ShowSecret, self.show_secret),
        }

    async def ping(self, _: Body) -> Mapping[str, Any]:
        """Say who answers."""
        version = distributions.version("paas-local")
        return _result({"version": version, "pid": getpid(), "pebble": self.pebble})

    async def shutdown(self, _: Body) -> Mapping[str, Any]:
        """End the process once this is answered."""
        asyncio.get_running_loop().call_later(0.05, self.stop.set)
        return _result({})

    async def list_models(self, _: Body) -> Mapping[str, Any]:
        """Name the models."""
        return _result({"models": self.models.names})

    async def add_model(self, body: OfModel) -> Mapping[str, Any]:
        """Begin a model."""
        return _result({"uuid": self.models.add(body.model).uuid})

    async def destroy_model(self, body: OfModel) -> Mapping[str, Any]:
        """Let a model go; answers once nothing of it is left."""
        await self.models.destroy(body.model)
        return _result({})

    async def model_config(self, body: ModelConfig) -> Mapping[str, Any]:
        """Set model options, or show them all."""
        values = {key: operations.MODEL_DEFAULTS.get(key, "") for key in body.reset} | body.values
        if values:
            self._change(body, lambda model: operations.configure_model(model, values))
        return _result(documents.model_config(self.models.model(body.model)))

    async def deploy(self, body: Deploy) -> Mapping[str, Any]:
        """Add an application."""
        request = operations.Request(
            charm=_charm(body.charm),
            application=body.application,
            resources=body.resources,
            config=body.config,
            trust=body.trust,
            provider_id=str(uuid.uuid4()),
        )
        addresses = self.models.addresses(body.units)
        self._change(body, lambda model: operations.deploy(model, request, addresses, time.time()))
        return _result({})

    async def refresh(self, body: Refresh) -> Mapping[str, Any]:
        """Give an application another charm and other images, and its units new pods; or leave it as it is."""
        charm = _charm(body.charm)
        before = self.models.model(body.model)
        after = self._change(body, lambda model: operations.refresh(model, body.application, charm, body.resources))
        if after == before:
            return _result({"changed": False})
        await self.models.renew(body.model, body.application)
        return _result({"changed": True})

    async def sync(self, body: Sync) -> Mapping[str, Any]:
        """Bring files of new images into the running containers; refuses what needs new ones."""
        model = self.models.model(body.model)
        changed = live_update.changed(model, body.application, body.resources)
        noticed = live_update.Notice()
        for unit, container, files in changed:
            noticed = await live_update.deliver(unit, self._pebble(body, unit, container), files)
        self._change(body, lambda model: operations.with_resources(model, body.application, body.resources))
        return _result({"reloaded": noticed.reload, "restarted": noticed.restart})

    async def trouble(self, body: Noticed) -> Mapping[str, Any]:
        """Say why a service ended over the files that sync has brought."""
        noticed = live_update.Notice(reload=body.reloaded, restart=body.restarted)
        for unit, container in live_update.containers(self.models.model(body.model), body.application):
            if words := await live_update.trouble(unit, self._pebble(body, unit, container), noticed):
                return _result({"trouble": words})
        return _result({"trouble": ""})

    def _pebble(self, body: OfModel, unit: str, container: str) -> Path:
        return self.models.folders(body.model).pod(unit) / container / "pebble.socket"

    async def integrate(self, body: Endpoints) -> Mapping[str, Any]:
        """Relate two applications."""
        if len(body.endpoints) != 2:  # noqa: PLR2004  # a relation has two ends
            raise Refused("an integration must involve two applications", code=2)
        first, second = body.endpoints
        self._change(body, lambda model: operations.integrate(model, first, second))
        return _result({})

    async def remove_relation(self, body: Endpoints) -> Mapping[str, Any]:
        """End a relation."""
        self._change(body, lambda model: operations.remove_relation(model, body.endpoints))
        return _result({})

    async def config_get(self, body: OfApplication) -> Mapping[str, Any]:
        """Show the options of an application."""
        applications = self.models.model(body.model).applications
        if body.application not in applications:
            raise Refused(f'application "{body.application}" not found')
        return _result(charm_config.document(applications[body.application]))

    async def config_set(self, body: ConfigSet) -> Mapping[str, Any]:
        """Set options of an application."""
        self._change(body, lambda model: operations.configure(model, body.application, body.values, body.reset))
        return _result({})

    async def status(self, body: OfModel) -> Mapping[str, Any]:
        """Show a model; beside Juju's document, where its applications are reached on this machine."""
        model = self.models.model(body.model)
        return {
            "result": status_document.document(model, time.time()),
            "published": self.models.urls(body.model),
            "unreachable": self.models.unreachable(body.model),
            "integrations": list(documents.integrations(model)),
        }

    async def show_unit(self, body: OfUnit) -> Mapping[str, Any]:
        """Show a unit with its databags."""
        model = self.models.model(body.model)
        return _result(documents.unit(model, names.named_unit(model, body.unit)))

    async def run(self, body: Run) -> Mapping[str, Any]:
        """Run an action and wait for it."""
        now = time.time()
        model, task = actions.enqueue(self.models.model(body.model), body.unit, body.action, body.params, now)
        self._change(body, lambda _: model)
        return _result(actions.document(await self._done(body.model, task, body.wait)))

    async def execute(self, body: Exec) -> Mapping[str, Any]:
        """Run a command and wait for it."""
        if not body.command:
            raise Refused("no commands specified", code=2)
        now = time.time()
        model, task = actions.enqueue_command(self.models.model(body.model), body.unit, body.command, now)
        self._change(body, lambda _: model)
        return _result(actions.document(await self._done(body.model, task, body.wait)))

    async def resolved(self, body: Resolved) -> Mapping[str, Any]:
        """Run a failed hook again at once, or count it as done."""

        def change(model: Model) -> Model:
            model, done = operations.resolve(model, body.unit, time.time(), retry=body.retry)
            unit = names.named_unit(model, body.unit)
            if done is None:
                return model
            return hook_commit.commit(model, Context(unit=unit.name, event=done, snapshot=model), time.time())

        self._change(body, change)
        return _result({})

    async def add_unit(self, body: Units) -> Mapping[str, Any]:
        """Add units."""
        addresses = self.models.addresses(body.units)
        self._change(body, lambda model: operations.add_units(model, body.application, addresses, time.time()))
        return _result({})

    async def remove_unit(self, body: Units) -> Mapping[str, Any]:
        """Remove the units with the highest numbers."""
        self._change(body, lambda model: operations.remove_units(model, body.application, body.units))
        return _result({})

    async def remove_application(self, body: Applications) -> Mapping[str, Any]:
        """Remove applications; returns while they still go."""
        self._change(body, lambda model: operations.remove_applications(model, body.applications))
        if body.force:
            await self.models.force_out(body.model, body.applications)
        return _result({})

    async def add_secret(self, body: AddSecret) -> Mapping[str, Any]:
        """Add a user's secret."""
        now = time.time()
        secret = Secret(
            id=fresh_id(),
            owner_kind="model",
            owner=self.models.model(body.model).uuid,
            revisions=(Revision(number=1, content=body.content, created=now),),
            name=body.name,
            description=body.info or "",
            created=now,
            updated=now,
        )
        self._change(body, lambda model: secrets.add(model, secret))
        return _result(f"secret:{secret.id}")

    async def update_secret(self, body: UpdateSecret) -> Mapping[str, Any]:
        """Change a user's secret."""
        change = SecretChange(content=body.content, description=body.info)
        self._change(body, lambda model: secrets.update(model, body.secret, change, time.time()))
        return _result({})

    async def grant_secret(self, body: GrantSecret) -> Mapping[str, Any]:
        """Let applications read a user's secret."""
        self._change(body, lambda model: secrets.grant(model, body.secret, body.applications))
        return _result({})

    async def revoke_secret(self, body: GrantSecret) -> Mapping[str, Any]:
        """Let applications no longer read a user's secret."""
        self._change(body, lambda model: secrets.grant(model, body.secret, body.applications, revoke=True))
        return _result({})

    async def remove_secret(self, body: RemoveSecret) -> Mapping[str, Any]:
        """Remove a user's secret."""
        self._change(body, lambda model: secrets.remove(model, body.secret, body.revision))
        return _result({})

    async def list_secrets(self, body: OfModel) -> Mapping[str, Any]:
        """List all secrets."""
        model = self.models.model(body.model)
        found: dict[str, Any] = {}
        for secret in model.secrets.values():
            found |= secrets.document(model, secret)
        return _result(found)

    async def show_secret(self, body: ShowSecret) -> Mapping[str, Any]:
        """Show one secret."""
        if body.reveal and body.revisions:
            raise Refused("specify either --revisions or --reveal but not both")
        model = self.models.model(body.model)
        secret = secrets.find(model, body.secret)
        return _result(secrets.shown(model, secret, reveal=body.reveal, revisions=body.revisions))

    def _change(self, body: OfModel, change: Callable[[Model], Model]) -> Model:
        return self.models.change(body.model, change)

    async def _done(self, model: str, task: Task, wait: float) -> Task:
        deadline = time.monotonic() + wait
        while True:
            news = self.models.news
            now = self.models.model(model).tasks[task.id]
            if now.status in {"completed", "failed"}:
                return now
            left = deadline - time.monotonic()
            if left <= 0:
                raise Refused(f"timed out waiting for results from: unit {task.unit}")
            await waiting.until(news, left)


def application(models: Models, stop: asyncio.Event, pebble: str) -> web.Application:
    """Make the server's application."""
    api = Api(models=models, stop=stop, pebble=pebble)
    verbs = api.verbs()

    async def debug_log(request: web.Request) -> web.StreamResponse:
        try:
            body = await _read(request, DebugLog)
            models.model(body.model)
        except Refused as error:
            return _refusal(error)
        return await _stream(models, request, body)

    async def verb(request: web.Request) -> web.Response:
        name = request.match_info["verb"]
        try:
            if name not in verbs:
                raise Refused(f'unknown verb "{name}"', code=2)  # noqa: TRY301  # answered right below
            shape, run = verbs[name]
            return web.json_response(await run(await _read(request, shape)))
        except Refused as error:
            return _refusal(error)

    server = web.Application(client_max_size=LARGEST)
    server.add_routes([web.post("/v1/debug-log", debug_log), web.post("/v1/{verb}", verb)])
    return server


async def _read(request: web.Request, shape: type[Shape]) -> Shape:
    try:
        return shape.model_validate_json(await request.read() or b"{}")
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Refused(f"bad request: {where}: {first['msg']}", code=2) from None


async def _stream(models: Models, request: web.Request, body: DebugLog) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
    await response.prepare(request)
    after = models.state.newest(body.model, body.limit)
    # whoever reads may go at any time
    with contextlib.suppress(ConnectionError):
        while True:
            lines = models.lines
            for number, line in models.state.lines(body.model, after):
                after = number
                await response.write(json.dumps(dataclasses.asdict(line)).encode() + b"\n")
            if not body.follow or body.model not in models.names:
                break
            await lines.wait()
    return response


def _charm(folder: Path) -> Charm:
    try:
        return charm_metadata.declared(charms.read(folder))
    except ProjectError as error:
        raise Refused(str(error)) from None


def _result(value: object) -> Mapping[str, Any]:
    return {"result": value}


def _refusal(error: Refused) -> web.Response:
    return web.json_response({"error": error.message, "code": error.code}, status=BAD_REQUEST)
