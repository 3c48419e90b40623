"""Stand-in for ``kubectl logs``: what the services of a pod print, from paas-local.

The suites read the logs of a container with kubectl, which needs a cluster.
"""

import argparse
import os
import sys
from pathlib import Path

PAAS_LOCAL = Path(sys.executable).with_name("paas-local")


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
    os.execv(PAAS_LOCAL, [PAAS_LOCAL, *words])  # noqa: S606 - no shell


if __name__ == "__main__":
    main()
