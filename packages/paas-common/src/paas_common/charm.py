"""The base class of the charms: every event runs the same four steps, read, plan, apply and report."""

from __future__ import annotations

import functools
import gc
import typing

import ops

from paas_common.juju import record

if typing.TYPE_CHECKING:
    import collections.abc

    from paas_common.integrations import Integration
    from paas_common.pipeline import Pipeline
    from paas_common.values.environment import EnvOverrides
    from paas_common.values.extension import WorkloadContext
    from paas_common.values.framework import FrameworkSpec
    from paas_common.values.status import Problem
    from paas_common.values.workload import Command, File, LayerEntry

# Imported modules stay until the end of the event's process. The garbage collector, which runs several times at that
# end, would visit all of their objects again and again. It also runs after each 700 new objects, forty times while a
# complete pass loads its modules; with this threshold, an action that runs for an hour still frees its memory.
gc.freeze()
gc.set_threshold(50_000)

_OVERRIDE_ENVIRONMENT: typing.Final = "override environment()"
_DECLARE_OPTIONS: typing.Final = "declare the options in charmcraft.yaml; context.options has their values"
_COS_CUSTOM: typing.Final = "put dashboards and alert rules into cos_custom/"
_REPLACEMENTS: typing.Final = {
    "_reconcile": "override environment(), files() or after_start(); reconcile() starts a pass",
    "restart": "override files() or after_start(); reconcile() starts a pass",
    "is_ready": "override readiness_problems()",
    "_create_app": _OVERRIDE_ENVIRONMENT,
    "_create_charm_state": _OVERRIDE_ENVIRONMENT,
    "_gen_environment": _OVERRIDE_ENVIRONMENT,
    "gen_environment": _OVERRIDE_ENVIRONMENT,
    "_base_url": "override environment() and set the variable that ends with BASE_URL",
    "_workload_config": "set ports in paas-config.yaml or options, and services in rockcraft.yaml or services()",
    "get_framework_config": _DECLARE_OPTIONS,
    "framework_config_class": _DECLARE_OPTIONS,
    "get_cos_dir": _COS_CUSTOM,
    "build_cos_dir": _COS_CUSTOM,
}
"""Names that subclasses of paas_charm (1.12) override, and their replacement here."""


_METHODS: typing.Final = ("environment", "readiness_problems", "files", "ports", "services", "after_start")
"""Methods that a charm may override."""


class PaasCharm(ops.CharmBase):
    """Base of the charms; a framework sets ``spec``.

    A charm may set ``integrations`` and override the methods that take a ``WorkloadContext``. All of them except
    ``after_start`` are asked at every event, and must return the same for the same context.
    """

    spec: typing.ClassVar[FrameworkSpec]
    integrations: typing.ClassVar[tuple[Integration[typing.Any], ...]] = ()
    """The charm's own integrations; one with a built-in interface replaces the built-in."""
    own_endpoints: typing.ClassVar[frozenset[str]] = frozenset()
    """Endpoints of known interfaces that the charm handles itself: the base class does not touch their relations."""
    start_timeout: typing.ClassVar[float] = 15.0
    """Seconds that an event waits for a started application to answer, before the status says that it does not.

    Not below 12, except in tests: Pebble announces that an application answers only after three failures of the check.
    """

    def __init_subclass__(cls, **keywords: typing.Any) -> None:
        """Refuse definitions that cannot work, such as methods that paas_charm calls and this class does not.

        Raises ``TypeError`` that names the replacement.
        """
        super().__init_subclass__(**keywords)
        if isinstance(cls.own_endpoints, str):
            raise TypeError(
                f'{cls.__name__}.own_endpoints must be a set of names (frozenset({{"{cls.own_endpoints}"}}))'
            )
        for name in _names(cls):
            if replacement := _REPLACEMENTS.get(name):
                raise TypeError(f"{cls.__name__}.{name} is never called: {replacement} (docs/reference/extending.md)")
            if name.startswith("_paas_"):
                raise TypeError(
                    f"{cls.__name__}.{name}: names that start with _paas_ belong to the base class (rename it)"
                )

    def __init__(self, framework: ops.Framework) -> None:
        super().__init__(framework)
        self._paas_surroundings = record.surroundings(self)
        self._paas_previous = record.load(self, self._paas_surroundings)
        self._paas_news = record.news(self, self._paas_previous)
        if self._paas_previous and self._paas_news == "nothing":
            record.confirm(self, self._paas_previous)
            return
        if record.is_early(self):
            from paas_common.values import status  # noqa: PLC0415  only this hook needs no more than the text

            self.unit.status = ops.WaitingStatus(status.WITHOUT_PEERS.reason)
            return
        record.remove(self)
        for event in self._paas_pipeline.events():
            framework.observe(event, self._paas_on_event)
        framework.observe(framework.on.commit, self._paas_on_commit)
        for name, handler in (
            ("rotate-secret-key", self._paas_on_rotate_secret_key),
            ("explain", self._paas_on_explain),
            ("force-migration", self._paas_on_force_migration),
        ):
            if name in self.meta.actions:
                framework.observe(self.on[name].action, handler)

    def environment(self, context: WorkloadContext, /) -> EnvOverrides:
        """Return variables to set, which override all others; ``None`` removes a variable."""
        del context
        return {}

    def readiness_problems(self, context: WorkloadContext, /) -> collections.abc.Iterable[Problem]:
        """Return reasons why the application must not run with this context."""
        del context
        return ()

    def files(self, context: WorkloadContext, /) -> collections.abc.Iterable[File]:
        """Return files that the application reads in its container."""
        del context
        return ()

    def ports(self, context: WorkloadContext, /) -> collections.abc.Iterable[int]:
        """Return ports to open in addition to the application's."""
        del context
        return ()

    def services(self, context: WorkloadContext, /) -> collections.abc.Mapping[str, LayerEntry]:
        """Return Pebble services that run in addition to the image's, by name."""
        del context
        return {}

    def after_start(self, context: WorkloadContext, /) -> None:
        """Act once the application answers after a start, a restart or a reload.

        It may do whatever a charm may do. If it fails, it is called again at the next event.
        """

    def reconcile(self) -> None:
        """Run a pass: read Juju and Pebble again, and make the container match.

        Call it after a change that the methods above depend on, such as an event of a charm library. A call during a
        pass, for example from an event that a charm library emits in it, makes another pass follow.
        """
        self._paas_pipeline.reconcile()

    def workload_context(self) -> WorkloadContext | None:
        """Return the application as it is about to run, for event handlers; None if it cannot run."""
        return self._paas_pipeline.workload_context()

    def run_command(self, command: Command, variables: collections.abc.Mapping[str, str], /) -> str:
        """Run a command in the container as the application runs, with further variables; return its output.

        Raises ``CommandError`` if it fails, or if the application cannot run.
        """
        return self._paas_pipeline.run_command(command, variables)

    @functools.cached_property
    def _paas_pipeline(self) -> Pipeline:
        from paas_common import pipeline  # noqa: PLC0415  an event that brings nothing new does not need it

        overridden = (name for name in _METHODS if getattr(type(self), name) is not getattr(PaasCharm, name))
        endpoint = record.event_endpoint() if self._paas_news == "endpoint" else ""
        return pipeline.Pipeline(
            self, frozenset(overridden), self._paas_surroundings, self._paas_previous, endpoint=endpoint
        )

    def _paas_on_event(self, _: ops.EventBase) -> None:
        self._paas_pipeline.run()

    def _paas_on_commit(self, _: ops.EventBase) -> None:
        self._paas_pipeline.commit()

    def _paas_on_rotate_secret_key(self, event: ops.ActionEvent) -> None:
        self._paas_pipeline.rotate_secret_key(event)

    def _paas_on_explain(self, event: ops.ActionEvent) -> None:
        self._paas_pipeline.explain(event)

    def _paas_on_force_migration(self, event: ops.ActionEvent) -> None:
        self._paas_pipeline.force_migration(event)


def _names(cls: type[PaasCharm]) -> collections.abc.Iterator[str]:
    """Yield the names that a class and its bases outside of this library define."""
    for base in cls.__mro__:
        if not issubclass(PaasCharm, base):
            yield from vars(base)
