"""Juju's commands that paas-local leaves out, each refused in one line."""

from collections.abc import Mapping

_NO_CONTROLLERS = "this machine is the one cloud and the one controller"
_NO_MACHINES = "it runs Kubernetes charms, whose models have no machines"
_NO_SPACES = "this machine has one network"
_NO_USERS = "its one user is admin"
_NO_DEBUGGER = "hooks run without a terminal; read what they print: paas-local debug-log"
_NO_STORE = (
    "it downloads no charms; deploy takes a folder, a .charm file or a built-in charm (see: paas-local providers)"
)
_NO_POOLS = "storage is a folder of this machine"
_MACHINES_ONLY = "Juju has it for machine models only; a charm adds storage with `storage-add`"

REASONS: Mapping[str, str] = {
    **dict.fromkeys(("set-firewall-rule", "firewall-rules"), _NO_SPACES),
    **dict.fromkeys(("add-cloud", "add-k8s", "clouds", "remove-cloud", "remove-k8s", "show-cloud"), _NO_CONTROLLERS),
    **dict.fromkeys(("update-cloud", "update-k8s", "regions", "set-default-region"), _NO_CONTROLLERS),
    **dict.fromkeys(("add-credential", "autoload-credentials", "credentials", "remove-credential"), _NO_CONTROLLERS),
    **dict.fromkeys(("set-credential", "set-default-credentials", "show-credential"), _NO_CONTROLLERS),
    **dict.fromkeys(("update-credential", "bootstrap", "controllers", "controller-config"), _NO_CONTROLLERS),
    **dict.fromkeys(("destroy-controller", "enable-ha", "kill-controller", "migrate"), _NO_CONTROLLERS),
    **dict.fromkeys(("register", "unregister", "show-controller"), _NO_CONTROLLERS),
    **dict.fromkeys(("upgrade-controller", "upgrade-model"), _NO_CONTROLLERS),
    **dict.fromkeys(("add-machine", "machines", "remove-machine", "retry-provisioning"), _NO_MACHINES),
    **dict.fromkeys(("show-machine", "upgrade-machine", "add-ssh-key", "import-ssh-key"), _NO_MACHINES),
    **dict.fromkeys(("remove-ssh-key", "ssh-keys"), _NO_MACHINES),
    **dict.fromkeys(("add-space", "add-subnet", "bind", "move-to-space", "reload-spaces"), _NO_SPACES),
    **dict.fromkeys(("remove-space", "rename-space", "show-space", "spaces", "subnets"), _NO_SPACES),
    **dict.fromkeys(("add-user", "change-user-password", "disable-user", "enable-user", "grant"), _NO_USERS),
    **dict.fromkeys(("grant-cloud", "login", "logout", "remove-user", "revoke", "revoke-cloud"), _NO_USERS),
    **dict.fromkeys(("show-user", "users", "whoami"), _NO_USERS),
    **dict.fromkeys(("debug-code", "debug-hook", "debug-hooks"), _NO_DEBUGGER),
    **dict.fromkeys(("diff-bundle", "download", "find", "info"), _NO_STORE),
    **dict.fromkeys(("add-storage", "attach-storage", "detach-storage", "import-filesystem"), _MACHINES_ONLY),
    **dict.fromkeys(("create-storage-pool", "remove-storage", "remove-storage-pool"), _NO_POOLS),
    **dict.fromkeys(("storage-pools", "update-storage-pool"), _NO_POOLS),
}
"""The reason of each."""


def refusal_of(command: str) -> str:
    """Return the text that refuses a command, in Juju's words if it refuses it too; empty if it is not left out."""
    reason = REASONS.get(command, "")
    if reason == _MACHINES_ONLY:
        return f'Juju command "{command}" not supported on container models'
    return f"{command} is not possible here: {reason}" if reason else ""
