"""Erlang code that the server runs: its own command line takes seconds to start.

A client's user has the tag ``client``, by which the server lists them. Names and passwords are written as numbers,
which need no quoting.
"""

import re

ADMINISTRATOR, ACCOUNT = "administrator", "account"
"""Tags of users that are not clients."""

# The version, and the names of the clients' users in hexadecimal.
STATE = """\
string:join([rabbit_misc:version() |
    [binary_to_list(binary:encode_hex(proplists:get_value(user, User)))
        || User <- rabbit_auth_backend_internal:list_users(), lists:member(client, proplists:get_value(tags, User))]
], " ").
"""
_ANSWER = re.compile(r'\{ok, "([^"]*)"\}')


def parse(answer: str) -> tuple[str, frozenset[str]] | None:
    """Read the version and the clients' users from the answer to :data:`STATE`; None if it is an error."""
    match = _ANSWER.fullmatch(answer.strip())
    if match is None:
        return None
    version, *users = match[1].split()
    return version, frozenset(bytes.fromhex(user).decode() for user in users)


def creation(user: str, password: str, vhost: str) -> str:
    """Write the code that creates a client's user, and the virtual host where it may do everything."""
    add = f'ok = rabbit_auth_backend_internal:add_user({_binary(user)}, {_binary(password)}, <<"charm">>),\n'
    return add + _permission(user, vhost, "client")


def account(user: str, password: str, vhost: str, tag: str) -> str:
    """Write the code that creates a user that is not a client, unless it exists, as :func:`creation` does."""
    name = _binary(user)
    add = f"""\
case rabbit_auth_backend_internal:lookup_user({name}) of
    {{ok, _}} -> ok;
    _ -> ok = rabbit_auth_backend_internal:add_user({name}, {_binary(password)}, <<"charm">>)
end,
"""
    return add + _permission(user, vhost, tag)


def _permission(user: str, vhost: str, tag: str) -> str:
    name, host = _binary(user), _binary(vhost)
    return f"""\
case rabbit_vhost:exists({host}) of true -> ok; false -> rabbit_vhost:add({host}, <<"charm">>) end,
ok = rabbit_auth_backend_internal:set_permissions({name}, {host}, <<".*">>, <<".*">>, <<".*">>, <<"charm">>),
ok = rabbit_auth_backend_internal:set_tags({name}, [{tag}], <<"charm">>),
"done".
"""


def removal(user: str) -> str:
    """Write the code that removes a user, and with it its connections; its virtual host and queues stay."""
    return f'ok = rabbit_auth_backend_internal:delete_user({_binary(user)}, <<"charm">>), "done".\n'


def _binary(text: str) -> str:
    return f"<<{','.join(map(str, text.encode()))}>>"
