"""Asking the background process: it is started, started again, and its failures become one clear text."""

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
from paas_local.cli import client

ANSWERING = Path(__file__).parents[1] / "fixtures" / "answering_host.py"


@pytest.fixture
def starter(home: Path) -> Generator[client.Client]:
    """Give a client whose background process is a small program, and end that program."""
    yield client.Client(home=home, program=(sys.executable, str(ANSWERING), str(home)))
    end(home, signal.SIGKILL)


def running(home: Path) -> list[int]:
    found = subprocess.run(["pgrep", "-f", f"answering_host.py {home}"], capture_output=True, text=True, check=False)
    return [int(number) for number in found.stdout.split()]


def end(home: Path, how: signal.Signals) -> None:
    for process in running(home):
        os.kill(process, how)
    while running(home):
        time.sleep(0.01)


def test_gives_the_result_of_a_verb(daemon: FakeDaemon):
    daemon.results["models"] = {"models": ["demo"]}

    found = client.Client(home=daemon.home).ask("models", model="demo")

    assert found == {"models": ["demo"]}
    assert daemon.asked == [("models", {"model": "demo"})]


def test_a_refusal_keeps_its_words_and_its_code(daemon: FakeDaemon):
    daemon.refusals["deploy"] = ('application "web" already exists', 2)

    with pytest.raises(client.ClientError, match=r'^application "web" already exists$') as refused:
        client.Client(home=daemon.home).ask("deploy")

    assert refused.value.code == 2


def test_a_defect_of_the_process_shows_the_end_of_its_log(daemon: FakeDaemon):
    (daemon.home / "daemon.log").write_text("".join(f"line {number}\n" for number in range(30)))

    with pytest.raises(client.ClientError, match=r"a defect in the background process") as failed:
        client.Client(home=daemon.home).ask("models")

    assert str(failed.value).splitlines()[1:] == [f"  line {number}" for number in range(20, 30)]


def test_gives_the_lines_of_a_stream(daemon: FakeDaemon):
    daemon.lines["debug-log"] = [{"message": "one"}, {"message": "two"}]

    lines = list(client.Client(home=daemon.home).stream("debug-log", limit=2))

    assert [line["message"] for line in lines] == ["one", "two"]


def test_an_answer_that_does_not_come_is_not_awaited_for_ever(home: Path):
    async def never(request: web.Request) -> web.Response:
        await request.read()
        await asyncio.sleep(0.6)
        return web.Response()

    application = web.Application()
    application.router.add_post("/v1/models", never)

    with (
        Serving(application, home / "daemon.sock"),
        pytest.raises(client.ClientError, match=r"did not answer within 0 s; see .*daemon\.log"),
    ):
        client.Client(home=home).ask("models", patience=0.2)


def test_a_process_that_ends_while_it_answers_is_named(home: Path):
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
        client.Client(home=home).ask("deploy")


def test_a_question_is_asked_again_when_the_process_ends_while_it_answers(home: Path):
    asked: list[str] = []

    async def die_first(request: web.Request) -> web.Response:
        asked.append("status")
        if len(asked) == 1:
            assert request.transport
            request.transport.close()
        return web.json_response({"result": {}})

    application = web.Application()
    application.router.add_post("/v1/status", die_first)

    with Serving(application, home / "daemon.sock"):
        answer = client.Client(home=home).ask("status")

    assert answer == {}
    assert asked == ["status", "status"]


def test_starts_the_process_when_none_answers(starter: client.Client):
    assert not starter.running()

    answer = starter.ask("arguments")

    assert answer == []
    assert starter.running()


def test_starts_the_process_again_after_it_was_killed(starter: client.Client):
    starter.ask("arguments")
    end(starter.home, signal.SIGKILL)
    # A killed process has no command line any more a moment before it lets go of its socket.
    starter.wait_until_gone()

    answer = starter.ask("arguments")

    assert answer == []


def test_waits_until_an_earlier_process_has_ended_all_it_ran(starter: client.Client):
    (starter.home / "run").mkdir()
    with (starter.home / "run" / "lock").open("w") as lock, ThreadPoolExecutor() as pool:
        fcntl.flock(lock, fcntl.LOCK_EX)

        answer = pool.submit(starter.ask, "arguments")
        time.sleep(0.2)
        early = (starter.home / "started").exists()
        fcntl.flock(lock, fcntl.LOCK_UN)

        assert answer.result() == []
        assert not early


def test_clients_that_start_together_start_one_process(starter: client.Client):
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(starter.ask, ["arguments"] * 4))

    assert answers == [[]] * 4
    assert (starter.home / "started").read_text().splitlines() == ["once more"]


def test_the_process_is_told_which_pebble_to_use(starter: client.Client):
    told = client.Client(home=starter.home, program=starter.program, pebble=Path("/opt/pebble"))

    assert told.ask("arguments") == ["--pebble", "/opt/pebble"]


def test_the_process_finds_a_home_that_was_named_relatively(home: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PAAS_LOCAL_HOME", "relative/to/here")
    told = home / "told"
    program = (sys.executable, "-c", f"import os; open({str(told)!r}, 'w').write(os.environ['PAAS_LOCAL_HOME'])")

    with pytest.raises(client.ClientError):
        client.Client(home=home, program=program).ask("models")

    assert told.read_text() == str(home)


def test_a_process_that_cannot_start_says_why(home: Path):
    program = (sys.executable, "-c", "raise SystemExit('user namespaces are switched off')")

    with pytest.raises(client.ClientError) as failed:
        client.Client(home=home, program=program).ask("models")

    assert str(failed.value).splitlines() == [
        f"the background process did not start; the end of {home}/daemon.log:",
        "  user namespaces are switched off",
    ]


def test_ctrl_c_while_it_starts_leaves_nothing_running(home: Path):
    code = (
        "import pathlib, paas_local.cli.client as client;"
        f" client.Client(home=pathlib.Path({str(home)!r}), program=('sleep', '3600')).ask('models')"
    )
    asking = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE)
    children = Path(f"/proc/{asking.pid}/task/{asking.pid}/children")
    while not (started := children.read_text().split()):
        time.sleep(0.01)

    asking.send_signal(signal.SIGINT)
    asking.communicate(timeout=10)

    assert not Path(f"/proc/{started[0]}").exists()


def test_the_step_of_starting_is_told(home: Path, starter: client.Client):
    told: list[str] = []

    client.Client(home=home, program=starter.program, progress=told.append).ask("arguments")

    assert told == ["starting the background process"]
