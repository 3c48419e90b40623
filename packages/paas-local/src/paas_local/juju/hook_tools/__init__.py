"""Juju's hook tools, each a pure function of the hook's context and the model.

A failure is one line on stderr that begins with ``ERROR``. The exit status is 1 if the tool failed and 2 if its
arguments are invalid. The words are Juju's, because charms (through ops) match on some of them.
"""

from collections.abc import Mapping

from paas_local.juju.errors import JujuError
from paas_local.juju.hook_tools import general, network, relations, secrets, statuses, storage, tasks
from paas_local.juju.hook_tools.call import BAD_ARGUMENTS, Call, Reply, Request, Tool, ToolContext, parse

TOOLS: Mapping[str, Tool] = {
    **general.TOOLS,
    **network.TOOLS,
    **relations.TOOLS,
    **secrets.TOOLS,
    **statuses.TOOLS,
    **storage.TOOLS,
    **tasks.TOOLS,
}
NAMES = tuple(sorted(TOOLS))

__all__ = ["NAMES", "Reply", "Request", "ToolContext", "answer"]


def answer(context: ToolContext, request: Request) -> Reply:
    """Return the reply to one call of a hook tool."""
    try:
        if request.tool not in TOOLS:
            raise JujuError(f'unknown command "{request.tool}"', code=BAD_ARGUMENTS)  # noqa: TRY301  # answered below
        tool = TOOLS[request.tool]
        return tool.run(Call(tool_context=context, request=request, arguments=parse(tool.flags, request.arguments)))
    except JujuError as error:
        return Reply(
            writes=context.hook.writes,
            model=context.model,
            stderr=f"ERROR {error.message}\n",
            code=error.code,
        )
