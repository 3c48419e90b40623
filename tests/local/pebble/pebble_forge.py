"""Starts daemons for the replay: forked from one process that has imported everything once.

Reads a JSON object per line (arguments, environment, folder, user id, log) and answers with a line for
each start and each exit.
"""

import json
import os
import signal
import sys
from typing import Any

from paas_local.pebble import __main__ as pebble


def tell(**message: int) -> None:
    os.write(1, (json.dumps(message) + "\n").encode())


def collect(*_: object) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        tell(ended=pid, code=os.waitstatus_to_exitcode(status))


def become(order: dict[str, Any]) -> int:
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    os.setsid()
    os.umask(0o022)
    os.chdir(order["folder"])
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    null = os.open("/dev/null", os.O_RDONLY)
    for source, target in ((null, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    if order["uid"]:
        os.setgroups([])
        os.setgid(order["uid"])
        os.setuid(order["uid"])
    os.environ.clear()
    os.environ.update(order["environment"])
    return pebble.main(order["arguments"])


def main() -> None:
    signal.signal(signal.SIGCHLD, collect)
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            code = 70
            try:
                code = become(json.loads(line))
            finally:
                sys.stderr.flush()
                os._exit(code)
        tell(started=pid)


if __name__ == "__main__":
    main()
