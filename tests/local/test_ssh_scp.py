"""ssh and scp, as programs and through jubilant, with the processes of plain pods."""

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from pathlib import Path
from tempfile import TemporaryDirectory

import jubilant
import pytest
from paas_local.controller import daemon
from paas_local.controller.hook_tool_server import listen
from plain_pods import PlainMachine, packed

PAAS_LOCAL = Path(sys.executable).with_name("paas-local")


async def serve(home: Path, ready: threading.Event, ended: threading.Event) -> None:
    async with daemon.serving(daemon.Daemon(home, PlainMachine()), listen(home / "daemon.sock")):
        ready.set()
        await asyncio.to_thread(ended.wait)


@pytest.fixture(scope="module")
def place() -> Generator[Path]:
    """Yield a folder whose path is short enough for unix sockets."""
    with TemporaryDirectory(prefix="paas-") as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def juju(place: Path) -> Generator[jubilant.Juju]:
    """Yield jubilant in a model with a unit that runs in a plain pod."""
    home = place / "home"
    home.mkdir()
    ready, ended = threading.Event(), threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(serve(home, ready, ended)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PAAS_LOCAL_HOME", str(home))
        patch.setenv("XDG_CACHE_HOME", str(place / "cache"))
        patch.setenv("JUJU_MODEL", "test")
        for variable in ("PAAS_LOCAL_PEBBLE", "COVERAGE_PROCESS_CONFIG"):
            patch.delenv(variable, raising=False)
        thread.start()
        try:
            assert ready.wait(30)
            juju = jubilant.Juju(cli_binary=str(PAAS_LOCAL))
            juju.add_model("test")
            juju.deploy(packed(place, "web", containers={"app": {}}))
            juju.wait(lambda status: jubilant.all_agents_idle(status, "web"), delay=0.2)
            yield juju
        finally:
            ended.set()
            thread.join()


def ssh(*words: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([PAAS_LOCAL, "ssh", *words], input=stdin, capture_output=True, check=False)


def test_ssh_runs_a_line_of_shell_in_the_charm_container(juju: jubilant.Juju):
    assert juju.ssh("web/0", "echo $CONTAINER; ls -d agent.run") == "charm\nagent.run\n"
    assert juju.ssh("web/leader", "echo", "$CONTAINER", user="ubuntu", container="app") == "app\n"


@pytest.mark.usefixtures("juju")
def test_the_standard_input_and_the_exit_code_are_those_of_the_command():
    data = bytes(range(256)) * 4096

    copied = ssh("web/0", "cat; echo done >&2; exit 7", stdin=data)

    assert (copied.stdout == data, copied.stderr, copied.returncode) == (True, b"done\n", 7)
    assert ssh("web/0", stdin=b"echo $CONTAINER\n").stdout == b"charm\n"
    assert ssh("web/0", "kill -9 $$").returncode == 137


@pytest.mark.usefixtures("juju")
def test_the_flags_after_the_unit_are_those_of_the_command():
    assert ssh("web/0", "echo", "--container", "-m").stdout == b"--container -m\n"


@pytest.mark.usefixtures("juju")
def test_a_command_that_reads_nothing_does_not_wait_for_the_end_of_its_input():
    with subprocess.Popen(
        [PAAS_LOCAL, "ssh", "web/0", "echo", "a"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        assert process.stdout.read() == b"a\n"
        assert process.wait() == 0


@pytest.mark.usefixtures("juju")
def test_a_command_ends_with_its_client(place: Path):
    started = place / "started"
    text = ""
    with subprocess.Popen(
        [PAAS_LOCAL, "ssh", "web/0", f"echo $$ > {started}; exec sleep 600"], stdin=subprocess.DEVNULL
    ) as process:
        while not text:
            assert process.poll() is None
            text = started.read_text().strip() if started.exists() else ""
        process.kill()
    while Path(f"/proc/{text}").exists():
        time.sleep(0.1)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        pytest.param(["web/9", "true"], 'unit "web/9" not found', id="unit"),
        pytest.param(
            ["--container", "db", "web/0", "true"], 'container "db" must be one of: charm, app', id="container"
        ),
    ],
)
@pytest.mark.usefixtures("juju")
def test_an_unknown_unit_or_container_is_an_error(words: list[str], message: str):
    failed = ssh(*words)

    assert (failed.stderr.decode(), failed.returncode) == (f"ERROR {message}\n", 1)


def test_files_and_folders_are_copied_in_both_directions(juju: jubilant.Juju, tmp_path: Path):
    folder = tmp_path / "data"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "run.sh").write_bytes(b"\0\xff")
    (folder / "deep" / "run.sh").chmod(0o755)
    (tmp_path / "a file").write_text("text")

    juju.scp(tmp_path / "a file", "web/0:copy")
    juju.scp("web/0:copy", tmp_path / "back")
    juju.scp(folder, "web/0:.", scp_options=["-r"])
    juju.scp("web/0:data", tmp_path / "new")
    juju.scp("web/0:copy", folder)

    assert (tmp_path / "back").read_text() == (folder / "copy").read_text() == "text"
    copied = tmp_path / "new" / "deep" / "run.sh"
    assert (copied.read_bytes(), copied.stat().st_mode & 0o777) == (b"\0\xff", 0o755)


def test_a_workload_container_has_files_of_its_own(juju: jubilant.Juju, tmp_path: Path, place: Path):
    (tmp_path / "one").write_text("1")

    juju.scp(tmp_path / "one", f"web/0:{place}/two", container="app")

    assert juju.ssh("web/0", "cat", f"{place}/two", container="app") == "1"


@pytest.mark.parametrize(
    ("words", "error"),
    [
        pytest.param(["a", "b"], "either the source or the destination must be UNIT:PATH", id="no-unit"),
        pytest.param(["a"], "expected one source and one destination", id="one"),
        pytest.param(["./none", "web/0:/tmp"], "none: no such file or folder", id="local"),
        pytest.param(["web/0:none", "back"], "cannot copy none: tar ended with 2", id="remote"),
    ],
)
def test_what_cannot_be_copied_is_named(juju: jubilant.Juju, words: list[str], error: str):
    with pytest.raises(jubilant.CLIError) as raised:
        juju.cli("scp", *words)

    assert raised.value.stderr.splitlines()[-1] == f"ERROR {error}"
