"""Process that runs a program in the namespaces of another process, which has made them for its children.

``python -m paas_local.pods.namespace_join PID PROGRAM [ARGUMENT…]``, where PID runs ``namespace_init``. This process
exits when the program exits, and passes signals on; the program is killed when this process is killed, and this one
with its parent.
"""

import os
import sys

from paas_local.pods import namespaces
from paas_local.pods.namespace_init import exit_code, forward_signals

_KINDS = {"net": namespaces.NEWNET, "uts": namespaces.NEWUTS, "ipc": namespaces.NEWIPC, "mnt": namespaces.NEWNS}


def main(argv: list[str]) -> int:
    """Run a program in the namespaces of a process."""
    namespaces.die_with_parent()
    process, *program = argv
    names = ("user", "pid_for_children", *_KINDS)
    try:
        files = {name: os.open(f"/proc/{process}/ns/{name}", os.O_RDONLY) for name in names}
        if os.fstat(files["user"]).st_ino != os.stat("/proc/self/ns/user").st_ino:  # noqa: PTH116 - of an open file
            namespaces.setns(files["user"], namespaces.NEWUSER)
            namespaces.die_with_parent()
        namespaces.setns(files["pid_for_children"], namespaces.NEWPID)
        lifeline, kept_end = os.pipe()
        child = os.fork()
    except OSError as error:
        sys.stderr.write(f"paas-local: the namespaces of process {process} have ended: {error.strerror}\n")
        return 1
    if child == 0:
        os.close(kept_end)
        for name, kind in _KINDS.items():
            namespaces.setns(files[name], kind)
        namespaces.die_with_parent(lifeline)
        os.execv(program[0], program)  # noqa: S606 - no shell is meant
    forward_signals(child)
    return exit_code(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
