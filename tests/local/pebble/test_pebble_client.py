"""The daemon and the client of ops."""

import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import cast

import ops.pebble
import pebble_wire
import pytest

Start = Callable[..., ops.pebble.Client]

SLEEPER = "services: {web: {override: replace, command: sleep 1000, startup: enabled}}"
# A user namespace with one mapped user, as a user without root has, with the daemon as process 1.
DIRECTLY = ("env",)
ALONE = ("unshare", "--user", "--map-root-user", "--pid", "--fork", "--kill-child")


def current(client: ops.pebble.Client, name: str) -> ops.pebble.ServiceStatus | str:
    return client.get_services([name])[0].current


def failure(process: ops.pebble.ExecProcess[str]) -> ops.pebble.ExecError[str]:
    try:
        process.wait_output()
    except ops.pebble.ExecError as error:  # pyright: ignore[reportUnknownVariableType]  its kind is known below
        return cast("ops.pebble.ExecError[str]", error)
    raise AssertionError("the command did not fail")


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_layer_is_started_by_a_replan(client: ops.pebble.Client):
    client.add_layer("base", SLEEPER)

    client.replan_services()

    assert current(client, "web") == ops.pebble.ServiceStatus.ACTIVE
    assert client.get_plan().services["web"].command == "sleep 1000"


def test_the_error_of_a_service_that_exits_at_its_start_has_its_output(client: ops.pebble.Client):
    layer = "services: {web: {override: replace, command: 'sh -c \"echo no module; exit 3\"'}}"
    client.add_layer("base", layer)

    with pytest.raises(ops.pebble.ChangeError) as raised:
        client.start_services(["web"])

    assert "exited quickly with code 3, will restart" in raised.value.err
    assert "    no module" in raised.value.change.tasks[0].log[0]


def test_restarts_run_one_after_the_other(client: ops.pebble.Client):
    client.add_layer("base", SLEEPER)
    client.replan_services()

    client.restart_services(["web"])
    client.stop_services(["web"])

    assert current(client, "web") == ops.pebble.ServiceStatus.INACTIVE
    assert [change.kind for change in client.get_changes(ops.pebble.ChangeState.ALL)] == [
        "replan",
        "restart",
        "stop",
    ]


def test_a_killed_service_restarts(client: ops.pebble.Client):
    client.add_layer("base", "services: {web: {override: replace, command: sleep 1000, backoff-delay: 50ms}}")
    client.start_services(["web"])

    client.send_signal("SIGKILL", ["web"])

    wait_until(lambda: current(client, "web") == "backoff")
    wait_until(lambda: current(client, "web") == ops.pebble.ServiceStatus.ACTIVE)


def test_a_large_file_is_pushed_and_pulled(client: ops.pebble.Client, folder: Path):
    content = os.urandom(3_000_000)

    client.push(str(folder / "deep/down/file"), io.BytesIO(content), make_dirs=True, permissions=0o600)

    with client.pull(str(folder / "deep/down/file"), encoding=None) as pulled:
        assert pulled.read() == content
    assert (folder / "deep/down/file").stat().st_mode & 0o777 == 0o600


def test_a_name_with_quotes_and_spaces_is_kept(client: ops.pebble.Client, folder: Path):
    client.push(str(folder / 'a "b" c'), "text")

    assert [file.name for file in client.list_files(str(folder), pattern='*"*')] == ['a "b" c']
    with client.pull(str(folder / 'a "b" c')) as pulled:
        assert pulled.read() == "text"


def test_a_name_outside_ascii_is_kept(client: ops.pebble.Client, folder: Path):
    client.push(str(folder / "Grüße"), "text")

    assert (folder / "Grüße").read_text() == "text"
    assert client.list_files(str(folder), pattern="Gr*")[0].name == "Grüße"


def test_directories_are_created_and_removed(client: ops.pebble.Client, folder: Path):
    client.make_dir(str(folder / "a/b"), make_parents=True)
    client.remove_path(str(folder / "a"), recursive=True)

    assert not (folder / "a").exists()


def test_a_missing_file_is_an_error_of_its_path(client: ops.pebble.Client, folder: Path):
    with pytest.raises(ops.pebble.PathError) as raised:
        client.pull(str(folder / "missing"))

    assert raised.value.kind == "not-found"


def test_a_command_reads_input_and_writes_both_outputs(client: ops.pebble.Client):
    process = client.exec(["sh", "-c", "cat; echo problem >&2; exit 4"], stdin="input\n" * 50_000)

    error = failure(process)

    assert error.exit_code == 4
    assert error.stdout == "input\n" * 50_000
    assert error.stderr == "problem\n"


def test_a_command_receives_signals(client: ops.pebble.Client):
    process = client.exec(["sleep", "1000"])

    process.send_signal(signal.SIGTERM)

    assert failure(process).exit_code == 143


def test_a_command_that_takes_too_long_is_a_failed_change(client: ops.pebble.Client):
    with pytest.raises(ops.pebble.ChangeError, match="timed out after 200ms"):
        client.exec(["sleep", "1000"], timeout=0.2).wait_output()


def test_a_check_goes_down(client: ops.pebble.Client):
    check = "{override: replace, period: 50ms, threshold: 1, exec: {command: 'false'}}"
    client.add_layer("base", f"checks: {{up: {check}}}")

    wait_until(lambda: client.get_checks()[0].status == ops.pebble.CheckStatus.DOWN)

    kinds = {notice.last_data.get("kind") for notice in client.get_notices()}
    assert kinds == {"perform-check", "recover-check"}


def test_a_notice_is_found_by_its_key(client: ops.pebble.Client):
    notice_id = client.notify(ops.pebble.NoticeType.CUSTOM, "example.com/done", data={"n": "1"})

    assert client.get_notice(notice_id).last_data == {"n": "1"}
    assert client.get_notices(keys=["example.com/other"]) == []


def test_layer_files_are_started_without_hold(start: Start, folder: Path):
    (folder / "layers/001-app.yaml").write_text(SLEEPER)

    client = start(hold=False)

    wait_until(lambda: current(client, "web") == ops.pebble.ServiceStatus.ACTIVE)


def test_sigterm_stops_services_and_exits_with_0(start: Start, daemons: list[subprocess.Popen[bytes]], folder: Path):
    client = start(prefix=DIRECTLY)
    command = f"sh -c 'trap \"echo bye > {folder}/bye; exit 0\" TERM; while :; do sleep 0.05; done'"
    client.add_layer("base", json.dumps({"services": {"web": {"override": "replace", "command": command}}}))
    client.start_services(["web"])

    daemons[0].terminate()

    assert daemons[0].wait(10) == 0
    assert (folder / "bye").read_text() == "bye\n"
    assert not (folder / "socket").exists()


def test_a_socket_in_use_is_not_replaced(client: ops.pebble.Client, folder: Path):
    again = [sys.executable, "-m", "paas_local.pebble", "run", "--socket", str(folder / "socket")]

    ended = subprocess.run([*again, "--layers", str(folder)], check=False, capture_output=True, text=True)

    assert ended.returncode == 1
    assert ended.stderr == f'cannot run daemon: socket "{folder}/socket" already in use\n'
    assert client.get_system_info()


def test_the_socket_of_a_dead_daemon_is_replaced(start: Start, folder: Path):
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(folder / "socket"))

    assert start().get_system_info().version


def test_an_invalid_layer_file_ends_the_daemon_before_it_listens(folder: Path):
    (folder / "layers/001-app.yaml").write_text("services: {web: {command: x}}")
    words = ["run", "--socket", str(folder / "socket"), "--layers", str(folder / "layers")]

    ended = subprocess.run(
        [sys.executable, "-m", "paas_local.pebble", *words], check=False, capture_output=True, text=True
    )

    problem = 'layer "app" must define "override" for service "web"'
    assert ended.stderr == f"cannot run daemon: cannot load plan: {problem}\n"
    assert ended.returncode == 1
    assert not (folder / "socket").exists()


def test_orphans_are_reaped(start: Start, daemons: list[subprocess.Popen[bytes]]):
    client = start(prefix=DIRECTLY)

    client.exec(["sh", "-c", "(sleep 0.2 >/dev/null 2>&1 &) ; exit 0"]).wait_output()

    children = Path(f"/proc/{daemons[0].pid}/task/{daemons[0].pid}/children")
    wait_until(lambda: not children.read_text().split())


def test_is_process_1_of_a_namespace_with_one_user(start: Start):
    client = start(prefix=ALONE)
    client.add_layer(
        "base",
        "services: {web: {override: replace, command: 'sh -c \"id -u; echo $HOME; sleep 1000\"', user: root}}",
    )

    client.start_services(["web"])
    home, _ = client.exec(["sh", "-c", "echo $PPID $HOME $USER"], user="root", group="root").wait_output()

    assert home.split()[0] == "1"
    assert current(client, "web") == ops.pebble.ServiceStatus.ACTIVE


def test_files_belong_to_the_one_user_of_a_namespace(start: Start, folder: Path):
    client = start(prefix=ALONE)

    client.push(str(folder / "file"), "text", user="root", group="root")

    assert (folder / "file").stat().st_uid == os.getuid()


def test_many_commands_run_side_by_side(client: ops.pebble.Client):
    processes = [client.exec(["sh", "-c", f"sleep 0.2; echo {number}"]) for number in range(20)]

    outputs = [process.wait_output()[0] for process in processes]

    assert outputs == [f"{number}\n" for number in range(20)]


def test_requests_are_answered_while_others_wait(client: ops.pebble.Client, folder: Path):
    client.add_layer("base", SLEEPER)
    waiting = pebble_wire.connect(str(folder / "socket"), None)
    with waiting:
        waiting.sendall(pebble_wire.head("GET", "/v1/notices?timeout=5s&types=warning", {}))

        began = time.monotonic()
        client.get_services()

        assert time.monotonic() - began < 4  # the other request waits for 5 s
