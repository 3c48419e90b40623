"""A process that forks daemons after it has imported everything once: ``python pebble_forge.py [PEBBLE]``.

It reads a JSON object per line (arguments, environment, folder, user id, log), and writes a line for each start and
each exit. The daemons are the built-in ones, or run another Pebble.
"""

import json
import os
import signal
import sys
from typing import Any

from paas_local.pebble import __main__ as pebble


def write(**message: int) -> None:
    os.write(1, (json.dumps(message) + "\n").encode())


def reap(*_: object) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        write(ended=pid, code=os.waitstatus_to_exitcode(status))


def run(request: dict[str, Any]) -> int:
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    os.setsid()
    os.umask(0o022)
    os.chdir(request["folder"])
    log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    null = os.open("/dev/null", os.O_RDONLY)
    for source, target in ((null, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    if request["uid"]:
        os.setgroups([])
        os.setgid(request["uid"])
        os.setuid(request["uid"])
    if len(sys.argv) > 1:
        os.execve(sys.argv[1], ["pebble", *request["arguments"]], request["environment"])
    os.environ.clear()
    os.environ.update(request["environment"])
    return pebble.main(request["arguments"])


def main() -> None:
    signal.signal(signal.SIGCHLD, reap)
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            code = 70
            try:
                code = run(json.loads(line))
            finally:
                sys.stderr.flush()
                os._exit(code)
        write(started=pid)


if __name__ == "__main__":
    main()
