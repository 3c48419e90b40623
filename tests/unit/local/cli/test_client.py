"""The client of the background process: requests, its start and its failures."""

import asyncio
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from aiohttp import web
from fake_daemon import FakeDaemon, Serving
from paas_local.api_version import user_agent
from paas_local.cli import client

ANSWERING = Path(__file__).parents[1] / "fixtures" / "answering_host.py"


@pytest.fixture
def starter(home: Path) -> Generator[client.Client]:
    """Yield a client whose background process is a small program."""
    yield client.Client(home=home, program=(sys.executable, str(ANSWERING), str(home)))
    end(home, signal.SIGKILL)


def running(home: Path) -> list[int]:
    processes = subprocess.run(
        ["pgrep", "-f", f"answering_host.py {home}"], capture_output=True, text=True, check=False
    )
    return [int(number) for number in processes.stdout.split()]


def end(home: Path, how: signal.Signals) -> None:
    for process in running(home):
        os.kill(process, how)
    while running(home):
        time.sleep(0.01)


def test_a_query_returns_its_result(daemon: FakeDaemon):
    daemon.results["models"] = {"models": ["demo"]}

    result = client.Client(home=daemon.home).query("models", model="demo")

    assert result == {"models": ["demo"]}
    assert daemon.requests == [("models", {"model": "demo"})]


def test_an_error_keeps_its_message_and_exit_status(daemon: FakeDaemon):
    daemon.errors["deploy"] = ('application "web" already exists', 2)

    with pytest.raises(client.ClientError, match=r'^application "web" already exists$') as raised:
        client.Client(home=daemon.home).request("deploy")

    assert raised.value.code == 2


def test_a_crashed_request_shows_the_end_of_the_log(daemon: FakeDaemon):
    (daemon.home / "daemon.log").write_text("".join(f"line {number}\n" for number in range(30)))

    with pytest.raises(client.ClientError, match=r"a defect in the background process") as raised:
        client.Client(home=daemon.home).query("models")

    assert str(raised.value).splitlines()[1:] == [f"  line {number}" for number in range(20, 30)]


def test_a_stream_yields_its_lines(daemon: FakeDaemon):
    daemon.lines["debug-log"] = [{"message": "one"}, {"message": "two"}]

    lines = list(client.Client(home=daemon.home).stream("debug-log", limit=2))

    assert [line["message"] for line in lines] == ["one", "two"]


def test_each_request_names_the_version_of_the_code(daemon: FakeDaemon, tmp_path: Path):
    daemon.results["models"] = {"models": []}
    daemon.lines["ssh"] = [{"exit": 0}]
    (tmp_path / "input").touch()

    client.Client(home=daemon.home).query("models")
    with (tmp_path / "input").open("rb") as stdin:
        list(client.Client(home=daemon.home).converse("ssh", stdin))

    assert daemon.agents == [user_agent()] * 2


def test_an_answer_that_does_not_come_raises_an_error(home: Path):
    async def never(request: web.Request) -> web.Response:
        await request.read()
        await asyncio.sleep(0.6)
        return web.Response()

    application = web.Application()
    application.router.add_post("/v1/run", never)

    with (
        Serving(application, home / "daemon.sock"),
        pytest.raises(client.ClientError, match=r"did not answer within 0 s; see .*daemon\.log"),
    ):
        client.Client(home=home).request("run", patience=0.2)


def test_a_command_is_not_repeated_when_the_process_ends_before_it_answers(home: Path):
    async def die(request: web.Request) -> web.Response:
        assert request.transport
        request.transport.close()
        return web.Response()

    application = web.Application()
    application.router.add_post("/v1/deploy", die)

    with (
        Serving(application, home / "daemon.sock"),
        pytest.raises(client.ClientError, match=r"ended while it worked on deploy; try again"),
    ):
        client.Client(home=home).request("deploy")


def test_a_query_is_repeated_when_the_process_ends_before_it_answers(home: Path):
    requests: list[str] = []

    async def die_first(request: web.Request) -> web.Response:
        requests.append("status")
        if len(requests) == 1:
            assert request.transport
            request.transport.close()
        return web.json_response({"result": {}})

    application = web.Application()
    application.router.add_get("/v1/status", die_first)

    with Serving(application, home / "daemon.sock"):
        answer = client.Client(home=home).query("status")

    assert answer == {}
    assert requests == ["status", "status"]


def test_a_query_starts_the_process(starter: client.Client):
    assert not starter.running()

    answer = starter.query("arguments")

    assert answer == []
    assert starter.running()


def test_a_query_restarts_a_killed_process(starter: client.Client):
    starter.query("arguments")
    end(starter.home, signal.SIGKILL)
    # A killed process loses its command line a moment before it closes its socket.
    starter.wait_until_gone()

    answer = starter.query("arguments")

    assert answer == []


def test_waits_until_the_pods_of_an_earlier_process_have_ended(starter: client.Client):
    (starter.home / "run").mkdir()
    with (starter.home / "run" / "lock").open("w") as lock, ThreadPoolExecutor() as pool:
        fcntl.flock(lock, fcntl.LOCK_EX)

        answer = pool.submit(starter.query, "arguments")
        time.sleep(0.2)
        early = (starter.home / "started").exists()
        fcntl.flock(lock, fcntl.LOCK_UN)

        assert answer.result() == []
        assert not early


def test_clients_at_the_same_time_start_one_process(starter: client.Client):
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(starter.query, ["arguments"] * 4))

    assert answers == [[]] * 4
    assert (starter.home / "started").read_text().splitlines() == ["started"]


def test_the_process_gets_the_path_of_the_pebble(starter: client.Client):
    with_pebble = client.Client(home=starter.home, program=starter.program, pebble=Path("/opt/pebble"))

    assert with_pebble.query("arguments") == ["--pebble", "/opt/pebble"]


def test_a_pebble_on_the_path_is_used_unless_another_is_named(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    program = tmp_path / "pebble"
    program.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)

    from_path, named = (client.Client.of_home(progress=print, pebble=pebble) for pebble in (None, Path("/opt/pebble")))

    assert (from_path.home, from_path.pebble) == (home, program)
    assert named.pebble == Path("/opt/pebble")


def test_the_process_gets_the_absolute_path_of_a_relative_home(home: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PAAS_LOCAL_HOME", "relative/to/here")
    output = home / "output"
    program = (sys.executable, "-c", f"import os; open({str(output)!r}, 'w').write(os.environ['PAAS_LOCAL_HOME'])")

    with pytest.raises(client.ClientError):
        client.Client(home=home, program=program).query("models")

    assert output.read_text() == str(home)


def test_a_process_that_cannot_start_shows_the_end_of_its_log(home: Path):
    program = (sys.executable, "-c", "raise SystemExit('user namespaces are switched off')")

    with pytest.raises(client.ClientError) as raised:
        client.Client(home=home, program=program).query("models")

    assert str(raised.value).splitlines() == [
        f"the background process did not start; the end of {home}/daemon.log:",
        "  user namespaces are switched off",
    ]


def test_ctrl_c_during_the_start_ends_the_process(home: Path):
    code = (
        "import pathlib, paas_local.cli.client as client;"
        f" client.Client(home=pathlib.Path({str(home)!r}), program=('sleep', '3600')).query('models')"
    )
    command = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE)
    children = Path(f"/proc/{command.pid}/task/{command.pid}/children")
    while not (started := children.read_text().split()):
        time.sleep(0.01)

    command.send_signal(signal.SIGINT)
    command.communicate(timeout=10)

    assert not Path(f"/proc/{started[0]}").exists()


def test_the_start_of_the_process_is_a_step(home: Path, starter: client.Client):
    steps: list[str] = []

    client.Client(home=home, program=starter.program, progress=steps.append).query("arguments")

    assert steps == ["starting the background process"]
