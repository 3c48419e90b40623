"""What is said to the server in Erlang: its own command line starts a machine for each word, which takes seconds.

A user of ours has the tag ``client``, so that the server itself says which there are. Names and passwords are
written as numbers, which nothing can leave.
"""

import re

# The version, and the names of our users in hexadecimal.
STATE = """\
string:join([rabbit_misc:version() |
    [binary_to_list(binary:encode_hex(proplists:get_value(user, User)))
        || User <- rabbit_auth_backend_internal:list_users(), lists:member(client, proplists:get_value(tags, User))]
], " ").
"""
_ANSWER = re.compile(r'\{ok, "([^"]*)"\}')


def parse(answer: str) -> tuple[str, frozenset[str]] | None:
    """Read the version and our users from what :data:`STATE` answers; nothing, if it is no answer."""
    found = _ANSWER.fullmatch(answer.strip())
    if found is None:
        return None
    version, *users = found[1].split()
    return version, frozenset(bytes.fromhex(user).decode() for user in users)


def creation(user: str, password: str, vhost: str) -> str:
    """Make a user, and the virtual host where it may do everything."""
    name, place = _binary(user), _binary(vhost)
    return f"""\
case rabbit_vhost:exists({place}) of true -> ok; false -> rabbit_vhost:add({place}, <<"charm">>) end,
ok = rabbit_auth_backend_internal:add_user({name}, {_binary(password)}, <<"charm">>),
ok = rabbit_auth_backend_internal:set_permissions({name}, {place}, <<".*">>, <<".*">>, <<".*">>, <<"charm">>),
ok = rabbit_auth_backend_internal:set_tags({name}, [client], <<"charm">>),
"done".
"""


def removal(user: str) -> str:
    """Remove a user, whose connections end with it; its virtual host stays, with its queues."""
    return f'ok = rabbit_auth_backend_internal:delete_user({_binary(user)}, <<"charm">>), "done".\n'


def _binary(text: str) -> str:
    return f"<<{','.join(map(str, text.encode()))}>>"
