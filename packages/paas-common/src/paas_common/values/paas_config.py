"""The file ``paas-config.yaml`` in the charm's folder: settings of the charm that no operator changes."""

import collections
import dataclasses
import re
import typing

import pydantic
import yaml

from paas_common.values import settings

FILE: typing.Final = "paas-config.yaml"
_NO_CHECK: typing.Final = "none"
_SCHEDULER_TARGET: typing.Final = re.compile(r"@scheduler:\d+")


class _Model(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class StaticConfig(_Model):
    """Targets of a scrape job, and their labels."""

    targets: tuple[str, ...]
    labels: dict[str, str] | None = None

    @pydantic.field_validator("targets")
    @classmethod
    def _check_scheduler_targets(cls, targets: tuple[str, ...]) -> tuple[str, ...]:
        for target in targets:
            if target.startswith("@scheduler") and not _SCHEDULER_TARGET.fullmatch(target):
                raise ValueError("a scheduler target must be @scheduler:PORT")
        return targets


class ScrapeConfig(_Model):
    """An additional scrape job for Prometheus."""

    job_name: str
    metrics_path: str = "/metrics"
    static_configs: tuple[StaticConfig, ...]


class Prometheus(_Model):
    """Scrape jobs in addition to the framework's own."""

    scrape_configs: tuple[ScrapeConfig, ...] | None = None

    @pydantic.field_validator("scrape_configs")
    @classmethod
    def _check_unique_names(cls, configs: tuple[ScrapeConfig, ...] | None) -> tuple[ScrapeConfig, ...] | None:
        names = collections.Counter(config.job_name for config in configs or ())
        if duplicates := sorted(name for name, count in names.items() if count > 1):
            raise ValueError(f"job_name must be unique: {', '.join(duplicates)}")
        return configs


class PaasConfig(_Model):
    """The whole file; a missing key keeps the framework's default."""

    port: settings.Port | None = pydantic.Field(default=None, strict=True)
    metrics_port: settings.Port | None = pydantic.Field(default=None, strict=True, alias="metrics-port")
    metrics_path: str | None = pydantic.Field(default=None, alias="metrics-path")
    health_check: str | None = pydantic.Field(default=None, alias="health-check")
    framework_logging_format: typing.Literal["none", "json"] | None = None
    prometheus: Prometheus | None = None

    @pydantic.field_validator("health_check")
    @classmethod
    def _check_health_check(cls, text: str | None) -> str | None:
        if text is not None and text != _NO_CHECK and not text.startswith("/"):
            raise ValueError(f"must be {_NO_CHECK}, or a path such as /healthz")
        return text

    @property
    def checks_health(self) -> bool:
        """Return whether Pebble checks the application."""
        return self.health_check != _NO_CHECK

    @property
    def health_path(self) -> str:
        """Return the path that Pebble requests; empty if it only connects to the port."""
        return self.health_check if self.health_check and self.checks_health else ""

    @property
    def json_logs(self) -> bool:
        """Return whether the server's log lines are JSON."""
        return self.framework_logging_format == "json"


@dataclasses.dataclass(frozen=True)
class Invalid:
    """The file cannot be used; the reason names the key."""

    reason: str


def parse(text: str) -> PaasConfig | Invalid:
    """Parse the file's text; an empty file has all defaults."""
    try:
        document = yaml.safe_load(text)
        if document is not None and not isinstance(document, dict):
            return Invalid(f"invalid {FILE}: it must be a mapping of keys to values")
        return PaasConfig.model_validate(document or {})
    except pydantic.ValidationError as error:
        return Invalid(f"invalid {FILE}: {', '.join(settings.problems(error))}")
    except yaml.YAMLError as error:
        return Invalid(f"invalid {FILE}: {' '.join(str(error).split())}")
