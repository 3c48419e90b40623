"""The directives of storage: how many instances of each name an operator or a charm wants."""

import dataclasses
import re
from collections.abc import Iterable

from paas_local.juju.errors import JujuError

_POOL = re.compile(r"[a-zA-Z]+[-?a-zA-Z0-9]*")
_COUNT = re.compile(r"-?[0-9]+")
_SIZE = re.compile(r"-?[0-9]+(\.[0-9]+)?[MGTPEZY](i?B)?")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Directive:
    """The wanted number of instances of a storage; a pool or a size may be wanted too."""

    count: int = 1
    names_pool_or_size: bool = False


def directives(words: Iterable[str]) -> dict[str, Directive]:
    """Return the directives in ``NAME`` and ``NAME=POOL,COUNT,SIZE`` words, whose fields come in any order."""
    parsed: dict[str, Directive] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not name:
            raise JujuError(f'expected "name=directive" or "name", got "{word}"')
        if name in parsed:
            raise JujuError(f'storage "{name}" specified more than once')
        parsed[name] = _directive(name, text) if equals else Directive()
    return parsed


def _directive(name: str, text: str) -> Directive:
    fields = [field for field in text.split(",") if field]
    where = f'cannot parse directive for storage "{name}"'
    if not fields:
        raise JujuError(f"{where}: storage directives require at least one field to be specified")
    directive = Directive()
    for field in fields:
        if _COUNT.fullmatch(field):
            if int(field) < 1:
                raise JujuError(f'{where}: cannot parse count: count must be greater than zero, got "{field}"')
            directive = dataclasses.replace(directive, count=int(field))
        elif _POOL.fullmatch(field) or _SIZE.fullmatch(field):
            directive = dataclasses.replace(directive, names_pool_or_size=True)
        else:
            raise JujuError(f'{where}: unrecognized storage directive "{field}" not valid')
    return directive
