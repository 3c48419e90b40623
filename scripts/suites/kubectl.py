"""Stand-in for ``kubectl logs``: what the services of a pod print, from paas-local.

The suites read the logs of a container with kubectl, which needs a cluster.
"""

import argparse
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

PAAS_LOCAL = Path(sys.executable).with_name("paas-local")
LINE = re.compile(r"\S+: \d\d:\d\d:\d\d \[(?P<service>[^]]+)\] (?P<message>.*)")
LONGEST = 4096
"""Bytes of a line, with its time and its service, after which Pebble's API cuts it; kubectl has whole lines."""


def main() -> None:
    """Print the lines of a pod's unit; a charm of the suites has one container."""
    if sys.argv[1:2] != ["logs"]:
        raise SystemExit(f"kubectl {' '.join(sys.argv[1:])} is not possible here: only logs is")
    parser = argparse.ArgumentParser()
    parser.add_argument("pod")
    parser.add_argument("-c", "--container")
    parser.add_argument("-n", "--namespace", required=True)
    arguments = parser.parse_args(sys.argv[2:])
    application, _, number = arguments.pod.rpartition("-")
    words = ("logs", f"{application}/{number}", "--all", "--model", arguments.namespace)
    done = subprocess.run((PAAS_LOCAL, *words), stdout=subprocess.PIPE, text=True, check=True)
    sys.stdout.writelines(joined(done.stdout.splitlines()))


def joined(lines: Iterable[str]) -> Iterator[str]:
    """Return the lines with their ends; the pieces of a long line are one line again."""
    is_cut = False
    for line in lines:
        match = LINE.fullmatch(line)
        yield match["message"] if match and is_cut else line
        service, message = (match["service"], match["message"]) if match else ("", line)
        prefix = f"0000-00-00T00:00:00.000Z [{service}] "
        is_cut = len(message.encode()) in (LONGEST, LONGEST - len(prefix))
        yield "" if is_cut else "\n"


if __name__ == "__main__":
    main()
