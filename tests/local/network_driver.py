"""A separate machine for the tests of the network: an internet with one web server, a host process, two pods.

``network_driver.py machine FOLDER`` runs in the namespaces of ``paas_local.pods.namespace_init``: what it calls the
host is already a namespace, so the tests need neither the internet nor root. ``network_driver.py daemon FOLDER`` is
what its host process runs.
"""

import asyncio
import ipaddress
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pod_driver
from paas_local import folders
from paas_local.pods import bridge, containers, namespaces, netif
from paas_local.pods.launcher import Launcher

WEB = "203.0.113.5"
NAMES = "203.0.113.53"
PYTHON = os.path.realpath(sys.executable)
FETCH = "import sys, urllib.request as u; print(u.urlopen(sys.argv[1], timeout=5).read().decode())"
SERVE = """
import http.server
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f'{self.client_address[0]} asks for {self.path}'.encode())
server = http.server.ThreadingHTTPServer(('', 8000), Handler)
print('listening', flush=True)
server.serve_forever()
"""


class Web(BaseHTTPRequestHandler):
    def log_message(self, *arguments: object, **_: object) -> None:
        """Write nothing: the output is the driver's answer."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"{self.headers['host']} says hello".encode())


def answer_names() -> None:
    """Return the web server's address for every name."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as names:
        names.bind((NAMES, 53))
        while True:
            question, client = names.recvfrom(512)
            body = question[12:]
            is_a = body[body.index(b"\0") + 1 :][:2] == b"\0\1"
            record = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + socket.inet_aton(WEB) if is_a else b""
            end = body.index(b"\0") + 5
            header = question[:2] + b"\x81\x80\0\1" + bytes([0, int(is_a)]) + b"\0\0\0\0"
            names.sendto(header + body[:end] + record, client)


def internet(folder: Path) -> None:
    with netif.control_socket() as link:
        for number, address in enumerate((WEB, NAMES)):
            netif.set_address(link, f"lo:{number}", ipaddress.IPv4Interface(f"{address}/32"))
    (folder / "resolv.conf").write_text(f"nameserver {NAMES}\n")
    namespaces.mount(str(folder / "resolv.conf"), "/etc/resolv.conf", flags=namespaces.BIND)
    web = ThreadingHTTPServer((WEB, 80), Web)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    threading.Thread(target=answer_names, daemon=True).start()


def machine(folder: Path) -> None:
    internet(folder)
    command = [
        sys.executable,
        "-I",
        "-m",
        "paas_local.pods.supervisor",
        "--",
        sys.executable,
        __file__,
        "daemon",
        str(folder),
    ]
    with subprocess.Popen(command, env={**os.environ, "PAAS_LOCAL_HOME": str(folder / "home")}) as host:
        facts = json.loads(appearing(folder / "facts.json").read_text())
        url = f"http://127.0.0.1:{facts['port']}/index"
        facts["outside"] = [urllib.request.urlopen(url, timeout=5).read().decode() for _ in range(3)]
        (folder / "seen").touch()
        appearing(folder / "unpublished")
        facts["refused"] = refuses(facts["port"])
        second = subprocess.run(
            command, env={"PAAS_LOCAL_HOME": str(folder / "home")}, capture_output=True, check=False
        )
        facts["second"] = [second.returncode, second.stderr.decode()]
        facts["pid"] = host.pid
        host.send_signal(signal.SIGTERM)
        facts["code"] = host.wait(15)
    facts["stopped"] = (folder / "stopped").exists()
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()
    os._exit(0)


def refuses(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) != 0


def appearing(path: Path) -> Path:
    for _ in range(400):
        if path.exists():
            return path
        time.sleep(0.05)
    raise SystemExit(f"{path} does not appear")


async def output(pod: containers.Pod, *argv: str) -> str:
    process = await pod.run([PYTHON, "-c", *argv], env={"PATH": "/usr/bin:/bin"}, cwd="/")
    out, err = await process.communicate()
    return (out.decode() + err.decode()[-300:]).strip()


async def server_in(pod: containers.Pod) -> asyncio.subprocess.Process:
    process = await pod.run([PYTHON, "-c", SERVE], env={}, cwd="/")
    assert process.stdout is not None
    assert await process.stdout.readline() == b"listening\n"
    return process


async def pod_at(folder: Path, address: str, net: bridge.Network, launcher: Launcher) -> containers.Pod:
    pod_driver.prepare(folder)
    server = await asyncio.start_unix_server(lambda _, writer: writer.close(), folder / "agent.run/agent.socket")
    job: dict[str, Any] = {"mounts": [], "packages": None, "python": None, "containers": 0}
    pod = await containers.Pod.start(
        pod_driver.spec(folder, job), launcher, pebble=None, hook_tool=pod_driver.HOOK_TOOL
    )
    server.close()
    await net.attach(pod.pid, address)
    return pod


async def daemon(folder: Path) -> None:
    net = bridge.Network()
    launcher = Launcher(folders.home() / folders.LAUNCHER_SOCKET)
    await launcher.open()
    await net.open()
    first = await pod_at(folder / "a", "10.152.0.5", net, launcher)
    other = await pod_at(folder / "b", "10.152.3.77", net, launcher)
    serving = await server_in(first)
    facts: dict[str, Any] = {"first": await output(other, FETCH, "http://10.152.0.5:8000/x")}
    facts["egress"] = await output(other, FETCH, f"http://{WEB}/")
    facts["name"] = await output(other, FETCH, "http://web.example/")
    facts["closed"] = await output(other, FETCH, f"http://{WEB}:8080/")
    await first.stop()
    await serving.wait()
    first = await pod_at(folder / "c", "10.152.0.5", net, launcher)
    again = await server_in(first)
    facts["again"] = await output(other, FETCH, "http://10.152.0.5:8000/y")
    facts["port"] = await net.publish(8000, 8000)
    facts["next"] = await net.publish(8000, 8000)
    facts["preferred"] = await net.publish(8000, 8006)
    # the second pod has no server, and there is no third one
    net.route(facts["port"], ["10.152.9.9", "10.152.3.77", "10.152.0.5"])
    write(folder / "facts.json", json.dumps(facts))
    await asyncio.to_thread(appearing, folder / "seen")
    await net.unpublish(facts["port"])
    (folder / "unpublished").touch()
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    await stopped.wait()
    await first.stop()
    await other.stop()
    await launcher.close()
    await again.wait()
    await net.close()
    (folder / "stopped").touch()


def write(path: Path, text: str) -> None:
    path.with_suffix(".new").write_text(text)
    path.with_suffix(".new").rename(path)


if __name__ == "__main__":
    where = Path(sys.argv[2])
    if sys.argv[1] == "machine":
        machine(where)
    else:
        asyncio.run(daemon(where))
