"""ssh: run a command in a container of a unit."""

import sys

import click

from paas_local.cli import progress, session
from paas_local.cli.juju_click import ignored_options, juju_command, model_option
from paas_local.cli.remote_shell import RemoteShell


@juju_command
@click.argument("unit")
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="[COMMAND...]")
@click.option("--container", default="charm", show_default=True, metavar="NAME", help="The container.")
@ignored_options("--no-host-key-checks", "--pty", "--proxy", is_flag=True)
@model_option
def ssh(unit: str, words: tuple[str, ...], container: str, model: str) -> int:
    """Run a command in a container of a unit, or a shell; the flags of this command come before UNIT.

    \b
    paas-local ssh web/0 ls -l agents
    paas-local ssh --container app web/0 'cat > /tmp/data' < data

    The shell joins the words with spaces. Standard input goes to the command, whose exit code becomes that of ssh.
    """  # noqa: D301  click keeps the lines after a real backspace as they are
    with progress.steps() as steps:
        client = session.connect(steps)
        client.start()
    shell = RemoteShell(
        client=client, model=session.chosen_model(model), unit=unit.rpartition("@")[2], container=container
    )
    command = " ".join(words) or ("exec sh -i" if sys.stdin.isatty() else "exec sh")
    return shell.run(command, stdin=sys.stdin.buffer, stdout=sys.stdout.buffer, stderr=sys.stderr.buffer)


# the command's words may be flags
ssh.allow_interspersed_args = False
