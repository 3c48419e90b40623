"""The file ``paas-config.yaml`` in the charm's folder: what the charm's author decides, and no operator."""

import collections
import dataclasses
import re
import typing

import pydantic
import yaml

from paas_common.values import settings

FILE: typing.Final = "paas-config.yaml"
_TARGET: typing.Final = re.compile(r"@scheduler:\d+")


class _Model(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class StaticConfig(_Model):
    """Targets of a scrape job, with labels of their own."""

    targets: tuple[str, ...]
    labels: dict[str, str] | None = None

    @pydantic.field_validator("targets")
    @classmethod
    def _knows_the_scheduler(cls, targets: tuple[str, ...]) -> tuple[str, ...]:
        for target in targets:
            if target.startswith("@scheduler") and not _TARGET.fullmatch(target):
                raise ValueError("a target at the scheduler is written @scheduler:PORT")
        return targets


class ScrapeConfig(_Model):
    """One more job for Prometheus."""

    job_name: str
    metrics_path: str = "/metrics"
    static_configs: tuple[StaticConfig, ...]


class Prometheus(_Model):
    """What Prometheus is asked to scrape beside the framework's own metrics."""

    scrape_configs: tuple[ScrapeConfig, ...] | None = None

    @pydantic.field_validator("scrape_configs")
    @classmethod
    def _has_unique_names(cls, configs: tuple[ScrapeConfig, ...] | None) -> tuple[ScrapeConfig, ...] | None:
        names = collections.Counter(config.job_name for config in configs or ())
        if twice := sorted(name for name, count in names.items() if count > 1):
            raise ValueError(f"job_name must be unique: {', '.join(twice)}")
        return configs


class PaasConfig(_Model):
    """The whole file; a key that is not there leaves the framework's default."""

    port: settings.Port | None = pydantic.Field(default=None, strict=True)
    metrics_port: settings.Port | None = pydantic.Field(default=None, strict=True, alias="metrics-port")
    metrics_path: str | None = pydantic.Field(default=None, alias="metrics-path")
    framework_logging_format: typing.Literal["none", "json"] | None = None
    prometheus: Prometheus | None = None

    @property
    def json_logs(self) -> bool:
        """Tell whether the server's log lines are JSON."""
        return self.framework_logging_format == "json"


@dataclasses.dataclass(frozen=True)
class Invalid:
    """Why the file cannot be used, naming the key."""

    reason: str


def parse(text: str) -> PaasConfig | Invalid:
    """Read the file's text; all defaults where there is nothing in it."""
    try:
        found = yaml.safe_load(text)
        if found is not None and not isinstance(found, dict):
            return Invalid(f"invalid {FILE}: it must be a mapping of keys to values")
        return PaasConfig.model_validate(found or {})
    except pydantic.ValidationError as error:
        return Invalid(f"invalid {FILE}: {', '.join(settings.problems(error))}")
    except yaml.YAMLError as error:
        return Invalid(f"invalid {FILE}: {' '.join(str(error).split())}")
