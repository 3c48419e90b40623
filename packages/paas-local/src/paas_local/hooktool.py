"""Carry one call of a hook tool to the unit's agent and give back its answer: what a charm runs as ``relation-get``.

A charm may run dozens of these in one hook, so it starts without site packages and imports only what it needs. Files
that an argument names are read here and now: the charm deletes them right after, and only it can see them.
"""

import json
import os
import socket
import sys


def named_files(arguments: list[str]) -> list[str]:
    """List the files that arguments name: ``--file PATH``, ``--file=PATH`` and ``KEY#file=PATH``."""
    found: list[str] = []
    for index, argument in enumerate(arguments):
        if argument == "--":
            break
        if argument == "--file":
            found += arguments[index + 1 : index + 2]
        elif argument.startswith("--file=") or (not argument.startswith("-") and "#file=" in argument):
            found.append(argument.partition("=")[2])
    return found


def read(names: list[str]) -> dict[str, str]:
    """Read files as text; a dash is the standard input."""
    contents: dict[str, str] = {}
    for name in names:
        if name == "-":
            contents[name] = sys.stdin.read()
            continue
        try:
            with open(name, encoding="utf-8") as file:  # noqa: PTH123 - pathlib would double the start-up time
                contents[name] = file.read()
        except FileNotFoundError:
            # the agent answers for it, in the words of the tool
            continue
    return contents


def ask(address: str, request: dict[str, object]) -> dict[str, object]:
    """Send one request, whole, and wait for the whole answer."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.connect("\0" + address[1:] if address.startswith("@") else address)
        connection.sendall(json.dumps(request).encode())
        connection.shutdown(socket.SHUT_WR)
        chunks: list[bytes] = []
        while chunk := connection.recv(65536):
            chunks.append(chunk)
    return json.loads(b"".join(chunks))


def main(argv: list[str]) -> int:
    """Be the tool whose name this program was called by, or that stands first."""
    tool, *arguments = argv if argv[0].rpartition("/")[2] not in {"jujuc", "hooktool.py"} else argv[1:]
    address = os.environ.get("JUJU_AGENT_SOCKET_ADDRESS", "")
    if not address:
        sys.stderr.write("ERROR JUJU_AGENT_SOCKET_ADDRESS not set\n")
        return 1
    contents = read(named_files(arguments))
    stdin = contents.pop("-", "")
    request: dict[str, object] = {
        "context": os.environ.get("JUJU_CONTEXT_ID", ""),
        "tool": tool.rpartition("/")[2],
        "arguments": arguments,
        "stdin": stdin,
        "files": contents,
    }
    try:
        answer = ask(address, request)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"ERROR {error}\n")
        return 1
    sys.stdout.write(str(answer["stdout"]))
    sys.stderr.write(str(answer["stderr"]))
    return int(str(answer["code"]))


if __name__ == "__main__":
    sys.exit(main(sys.argv))
