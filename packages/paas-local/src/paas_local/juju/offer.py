"""The values of relations across models: offers, consumed offers (SAAS), and the link between a relation's halves.

A relation across models is one relation in each of the two models. In each, the other model's application has a
stand-in: the SAAS in the consuming model, ``remote-`` and 32 hexadecimal digits in the offering one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from paas_local.juju.charm import Endpoint


@dataclass(frozen=True, kw_only=True)
class Offer:
    """The endpoints of an application that other models may relate to."""

    name: str
    application: str
    endpoints: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Saas:
    """An offer of another model, consumed under ``name``.

    ``uuid`` is that model's: another model may have its name later. The offer of a terminated SAAS is gone.
    """

    name: str
    model: str
    uuid: str
    offer: str
    endpoints: Mapping[str, Endpoint] = field(default_factory=dict[str, Endpoint])
    life: Literal["alive", "dying"] = "alive"
    terminated: bool = False


@dataclass(frozen=True, kw_only=True)
class OtherHalf:
    """The relation in the other model that belongs to a relation, its application, and the name that this has here.

    ``offer`` is the offer's name in the offering model, and empty in the consuming one.
    """

    uuid: str
    relation: int
    application: str
    stand_in: str
    offer: str = ""
