"""The daemon with real charm processes, real hook tools and real Pebbles, but without namespaces."""

import asyncio
from collections.abc import Awaitable, Callable, Generator
from pathlib import Path
from tempfile import TemporaryDirectory

import ops
import pytest
import yaml
from paas_local.controller import daemon, hook_queue
from paas_local.controller.hook_queue import HookQueue
from plain_pods import PATIENCE, Operator, operating, packed

Step = Callable[[Operator], Awaitable[None]]


@pytest.fixture
def place() -> Generator[Path]:
    """Yield a folder whose path is short enough for unix sockets; pytest's folders are too long."""
    with TemporaryDirectory(prefix="paas-") as folder:
        yield Path(folder)


@pytest.fixture
def home(place: Path) -> Path:
    folder = place / "home"
    folder.mkdir()
    return folder


def play(home: Path, *steps: Step) -> None:
    """Run each step with its own daemon over the same state."""

    async def run() -> None:
        for number, step in enumerate(steps):
            async with operating(home, model=number == 0) as operator:
                await step(operator)

    asyncio.run(run())


STATUS = """
    def __init__(self, framework):
        super().__init__(framework)
        framework.observe(self.on.start, self._say)
        framework.observe(self.on.config_changed, self._say)

    def _say(self, event):
        self.unit.set_workload_version("1.2")
        self.unit.open_port("tcp", 8000)
        self.unit.status = ops.ActiveStatus(str(self.config["greeting"]))
"""


def test_a_charm_is_installed_and_started_and_sets_its_status(place: Path, home: Path):
    charm = packed(place, "tiny", STATUS, options={"greeting": {"type": "string", "default": "hello"}})

    async def step(operator: Operator) -> None:
        await operator.deploy(charm)
        await operator.until("tiny/0", "active", "hello")

        answer = await operator.answer("status", model="demo")
        application = answer["result"]["applications"]["tiny"]
        assert await operator.ran("tiny/0") == ["install", "leader-elected", "config-changed", "start"]
        assert application["version"] == "1.2"
        assert application["units"]["tiny/0"]["open-ports"] == ["8000/tcp"]
        assert application["application-status"]["current"] == "active"

    play(home, step)


def test_open_ports_are_published_and_options_reach_the_charm(place: Path, home: Path):
    charm = packed(place, "tiny", STATUS, options={"greeting": {"type": "string", "default": "hello"}})

    async def step(operator: Operator) -> None:
        await operator.deploy(charm)
        await operator.deploy(charm, "other")
        await operator.until("tiny/0", "active")
        await operator.until("other/0", "active")

        await operator.ask("config-set", application="tiny", values={"greeting": "bye"})
        await operator.until("tiny/0", "active", "bye")
        answer = await operator.answer("status", model="demo")

        assert sorted(answer["published"]) == ["other", "tiny"]
        urls = sorted(urls["8000/tcp"] for urls in answer["published"].values())
        assert urls == ["http://127.0.0.1:8000", "http://127.0.0.1:8001"]

    play(home, step)


ADVICE = "free one of them, it is tried again every few seconds"


def test_publishing_a_taken_port_is_reported_and_retried(place: Path, home: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("paas_local.controller.published_ports.RETRY_PAUSE", 0.1)
    charm = packed(place, "tiny", STATUS, options={"greeting": {"type": "string", "default": "hello"}})

    async def step(operator: Operator) -> None:
        async def has_ports(published: dict[str, dict[str, str]], unreachable: dict[str, str]) -> bool:
            answer = await operator.answer("status", model="demo")
            return (answer["published"], answer["unreachable"]) == (published, unreachable)

        operator.machine.ports_taken = "no port is free"
        await operator.deploy(charm)
        await operator.until("tiny/0", "active")
        await operator.eventually(lambda: has_ports({}, {"tiny": f"no port is free; {ADVICE}"}))

        operator.machine.ports_taken = ""
        await operator.eventually(lambda: has_ports({"tiny": {"8000/tcp": "http://127.0.0.1:8000"}}, {}))
        assert (await operator.log()).count("no port is free") == 1

    play(home, step)


FAILING = """
    def __init__(self, framework):
        super().__init__(framework)
        framework.observe(self.on.start, self._start)

    def _start(self, event):
        peers = self.model.get_relation("peers")
        before = peers.data[self.app].get("count", "")
        peers.data[self.app]["count"] = before + "x"
        self.app.add_secret({"password": "secret" + before}, label="s" + before)
        self.unit.open_port("tcp", 81)
        self.unit.status = ops.MaintenanceStatus("tried")
        flag = pathlib.Path("fail")
        if not flag.exists():
            flag.write_text("")
            raise RuntimeError("not yet")
        self.unit.status = ops.ActiveStatus(peers.data[self.app]["count"])
"""


def test_a_failed_hook_commits_only_its_status_and_is_retried(place: Path, home: Path):
    charm = packed(place, "tiny", FAILING, peers={"peers": {"interface": "p"}})

    async def step(operator: Operator) -> None:
        await operator.deploy(charm)
        await operator.until("tiny/0", "error", 'hook failed: "start"')
        assert await operator.ask("secrets") == {}
        assert "open-ports" not in await operator.unit("tiny/0")

        await operator.ask("resolved", unit="tiny/0", retry=True)
        await operator.until("tiny/0", "active")

        assert (await operator.unit("tiny/0"))["workload-status"]["message"] == "x"
        assert (await operator.unit("tiny/0"))["open-ports"] == ["81/tcp"]
        assert [entry["label"] for entry in (await operator.ask("secrets")).values()] == ["s"]
        assert (await operator.ran("tiny/0")).count("start") == 2
        assert 'hook "start" (via hook dispatching script: dispatch) failed' in await operator.log()

    play(home, step)


SERVER = """
    def __init__(self, framework):
        super().__init__(framework)
        framework.observe(self.on.db_relation_changed, self._changed)
        framework.observe(self.on.rotate_action, self._rotate)

    def _changed(self, event):
        database = event.relation.data[event.app].get("database")
        if database and self.unit.is_leader() and not event.relation.data[self.app]:
            secret = self.app.add_secret({"password": "p1"}, label="db")
            secret.grant(event.relation)
            event.relation.data[self.app].update({"uris": f"db://{database}", "secret": secret.id})
            self.unit.status = ops.ActiveStatus(database)

    def _rotate(self, event):
        self.model.get_secret(label="db").set_content({"password": event.params["to"]})
        event.set_results({"rotated": {"to": event.params["to"]}})
"""
CLIENT = """
    def __init__(self, framework):
        super().__init__(framework)
        framework.observe(self.on.db_relation_created, self._created)
        framework.observe(self.on.db_relation_changed, self._changed)
        framework.observe(self.on.secret_changed, self._secret)

    def _created(self, event):
        event.relation.data[self.app]["database"] = "shop"

    def _changed(self, event):
        data = event.relation.data[event.app]
        if "secret" in data:
            content = self.model.get_secret(id=data["secret"]).get_content()
            self.unit.status = ops.ActiveStatus(data["uris"] + " " + content["password"])

    def _secret(self, event):
        self.unit.status = ops.ActiveStatus(event.secret.get_content(refresh=True)["password"])
"""


def test_related_charms_exchange_data_and_a_changing_secret(place: Path, home: Path):
    server = packed(
        place,
        "server",
        SERVER,
        provides={"db": {"interface": "db"}},
        actions={"rotate": {"params": {"to": {"type": "string", "default": "p2"}}}},
    )
    client = packed(place, "client", CLIENT, requires={"db": {"interface": "db", "limit": 1}})

    async def step(operator: Operator) -> None:
        await operator.deploy(server)
        await operator.deploy(client)
        await operator.ask("integrate", endpoints=["client", "server"])
        await operator.until("client/0", "active", "db://shop p1")

        document = await operator.ask("run", unit="server/leader", action="rotate", params={}, wait=PATIENCE)
        await operator.until("client/0", "active", "p2")

        shown = document["server/0"]
        assert shown["status"] == "completed"
        assert shown["results"] == {"rotated": {"to": "p2"}, "return-code": 0}
        unit = await operator.ask("show-unit", unit="client/0")
        assert unit["client/0"]["relation-info"][0]["application-data"]["uris"] == "db://shop"

        await operator.ask("remove-relation", endpoints=["client", "server"])

        async def unrelated() -> bool:
            return "relations" not in (await operator.ask("status"))["applications"]["client"]

        await operator.eventually(unrelated)
        assert (await operator.ran("server/0"))[-2:] == ["db-relation-departed", "db-relation-broken"]

    play(home, step)


ACTING = """
    def __init__(self, framework):
        super().__init__(framework)
        framework.observe(self.on.good_action, self._good)
        framework.observe(self.on.bad_action, self._bad)
        framework.observe(self.on.worse_action, self._worse)

    def _good(self, event):
        event.log("working")
        event.set_results({"a": {"b": "1"}})

    def _bad(self, event):
        event.fail("no key")

    def _worse(self, event):
        raise RuntimeError("worse")
"""


def test_actions_return_results_or_fail_or_crash(place: Path, home: Path):
    actions = {name: {"description": name} for name in ("good", "bad", "worse")}
    charm = packed(place, "tiny", ACTING, actions=actions)

    async def step(operator: Operator) -> None:
        await operator.deploy(charm)
        answers = [await operator.ask("run", unit="tiny/0", action=action, wait=PATIENCE) for action in actions]
        shown = [answer["tiny/0"] for answer in answers]
        good, bad, worse = shown

        assert (good["status"], good["results"]) == ("completed", {"a": {"b": "1"}, "return-code": 0})
        assert good["log"][0].endswith("working")
        assert (bad["status"], bad["message"], bad["results"]["return-code"]) == ("failed", "no key", 0)
        assert (worse["status"], worse["message"]) == ("failed", "exit status 1")
        assert "RuntimeError in charm code: worse" in worse["results"]["stderr"]
        unknown = await operator.answer("run", model="demo", unit="tiny/0", action="nope")
        reason = 'Operation 7 failed to schedule any tasks:\naction "nope" not defined on unit "tiny/0"'
        assert unknown == {"result": {}, "unscheduled": reason}
        late = await operator.error("run", unit="tiny/0", action="good", wait=0)
        assert late == "timed out waiting for results from: unit tiny/0"
        done = await operator.ask("exec", unit="tiny/0", command=["is-leader"], wait=PATIENCE)
        assert done["tiny/0"]["results"]["stdout"] == "True\n"

    play(home, step)


PEBBLE = """
    def __init__(self, framework):
        super().__init__(framework)
        framework.observe(self.on.app_pebble_ready, self._ready)

    def _ready(self, event):
        count = int(self.unit.status.message or "0") if self.unit.status.name == "active" else 0
        self.unit.status = ops.ActiveStatus(str(count + 1))
"""


def test_pebble_ready_runs_after_start_and_after_the_container_was_killed(place: Path, home: Path):
    charm = packed(place, "tiny", PEBBLE, containers={"app": {}})

    async def step(operator: Operator) -> None:
        await operator.deploy(charm)
        await operator.until("tiny/0", "active", "1")
        assert (await operator.ran("tiny/0"))[-2:] == ["start", "app-pebble-ready"]

        await operator.machine.pods["tiny/0"].kill_container("app")
        await operator.until("tiny/0", "active", "2")

        assert (await operator.ran("tiny/0"))[-2:] == ["app-pebble-ready"] * 2

    play(home, step)


def test_a_unit_whose_processes_were_killed_gets_a_new_pod(place: Path, home: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("paas_local.controller.unit_agent._STABLE_AFTER", 0.0)
    charm = packed(place, "tiny", PEBBLE, containers={"app": {}})

    async def step(operator: Operator) -> None:
        await operator.deploy(charm)
        await operator.until("tiny/0", "active", "1")

        operator.machine.pods["tiny/0"].kill()
        await operator.until_ran("tiny/0", "app-pebble-ready", 2)

        assert operator.machine.started == ["tiny/0", "tiny/0"]
        hooks = await operator.ran("tiny/0")
        assert hooks[-4:] == ["upgrade-charm", "config-changed", "start", "app-pebble-ready"]
        assert "the pod ended with 137; starting another one" in await operator.log()

    play(home, step)


def test_a_published_port_leads_to_all_units_and_is_the_same_after_a_restart(place: Path, home: Path):
    charm = packed(place, "tiny", STATUS, options={"greeting": {"type": "string", "default": "hello"}})

    def reached(operator: Operator, port: int, units: int) -> Callable[[], Awaitable[bool]]:
        async def condition() -> bool:
            return len(operator.machine.routes.get(port, ())) == units

        return condition

    async def first(operator: Operator) -> None:
        await operator.deploy(charm, "web")
        await operator.eventually(reached(operator, 8000, 1))
        await operator.deploy(charm, "api", units=2)
        await operator.eventually(reached(operator, 8001, 2))

    async def second(operator: Operator) -> None:
        await operator.eventually(reached(operator, 8000, 1))
        await operator.eventually(reached(operator, 8001, 2))
        answer = await operator.answer("status", model="demo")
        assert answer["published"] == {
            "api": {"8000/tcp": "http://127.0.0.1:8001"},
            "web": {"8000/tcp": "http://127.0.0.1:8000"},
        }

    play(home, first, second)


def test_checks_and_custom_notices_run_hooks(place: Path, home: Path):
    charm = packed(place, "tiny", containers={"app": {}})
    layer = {
        "checks": {
            "up": {
                "override": "replace",
                "period": "100ms",
                "threshold": 1,
                "exec": {"command": f"test -e {place}/flag"},
            }
        }
    }

    async def step(operator: Operator) -> None:
        await operator.deploy(charm)
        await operator.until_ran("tiny/0", "app-pebble-ready")
        pebble = ops.pebble.Client(str(operator.machine.pods["tiny/0"].pebble_socket("app")))
        pebble.add_layer("l", yaml.safe_dump(layer))
        pebble.replan_services()
        await operator.until_ran("tiny/0", "app-pebble-check-failed")

        (place / "flag").touch()
        await operator.until_ran("tiny/0", "app-pebble-check-recovered")
        pebble.notify(ops.pebble.NoticeType.CUSTOM, "example.com/a")
        await operator.until_ran("tiny/0", "app-pebble-custom-notice")

    play(home, step)


def test_a_new_daemon_starts_the_stored_models_with_new_pods(place: Path, home: Path):
    charm = packed(place, "tiny", PEBBLE, containers={"app": {}}, peers={"peers": {"interface": "p"}})

    async def first(operator: Operator) -> None:
        await operator.deploy(charm)
        await operator.until("tiny/0", "active", "1")

    async def second(operator: Operator) -> None:
        await operator.until_ran("tiny/0", "app-pebble-ready", 2)
        hooks = await operator.ran("tiny/0")
        assert hooks[-4:] == ["upgrade-charm", "config-changed", "start", "app-pebble-ready"]
        assert not (operator.folders.charm("tiny/0") / "mark").exists()

    play(home, first, second)


def test_removed_applications_and_models_leave_no_files(place: Path, home: Path):
    charm = packed(place, "tiny", storage={"data": {"type": "filesystem"}})

    async def step(operator: Operator) -> None:
        await operator.deploy(charm)
        await operator.deploy(charm, "other")
        await operator.until_ran("tiny/0", "data-storage-attached")
        stored = operator.folders.storage("tiny/0", "data/0")
        assert stored.is_dir()

        await operator.ask("remove-application", applications=["tiny"])
        await operator.until_ran("tiny/0", "remove")

        async def removed() -> bool:
            return not stored.exists()

        await operator.eventually(removed)
        assert list((await operator.ask("status"))["applications"]) == ["other"]

        await operator.ask("destroy-model")
        assert (await operator.ran("other/0"))[-2:] == ["stop", "remove"]
        assert not operator.folders.root.exists()
        assert await operator.error("status") == "model local:admin/demo not found"

    play(home, step)


def test_a_model_is_destroyed_by_force_without_hooks(place: Path, home: Path):
    charm = packed(place, "tiny")

    async def step(operator: Operator) -> None:
        await operator.deploy(charm)
        await operator.until_ran("tiny/0", "start")
        await operator.ask("destroy-model", force=True)
        assert "stop" not in await operator.ran("tiny/0")
        assert not operator.folders.root.exists()

    play(home, step)


def test_a_model_with_a_broken_charm_can_be_destroyed(place: Path, home: Path):
    charm = packed(place, "tiny", shell="exit 1")

    async def step(operator: Operator) -> None:
        await operator.deploy(charm)
        await operator.until("tiny/0", "error", 'hook failed: "install"')
        await operator.ask("destroy-model")
        answer = await operator.answer("models")
        assert answer["result"]["models"] == []

    play(home, step)


def test_a_model_that_changes_while_it_is_destroyed_starts_no_pod(place: Path, home: Path):
    charm = packed(place, "tiny", shell="exit 1")

    async def step(operator: Operator) -> None:
        await operator.deploy(charm, units=2)
        await operator.until("tiny/0", "error")
        await operator.until("tiny/1", "error")
        last = operator.machine.pods["tiny/1"]
        last.may_stop.clear()
        destroying = asyncio.create_task(operator.ask("destroy-model"))

        async def stopped() -> bool:
            return not operator.folders.agent_socket("tiny/0").exists()

        await operator.eventually(stopped)
        await operator.ask("model-config", values={"logging-config": "x"})
        last.may_stop.set()
        await destroying

        assert operator.machine.started == ["tiny/0", "tiny/1"]
        assert not operator.folders.root.exists()

    play(home, step)


LEADING = """
    def __init__(self, framework):
        super().__init__(framework)
        for event in (self.on.start, self.on.leader_elected, self.on.peers_relation_changed):
            framework.observe(event, self._say)

    def _say(self, event):
        peers = self.model.get_relation("peers")
        if self.unit.is_leader():
            peers.data[self.app]["who"] = self.unit.name
        who = peers.data[self.app].get("who", "")
        self.unit.status = ops.ActiveStatus(f"{who} {len(peers.units)}")
"""


def test_units_have_peers_and_one_leader(place: Path, home: Path):
    charm = packed(place, "tiny", LEADING, peers={"peers": {"interface": "p"}})

    async def step(operator: Operator) -> None:
        await operator.deploy(charm, units=2)
        await operator.until("tiny/1", "active", "tiny/0 1")

        await operator.ask("remove-unit", application="tiny", units=1)
        await operator.until_ran("tiny/1", "remove")
        await operator.until_ran("tiny/0", "peers-relation-departed")

    play(home, step)


WAITING = """
[ "$JUJU_DISPATCH_PATH" != hooks/config-changed ] || while [ -e "{folder}/hold-${{JUJU_UNIT_NAME%/*}}" ]; do
    sleep 0.05
done
status-set active
"""


def test_a_hook_that_waits_for_others_is_due_and_delays_no_action(
    place: Path, home: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(daemon, "HookQueue", lambda: HookQueue(places=1))
    monkeypatch.setattr(hook_queue, "HOLDS", PATIENCE)
    charm = packed(
        place,
        "tiny",
        shell=WAITING.format(folder=place),
        options={"greeting": {"type": "string"}},
        actions={"greet": {"description": "Greet."}},
    )

    async def step(operator: Operator) -> None:
        async def waits() -> bool:
            status = (await operator.unit("other/0"))["juju-status"]
            return (status["current"], status["message"]) == ("executing", "running config-changed hook")

        await operator.deploy(charm)
        await operator.deploy(charm, "other")
        await operator.until("tiny/0", "active")
        await operator.until("other/0", "active")
        (place / "hold-tiny").touch()
        await operator.ask("config-set", application="tiny", values={"greeting": "bye"})
        await operator.until_ran("tiny/0", "config-changed", times=2)
        await operator.ask("config-set", application="other", values={"greeting": "bye"})
        await operator.eventually(waits)

        await operator.ask("run", unit="other/0", action="greet", params={}, wait=PATIENCE)
        assert (await operator.ran("other/0"))[-2:] == ["start", "greet"]

        (place / "hold-tiny").unlink()
        await operator.until_ran("other/0", "config-changed", times=2)
        await operator.until("other/0", "active")

    play(home, step)


def test_an_invalid_request_is_reported_in_one_line(home: Path):
    async def step(operator: Operator) -> None:
        assert await operator.error("deploy", application="x") == "bad request: charm: Field required"
        assert await operator.error("fly") == 'unknown command "fly"'
        assert (await operator.error("deploy", charm="/nowhere", application="x")).startswith("/nowhere")
        twice = await operator.error("add-model")
        assert twice.endswith("already exists (already exists)")

    play(home, step)


def test_the_log_has_the_charms_output_and_log_lines(place: Path, home: Path):
    charm = packed(place, "tiny", shell="echo plain words; juju-log --log-level ERROR -- said")

    async def step(operator: Operator) -> None:
        await operator.deploy(charm)
        await operator.until_ran("tiny/0", "start")
        lines = await operator.lines()

        output = [line for line in lines if line["message"] == "plain words"]
        assert output[0]["module"] == "unit.tiny/0.install"
        assert output[0]["level"] == "DEBUG"
        logged = next(line for line in lines if line["message"] == "said")
        assert (logged["level"], logged["module"]) == ("ERROR", "unit.tiny/0.juju-log")
        assert len(await operator.lines(limit=2)) == 2

    play(home, step)


def test_a_user_secret_reaches_the_charm_that_it_is_granted_to(place: Path, home: Path):
    body = """
    def __init__(self, framework):
        super().__init__(framework)
        framework.observe(self.on.config_changed, self._read)
        framework.observe(self.on.secret_changed, self._read)

    def _read(self, event):
        if "token" in self.config:
            secret = self.model.get_secret(id=self.config["token"])
            self.unit.status = ops.ActiveStatus(secret.get_content(refresh=True)["key"])
"""
    charm = packed(place, "tiny", body, options={"token": {"type": "secret"}})

    async def step(operator: Operator) -> None:
        await operator.deploy(charm)
        uri = await operator.ask("add-secret", name="token", content={"key": "one"})
        await operator.ask("grant-secret", secret="token", applications=["tiny"])
        await operator.ask("config-set", application="tiny", values={"token": uri})
        await operator.until("tiny/0", "active", "one")

        await operator.ask("update-secret", secret=uri, content={"key": "two"})
        await operator.until("tiny/0", "active", "two")

        shown = await operator.ask("show-secret", secret="token", reveal=True)
        assert shown[uri.removeprefix("secret:")]["content"] == {"Data": {"key": "two"}}
        await operator.ask("revoke-secret", secret="token", applications=["tiny"])
        await operator.ask("remove-secret", secret="token")
        assert await operator.ask("secrets") == {}

    play(home, step)


def test_the_log_is_streamed(place: Path, home: Path):
    charm = packed(place, "tiny")

    async def step(operator: Operator) -> None:
        following = asyncio.create_task(operator.follow('ran "start" hook'))
        await operator.deploy(charm)
        await asyncio.wait_for(following, 60)

    play(home, step)


def test_a_failed_hook_is_skipped_and_units_are_removed_by_force(place: Path, home: Path):
    charm = packed(place, "tiny", shell="exit 1")

    async def step(operator: Operator) -> None:
        await operator.deploy(charm)
        await operator.until("tiny/0", "error", 'hook failed: "install"')
        await operator.ask("resolved", unit="tiny/0", retry=False)
        await operator.until("tiny/0", "error", 'hook failed: "leader-elected"')
        await operator.ask("add-unit", application="tiny", units=1)
        await operator.until("tiny/1", "error")

        await operator.ask("remove-application", applications=["tiny"], force=True)

        assert (await operator.ask("status"))["applications"] == {}
        assert (await operator.ask("model-config", values={"logging-config": "x"}))["logging-config"] == {
            "Value": "x",
            "Source": "model",
        }

    play(home, step)


def test_a_pod_that_cannot_start_is_an_error_of_the_unit(place: Path, home: Path):
    charm = packed(place, "tiny")

    async def step(operator: Operator) -> None:
        operator.machine.broken = "no space left"
        await operator.deploy(charm)

        async def has_error() -> bool:
            return "no space left" in (await operator.unit("tiny/0"))["workload-status"].get("message", "")

        await operator.eventually(has_error)
        operator.machine.broken = ""
        await operator.until_ran("tiny/0", "start")

    play(home, step)
