"""The program that a charm runs as a hook tool, such as ``relation-get``: it passes the call to the unit's agent.

``hook_tool.pl`` does the same on machines with Perl. A charm may run dozens of these in one hook, so it starts without
site packages and imports next to nothing: ``json`` or ``socket`` would double its time. The protocol is therefore
netstrings. Files in the arguments are read here, because only the charm container has them and the charm deletes them
after the call.
"""

import _socket
import os
import sys

_TEXT = ("utf-8", "surrogateescape")
"""Arguments may be any bytes."""


def pack(texts: list[str]) -> bytes:
    """Return texts as netstrings, each with its length in bytes: ``4:text,``."""
    encoded = [text.encode(*_TEXT) for text in texts]
    return b"".join(b"%d:%b," % (len(each), each) for each in encoded)


def unpack(data: bytes) -> list[str]:
    """Return the texts of netstrings; raise ``ValueError`` if they are incomplete."""
    texts: list[str] = []
    while data:
        length, _, rest = data.partition(b":")
        end = int(length)
        if rest[end : end + 1] != b",":
            raise ValueError("the message is cut off")
        texts.append(rest[:end].decode(*_TEXT))
        data = rest[end + 1 :]
    return texts


def files_in(arguments: list[str]) -> list[str]:
    """Return the files in the arguments: ``--file PATH``, ``--file=PATH`` and ``KEY#file=PATH``."""
    files: list[str] = []
    for index, argument in enumerate(arguments):
        if argument == "--":
            break
        if argument == "--file":
            files += arguments[index + 1 : index + 2]
        elif argument.startswith("--file=") or (not argument.startswith("-") and "#file=" in argument):
            files.append(argument.partition("=")[2])
    return files


def read(names: list[str]) -> dict[str, str]:
    """Return files with their text; a dash is the standard input."""
    contents: dict[str, str] = {}
    for name in names:
        if name == "-":
            contents[name] = sys.stdin.read()
            continue
        try:
            with open(name, encoding="utf-8") as file:  # noqa: PTH123 - pathlib would double the start-up time
                contents[name] = file.read()
        except FileNotFoundError:
            # the agent replies with the tool's error
            continue
    return contents


def call(address: str, texts: list[str]) -> list[str]:
    """Send one request, and return the whole answer."""
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
        raise ValueError("the agent closed the connection")
    return unpack(b"".join(chunks))


def main(argv: list[str]) -> int:
    """Run the tool named by the program's own name or, as ``jujuc``, by the first argument."""
    tool, *arguments = argv if argv[0].rpartition("/")[2] not in {"jujuc", "hook_tool.py"} else argv[1:]
    address = os.environ.get("JUJU_AGENT_SOCKET_ADDRESS", "")
    if not address:
        sys.stderr.write("ERROR JUJU_AGENT_SOCKET_ADDRESS not set\n")
        return 1
    contents = read(files_in(arguments))
    stdin = contents.pop("-", "")
    context = os.environ.get("JUJU_CONTEXT_ID", "")
    files = [text for file in contents.items() for text in file]
    try:
        stdout, stderr, code = call(
            address, [context, tool.rpartition("/")[2], stdin, str(len(arguments)), *arguments, *files]
        )
    except (OSError, ValueError) as error:
        sys.stderr.write(f"ERROR {getattr(error, 'strerror', None) or error}\n")
        return 1
    sys.stdout.write(stdout)
    sys.stderr.write(stderr)
    return int(code)


if __name__ == "__main__":
    sys.exit(main(sys.argv))
