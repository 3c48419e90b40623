"""A shell command in a container of a unit, with the files of this process as its input and output."""

import base64
from dataclasses import dataclass
from typing import BinaryIO

from paas_local.cli.client import Client, ClientError


@dataclass(frozen=True, kw_only=True)
class RemoteShell:
    """The shell of one container."""

    client: Client
    model: str
    unit: str
    container: str

    def run(self, command: str, *, stdin: BinaryIO, stdout: BinaryIO, stderr: BinaryIO) -> int:
        """Run a command and return its exit status."""
        body = {"model": self.model, "unit": self.unit, "container": self.container, "command": command}
        files = {"stdout": stdout, "stderr": stderr}
        for item in self.client.converse("ssh", stdin, **body):
            if "code" in item:
                return item["code"]
            for name, data in item.items():
                files[name].write(base64.b64decode(data))
                files[name].flush()
        raise ClientError(f"the background process ended while {self.unit} ran the command")
