"""Carry one call of a hook tool to the unit's agent and give back its answer: what a charm runs as ``relation-get``.

A charm may run dozens of these in one hook, so it starts without site packages and imports next to nothing: with
``json`` or ``socket`` each would take twice the time. What goes over the socket is therefore netstrings. Files that an
argument names are read here and now: the charm deletes them right after, and only it can see them.
"""

import _socket
import os
import sys

_TEXT = ("utf-8", "surrogateescape")
"""Arguments may be any bytes."""


def pack(texts: list[str]) -> bytes:
    """Put texts one after the other, each with its length in bytes: ``4:text,``."""
    encoded = [text.encode(*_TEXT) for text in texts]
    return b"".join(b"%d:%b," % (len(each), each) for each in encoded)


def unpack(data: bytes) -> list[str]:
    """Take them apart again; raises ``ValueError`` for what is not whole."""
    texts: list[str] = []
    while data:
        length, _, rest = data.partition(b":")
        end = int(length)
        if rest[end : end + 1] != b",":
            raise ValueError("the message is cut off")
        texts.append(rest[:end].decode(*_TEXT))
        data = rest[end + 1 :]
    return texts


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


def ask(address: str, texts: list[str]) -> list[str]:
    """Send one request, whole, and wait for the whole answer."""
    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        connection.connect("\0" + address[1:] if address.startswith("@") else address)
        connection.sendall(pack(texts))
        connection.shutdown(_socket.SHUT_WR)
        chunks: list[bytes] = []
        while chunk := connection.recv(65536):
            chunks.append(chunk)
    finally:
        connection.close()
    if not chunks:
        raise ValueError("the agent hung up")
    return unpack(b"".join(chunks))


def main(argv: list[str]) -> int:
    """Be the tool whose name this program was called by, or that stands first."""
    tool, *arguments = argv if argv[0].rpartition("/")[2] not in {"jujuc", "hook_tool.py"} else argv[1:]
    address = os.environ.get("JUJU_AGENT_SOCKET_ADDRESS", "")
    if not address:
        sys.stderr.write("ERROR JUJU_AGENT_SOCKET_ADDRESS not set\n")
        return 1
    contents = read(named_files(arguments))
    stdin = contents.pop("-", "")
    context = os.environ.get("JUJU_CONTEXT_ID", "")
    named = [text for file in contents.items() for text in file]
    try:
        stdout, stderr, code = ask(
            address, [context, tool.rpartition("/")[2], stdin, str(len(arguments)), *arguments, *named]
        )
    except (OSError, ValueError) as error:
        sys.stderr.write(f"ERROR {error}\n")
        return 1
    sys.stdout.write(stdout)
    sys.stderr.write(stderr)
    return int(code)


if __name__ == "__main__":
    sys.exit(main(sys.argv))
