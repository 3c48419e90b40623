"""The changes that give a model what a bundle asks for, in the order and the words of Juju."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from paas_local.juju.bundles import Bundle, BundleApplication, RelationEnds, application_of
from paas_local.juju.errors import JujuError


@dataclass(frozen=True, kw_only=True)
class UploadCharm:
    """A charm is packed."""

    charm: str

    def __str__(self) -> str:
        return f"upload charm {self.charm}"


@dataclass(frozen=True, kw_only=True)
class DeployApplication:
    """An application is added."""

    application: BundleApplication

    def __str__(self) -> str:
        units = f"with {self.application.scale} unit{'' if self.application.scale == 1 else 's'}"
        using = "" if self.application.charm == self.application.name else f" using {self.application.charm}"
        return f"deploy application {self.application.name} {units}{using}"


@dataclass(frozen=True, kw_only=True)
class SetOptions:
    """Options of an application change."""

    application: str
    options: Mapping[str, str]

    def __str__(self) -> str:
        return f"set application options for {self.application}"


@dataclass(frozen=True, kw_only=True)
class Scale:
    """The number of an application's units changes."""

    application: str
    units: int

    def __str__(self) -> str:
        return f"scale {self.application} to {self.units} unit{'' if self.units == 1 else 's'}"


@dataclass(frozen=True, kw_only=True)
class Expose:
    """An application is exposed."""

    application: str

    def __str__(self) -> str:
        return f"expose all endpoints of {self.application} and allow access from CIDRs 0.0.0.0/0 and ::/0"


@dataclass(frozen=True, kw_only=True)
class AddRelation:
    """Two applications are related."""

    ends: RelationEnds

    def __str__(self) -> str:
        return f"add relation {self.ends[0]} - {self.ends[1]}"


@dataclass(frozen=True, kw_only=True)
class ConsumeOffer:
    """An offer of another model is added."""

    name: str
    url: str

    def __str__(self) -> str:
        return f"consume offer {self.name} at {self.url}"


@dataclass(frozen=True, kw_only=True)
class CreateOffer:
    """Endpoints of an application are offered to other models."""

    name: str
    application: str
    endpoints: tuple[str, ...]

    def __str__(self) -> str:
        return f"create offer {self.name} using {self.application}:{','.join(self.endpoints)}"


Change: TypeAlias = (
    UploadCharm | DeployApplication | SetOptions | Scale | Expose | ConsumeOffer | AddRelation | CreateOffer
)


def changes(bundle: Bundle, present: Bundle) -> tuple[Change, ...]:
    """Return the changes that give a model, which is ``present``, what a bundle wants; nothing is removed."""
    return tuple(_changes(bundle, present))


def _changes(bundle: Bundle, present: Bundle) -> Iterator[Change]:
    uploaded: set[str] = set()
    for name, application in bundle.applications.items():
        former = present.applications.get(name)
        if former is not None:
            yield from _differences(application, former)
            continue
        if application.charm not in uploaded:
            uploaded.add(application.charm)
            yield UploadCharm(charm=application.charm)
        yield DeployApplication(application=application)
        if application.expose:
            yield Expose(application=name)
    yield from (ConsumeOffer(name=name, url=url) for name, url in bundle.saas.items() if name not in present.saas)
    for ends in bundle.relations:
        if not any(_is_same(ends, other) or _is_same(ends, other[::-1]) for other in present.relations):
            yield AddRelation(ends=ends)
    for name, application in bundle.applications.items():
        former = present.applications.get(name)
        for offer, endpoints in application.offers.items():
            if former is None or offer not in former.offers:
                yield CreateOffer(name=offer, application=name, endpoints=endpoints)


def _differences(application: BundleApplication, former: BundleApplication) -> Iterator[Change]:
    charm = former.charm.removeprefix("local:").rpartition("-")[0]
    if "/" not in application.charm and application.charm not in {charm, former.charm}:
        raise JujuError(
            f'cannot change application "{application.name}": it runs the charm "{charm}", not "{application.charm}"'
        )
    options = {key: text for key, text in application.options.items() if former.options.get(key) != text}
    if options:
        yield SetOptions(application=application.name, options=options)
    if application.scale != former.scale:
        yield Scale(application=application.name, units=application.scale)
    if application.expose and not former.expose:
        yield Expose(application=application.name)


def _is_same(ends: Sequence[str], others: Sequence[str]) -> bool:
    # an end without an endpoint is any endpoint of its application
    return all(end in {other, application_of(other)} for end, other in zip(ends, others, strict=True))
