"""shutdown: end the background process."""

from paas_local.cli import output, progress, session
from paas_local.cli.juju_click import juju_command

_PATIENCE = 120.0


@juju_command
def shutdown() -> None:
    """End the background process and all pods; the next command starts them again."""
    with progress.steps() as steps:
        client = session.connect(steps)
        if not (client.running() or client.runs_before_free()):
            output.say("Nothing is running.")
            return
        steps("stopping the pods and the background process")
        client.request("shutdown", patience=_PATIENCE)
        client.wait_until_gone()
    output.say("Stopped; the next command starts the models again.")
