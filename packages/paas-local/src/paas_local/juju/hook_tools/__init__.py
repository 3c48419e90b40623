"""What each hook tool answers: a pure function of the hook's context and the model.

Failures are one line on stderr that begins with ``ERROR``; the exit status is 1 when the tool failed and
2 when it was asked in a wrong way. Charms (through ops) match on some of these words, so they are Juju's.
"""

from collections.abc import Mapping

from paas_local.juju.errors import Refused
from paas_local.juju.hook_tools import general, network, relations, secrets, statuses, storage, tasks
from paas_local.juju.hook_tools.call import BAD_ARGUMENTS, Call, Reply, Request, Tool, World, parse

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


def _unknown(call: Call) -> Reply:
    raise Refused(f'unknown command "{call.request.tool}"', code=BAD_ARGUMENTS)


UNKNOWN = Tool(run=_unknown)

__all__ = ["NAMES", "Reply", "Request", "World", "answer"]


def answer(world: World, request: Request) -> Reply:
    """Answer one call."""
    try:
        tool = TOOLS.get(request.tool, UNKNOWN)
        arguments = parse(tool.flags, request.arguments)
        return tool.run(Call(world=world, request=request, arguments=arguments))
    except Refused as error:
        return Reply(
            writes=world.context.writes,
            model=world.model,
            stderr=f"ERROR {error.message}\n",
            code=error.code,
        )
