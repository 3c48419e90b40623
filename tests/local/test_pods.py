"""Containers, seen from their processes, in real namespaces of the user who runs the tests."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

DRIVER = Path(__file__).with_name("pod_driver.py")
AS_DAEMON = """python3 -c '
import os, pwd, subprocess, sys
user = pwd.getpwnam("_daemon_")
os.setgroups([]) if user.pw_uid else None
os.setgid(user.pw_gid)
os.setuid(user.pw_uid)
sys.exit(subprocess.call(["sh", "-c", sys.argv[1]]))' """

ASK_PEBBLE = """
import os, socket, time
deadline = time.monotonic() + 10
while not os.path.exists("pebble.socket") and time.monotonic() < deadline:
    time.sleep(0.02)
pebble = socket.socket(socket.AF_UNIX)
pebble.connect("pebble.socket")
pebble.sendall(b"GET /v1/health HTTP/1.0\\r\\n\\r\\n")
print(pebble.makefile().read())
"""


def job(folder: Path, **changes: Any) -> list[str]:
    """Write a job, and return the command that runs it."""
    document: dict[str, Any] = {
        "folder": str(folder),
        "mounts": [],
        "python": None,
        "packages": None,
        "pebble": "idle",
        "containers": 1,
        "commands": [],
        "kill": False,
        "restart": False,
        "hold": False,
    }
    file = folder / "job.json"
    file.write_text(json.dumps(document | changes))
    return [sys.executable, "-m", "paas_local.pods.namespace_init", sys.executable, str(DRIVER), str(file)]


def do(folder: Path, **changes: Any) -> dict[str, Any]:
    done = subprocess.run(job(folder, **changes), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def shell(folder: Path, command: str, container: str = "charm", **changes: Any) -> str:
    """Return the output of a shell command in a container."""
    (result,) = do(folder, commands=[(container, command)], **changes)["results"]
    return result["out"] + result["err"]


def venv(folder: Path, base: str) -> Path:
    """Make an environment with its own program and module."""
    where = folder / "environment of the app"
    subprocess.run([base, "-m", "venv", "--without-pip", where], check=True)
    (packages,) = where.glob("lib/python3*/site-packages")
    (packages / "gunicorn").mkdir()
    (packages / "gunicorn/__main__.py").write_text("import sys\nprint('gunicorn of', sys.prefix)\n")
    flask = where / "bin/flask"
    flask.write_text(f"#!/bin/sh\nexec '{where}/bin/python' -m gunicorn\n")
    flask.chmod(0o755)
    return where


def test_a_pod_leaves_nothing(tmp_path: Path) -> None:
    done = do(tmp_path, containers=2, kill=True, restart=True)

    assert done["killed"]
    assert done["restarted"] == 0
    assert [line for line in done["left"] if "pod_driver" not in line] == []
    assert done["mounts"] == []
    assert list((tmp_path / "pod/root").iterdir()) == []


def test_a_hook_has_exactly_its_environment_and_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_OF_THE_USER", "x")

    text = shell(tmp_path, "cat /proc/self/environ | tr '\\0' '\\n'; pwd; hostname")

    path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    assert sorted(text.splitlines()) == sorted([path, "ONLY=this", "PWD=/tmp", "/tmp", "flask-k8s-0"])


def test_pebble_s_environment_is_fixed_except_for_the_rock_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_OF_THE_USER", "x")

    text = shell(tmp_path, "cat /proc/1/environ | tr '\\0' '\\n'", container="app")

    names = {line.partition("=")[0] for line in text.splitlines() if line}
    assert names <= {
        "PATH",
        "HOME",
        "LANG",
        "PYTHONUNBUFFERED",
        "ROCK",
        "PEBBLE",
        "PEBBLE_COPY_ONCE",
        "PEBBLE_SOCKET",
        "PWD",
    }
    assert "ROCK=yes" in text


def test_programs_are_as_old_as_the_image(tmp_path: Path) -> None:
    """A charm recognises a new image by the times of its programs, which a new container of one image keeps."""
    where = venv(tmp_path, str(Path(sys.base_prefix) / "bin/python3"))
    os.utime(where / "bin/python", (1000000000, 1000000000), follow_symlinks=False)
    os.utime(where / "bin/flask", (1100000000, 1100000000))
    mounts = [(str(where), str(where), "ro"), (sys.base_prefix, sys.base_prefix, "ro")]

    times = shell(tmp_path, "stat -c %Y /bin/python3 /bin/flask", "app", mounts=mounts, python=str(where))

    assert times.split() == ["1000000000", "1100000000"]


def test_the_rest_of_the_host_is_hidden(tmp_path: Path) -> None:
    (tmp_path / "private").mkdir()

    text = shell(tmp_path, f"ls -A {tmp_path} {Path.home()} /etc; touch /usr/bin/x; touch /etc/mine && ls /etc/mine")

    assert "private" not in text
    assert "shadow" not in text
    assert ".bash" not in text
    assert "Read-only file system" in text
    assert "/etc/mine" in text


def test_the_charm_container_has_juju_s_paths(tmp_path: Path) -> None:
    unit = "/var/lib/juju/agents/unit-flask-k8s-0"

    text = shell(
        tmp_path,
        f"cd {unit} && echo hi >charm/new && test -S agent.socket && ls /charm/containers"
        " && ls /var/lib/juju/tools/unit-flask-k8s-0 && touch /var/lib/juju/storage/data/0/x"
        f" && ls {tmp_path} && getent hosts flask-k8s-0 && getent passwd _daemon_",
    )

    assert (tmp_path / "charm/new").read_text() == "hi\n"
    assert (tmp_path / "data/x").exists()
    user = 584792 if os.geteuid() == 0 else 0
    assert text.splitlines() == [
        "app",
        "is-leader",
        "jujuc",
        "environment",
        "10.152.0.5      flask-k8s-0",
        f"_daemon_:x:{user}:{user}::/home/_daemon_:/usr/sbin/nologin",
    ]


def test_hook_tools_run_without_site_packages(tmp_path: Path) -> None:
    text = shell(tmp_path, "/var/lib/juju/tools/unit-flask-k8s-0/is-leader --format=json")

    assert text == "['/var/lib/juju/tools/unit-flask-k8s-0/is-leader', '--format=json'] 1 1\n"


def test_a_missing_program_is_an_error_of_one_line(tmp_path: Path) -> None:
    done = do(tmp_path, commands=[("charm", "exec /no/such")])

    assert done["results"][0]["code"] == 127


def test_exit_codes_and_signals_reach_the_caller(tmp_path: Path) -> None:
    done = do(tmp_path, commands=[("charm", "exit 3"), ("charm", "kill -9 $$")])

    assert [result["code"] for result in done["results"]] == [3, -9]


def test_a_background_process_of_a_hook_survives_and_is_reaped(tmp_path: Path) -> None:
    started = "sh -c 'sleep 3' >/dev/null 2>&1 & echo $!"

    done = do(tmp_path, commands=[("charm", started), ("charm", "ps ax"), ("charm", "sleep 4; ps ax")])

    assert "sleep 3" in done["results"][1]["out"]
    assert "sleep 3" not in done["results"][2]["out"]
    assert "defunct" not in done["results"][2]["out"]


@pytest.mark.parametrize("base", [str(Path(sys.base_prefix) / "bin/python3"), "/usr/bin/python3"])
def test_python3_is_the_application_s_interpreter(tmp_path: Path, base: str) -> None:
    where = venv(tmp_path, base)
    mounts = [(str(where), str(where), "ro"), (sys.base_prefix, sys.base_prefix, "ro")]
    prefix = f"{AS_DAEMON} '/bin/python3 -m gunicorn; python3 -m gunicorn; python -m gunicorn; flask; /bin/flask'"

    text = shell(tmp_path, prefix, container="app", mounts=mounts, python=str(where))

    assert text.splitlines() == [f"gunicorn of {where}"] * 5


def test_the_host_s_programs_are_in_bin_too(tmp_path: Path) -> None:
    where = venv(tmp_path, str(Path(sys.base_prefix) / "bin/python3"))
    mounts = [(str(where), str(where), "ro"), (sys.base_prefix, sys.base_prefix, "ro")]

    text = shell(tmp_path, "/bin/ls -d /bin; /bin/sh -c 'echo sh'", "app", mounts=mounts, python=str(where))

    assert text.splitlines() == ["/bin", "sh"]


def test_a_copy_belongs_to_daemon_and_ends_with_the_container(tmp_path: Path) -> None:
    app = tmp_path / "app folder"
    (app / "deep").mkdir(parents=True)
    (app / "deep/app.py").write_text("1\n")
    (app / "deep/app.py").chmod(0o600)
    where = venv(tmp_path, str(Path(sys.base_prefix) / "bin/python3"))
    mounts = [
        (str(app), "/flask/app", "copy"),
        (str(where), str(where), "ro"),
        (sys.base_prefix, sys.base_prefix, "ro"),
    ]
    command = "cd /flask/app/deep && cat app.py && echo 2 >app.py && touch new /flask/new /var/log/flask/new && ls"

    text = shell(tmp_path, f"{AS_DAEMON} '{command}'", "app", mounts=mounts, python=str(where))

    assert text.splitlines() == ["1", "app.py", "new"]
    assert (app / "deep/app.py").read_text() == "1\n"


def test_single_files_are_mounted(tmp_path: Path) -> None:
    (tmp_path / "tool").write_text("#!/bin/sh\necho tool\n")
    (tmp_path / "tool").chmod(0o755)
    mounts = [(str(tmp_path / "tool"), path, "ro") for path in ("/bin/tool", "/opt/a/tool", "/bin/ls")]

    text = shell(tmp_path, "/bin/tool; /opt/a/tool; /bin/ls; tool", "app", mounts=mounts)

    assert text.splitlines() == ["tool"] * 4


def test_a_container_runs_as_its_user(tmp_path: Path) -> None:
    command = "id -u; id -un; touch /data/x /run/x /root/x; stat -c %u /data/x /data; grep CapEff /proc/self/status"

    done = do(tmp_path, containers=2, commands=[("other", command), ("charm", "ls /charm/containers")])

    assert done["results"][0]["err"] == ""
    assert done["results"][0]["out"].split() == ["170", "_daemon_", "170", "170", "CapEff:", "0" * 16]
    assert (tmp_path / "pod/other.log").read_text() == "170\n"


def test_a_missing_mount_is_an_error_of_one_line(tmp_path: Path) -> None:
    command = job(tmp_path, mounts=[("/no/such", "/flask/app", "ro")])

    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    last = done.stderr.splitlines()[-1]
    assert last.endswith("container app of flask-k8s/0 does not start: No such file or directory: /no/such")


@pytest.mark.parametrize("victim", ["daemon", "outer"])
def test_nothing_survives_a_crash(tmp_path: Path, victim: str) -> None:
    with subprocess.Popen(job(tmp_path, hold=True, containers=2), stdout=subprocess.PIPE) as job_process:
        assert job_process.stdout is not None
        job_process.stdout.readline()
        alive = processes(str(tmp_path))
        (daemon,) = children(children(job_process.pid)[0])

        os.kill(daemon if victim == "daemon" else job_process.pid, signal.SIGKILL)
        job_process.wait(5)

    assert len(alive) > 3
    for _ in range(100):
        if not processes(str(tmp_path)):
            break
        time.sleep(0.05)
    assert processes(str(tmp_path)) == []


def processes(folder: str) -> list[str]:
    lines = subprocess.run(["ps", "axww", "-o", "args"], capture_output=True, text=True, check=True).stdout
    return [line for line in lines.splitlines() if folder in line]


def children(pid: int) -> list[int]:
    text = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=True)
    return [int(word) for word in text.stdout.split()]


def test_the_built_in_pebble_answers(tmp_path: Path) -> None:
    program = f"{os.path.realpath(sys.executable)} -c '{ASK_PEBBLE}'"

    text = shell(tmp_path, f"cd /charm/containers/app && {program}", pebble="embedded")

    assert '"healthy":true' in text.replace(" ", "")


def test_the_controller_reaches_pebble_in_a_long_path(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 20) / ("longer" * 10)
    folder.mkdir(parents=True)

    assert do(folder, pebble="embedded")["reached"]


def test_a_rock_s_files_do_not_change_the_host_s_folders(tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\necho from the rock\n")
    program.chmod(0o755)
    folder = Path("/usr/local/bin")
    before = sorted(folder.iterdir())

    messages = shell(
        tmp_path,
        f"my-site; ls {folder}; echo; /usr/share/my/site; ls /usr/share",
        container="app",
        mounts=[(str(program), f"{folder}/my-site", "ro"), (str(program), "/usr/share/my/site", "ro")],
    )

    programs, shared = (text.splitlines() for text in messages.split("\n\n"))
    assert programs[0] == shared[0] == "from the rock"
    assert set(programs[1:]) == {"my-site", *(path.name for path in before)}
    assert set(shared[1:]) == {"my", *(path.name for path in Path("/usr/share").iterdir())}
    assert sorted(folder.iterdir()) == before
    assert not Path("/usr/share/my").exists()


def test_packages_have_the_paths_of_installed_ones(tmp_path: Path) -> None:
    packages = tmp_path / "packages/usr"
    (packages / "lib/of the package").mkdir(parents=True)
    (packages / "bin").mkdir()
    (packages / "lib/of the package/words").write_text("from the package")
    (packages / "bin/tell").symlink_to("../lib/of the package/tell")
    (packages / "lib/of the package/tell").write_text("#!/bin/sh\ncat '/usr/lib/of the package/words'\n")
    (packages / "lib/of the package/tell").chmod(0o755)

    output = shell(tmp_path, "tell; ls /usr/bin/env /usr/local/sbin/python3", "app", packages=str(packages.parent))

    assert output.startswith("from the package/usr/bin/env\n")
    assert not Path("/usr/bin/tell").exists()


def test_nothing_is_written_into_packages(tmp_path: Path) -> None:
    packages = tmp_path / "packages/usr"
    (packages / "lib/server").mkdir(parents=True)

    output = shell(tmp_path, "touch /usr/lib/server/file", "app", packages=str(packages.parent))

    assert "Read-only file system" in output
