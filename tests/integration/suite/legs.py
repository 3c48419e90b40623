"""The four legs of the integration tests: a client of Juju, and the place where the model runs."""

import shutil
import subprocess
from dataclasses import dataclass

GROUPS = {"jubilant": ("--group", "dev"), "libjuju": ("--no-default-groups", "--group", "libjuju")}
"""Arguments of ``uv run`` for a client."""


@dataclass(frozen=True, kw_only=True)
class Leg:
    """One leg."""

    client: str
    """The dependency group of its client: jubilant or libjuju."""
    kubernetes: str = ""
    """The provider in concierge; empty for paas-local."""
    juju: tuple[str, ...] = ()
    """Channels of Juju."""
    may_fail: tuple[str, ...] = ()
    """Channels of Juju whose failures do not fail the workflow."""
    schedule: str = ""
    """When the workflow runs it, in cron's words."""

    @property
    def concierge(self) -> str:
        """Configuration of concierge for the cluster."""
        return "concierge.yaml" if self.kubernetes == "microk8s" else f"concierge-{self.kubernetes}.yaml"

    def problem(self) -> str:
        """Return why the leg cannot run here; empty if it can."""
        if not self.kubernetes:
            return ""
        juju = shutil.which("juju")
        if juju and subprocess.run([juju, "show-controller"], capture_output=True, check=False).returncode == 0:
            return ""
        return (
            f"there is no Juju controller on {self.kubernetes}; to get one on Ubuntu: sudo snap install --classic"
            f" concierge && sudo concierge prepare --config {self.concierge}"
        )


LEGS = {
    "A": Leg(client="jubilant"),
    "B": Leg(client="jubilant", kubernetes="microk8s", juju=("3.6/stable",), schedule="17 1 * * *"),
    "C": Leg(client="libjuju", kubernetes="microk8s", juju=("3.6/stable",), schedule="17 1 * * *"),
    "D": Leg(
        client="jubilant",
        kubernetes="k8s",
        juju=("3.6/stable", "4.0/stable"),
        may_fail=("4.0/stable",),
        schedule="17 3 * * 0",
    ),
}
