"""What all verbs have in common: Juju's way with flags, models, errors and exit codes.

Juju's flags differ from click's in two ways that scripts rely on: a switch may be given a value
(``--trust=false``), and what is wrong is one line, ``ERROR ...``, with exit 2 for bad usage.
"""

import json
import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click
import yaml
from typing_extensions import override

from paas_local import folders
from paas_local.build import yaml_files
from paas_local.build.errors import ProjectError
from paas_local.cli import client, progress

CURRENT_MODEL = "current-model"
INTERRUPTED = 130
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_TRUE = frozenset(("1", "t", "true", "yes"))
_FALSE = frozenset(("0", "f", "false", "no"))

Function = TypeVar("Function", bound=Callable[..., Any])


class Verb(click.Command):
    """One verb; flags may stand anywhere before ``--``, switches may carry a value."""

    @override
    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.allow_extra_args = True
        super().parse_args(ctx, _without_switch_values(self, args))
        if ctx.args:
            raise click.UsageError(f"unrecognized args: {json.dumps(ctx.args)}")
        return ctx.args


_SURROGATE = re.compile("[\ud800-\udfff]")


class Verbs(click.Group):
    """All verbs, and what becomes of an error."""

    command_class = Verb

    @override
    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if self.get_command(ctx, args[0]) is None:
            program = ctx.info_name
            raise click.UsageError(f'{program}: "{args[0]}" is not a {program} command. See "{program} --help".')
        return super().resolve_command(ctx, args)

    @override
    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        # Bytes that are none stand as surrogates in Python's text. A value may be a secret: only its key is named.
        if wrong := next((word for word in args if _SURROGATE.search(word)), None):
            key = wrong.partition("=")[0].encode(errors="surrogateescape").decode(errors="replace")
            raise click.UsageError(f"{key}: not UTF-8 text")
        return super().parse_args(ctx, args)

    @override
    def main(self, *args: Any, **extra: Any) -> NoReturn:
        extra["standalone_mode"] = False
        try:
            code = super().main(*args, **extra)
        except (click.exceptions.NoArgsIsHelpError, click.exceptions.Exit) as shown:
            if isinstance(shown, click.ClickException):
                shown.show()
            sys.exit(shown.exit_code)
        except click.ClickException as error:
            say(f"ERROR {_words(error)}")
            sys.exit(error.exit_code)
        except client.ClientError as error:
            say(f"ERROR {error}")
            sys.exit(error.code)
        except (folders.FolderError, ProjectError) as error:
            say(f"ERROR {error}")
            sys.exit(1)
        except (click.Abort, KeyboardInterrupt):
            sys.exit(INTERRUPTED)
        except BrokenPipeError:
            # Whoever read our output has enough of it; nobody is left to be told.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(1)
        sys.exit(code if isinstance(code, int) else 0)


def model_option(function: Function) -> Function:
    """Add ``-m``/``--model``."""
    return click.option("-m", "--model", "model", default="", help="The model, if not the current one.")(function)


def format_option(*formats: str) -> Callable[[Function], Function]:
    """Add ``--format``; the first is what is shown without it."""
    return click.option("--format", "shape", type=click.Choice(formats), default=formats[0])


def daemon(steps: progress.Steps) -> client.Client:
    """Give the background process, with the ``--pebble`` of this command line."""
    wanted: Path | None = click.get_current_context().find_root().obj
    found = client.Client.here(progress=steps, pebble=wanted)
    if wanted and found.running() and (used := found.ask("ping")["pebble"]) != str(wanted):
        raise click.ClickException(
            f"the background process runs already, with another pebble ({used}); end it first: paas-local shutdown"
        )
    return found


def ask(verb: str, **body: Any) -> Any:
    """Ask the background process one thing."""
    with progress.steps() as steps:
        return daemon(steps).ask(verb, **body)


def the_model(given: str) -> str:
    """Name the model: the flag's, else ``JUJU_MODEL``'s, else the current one."""
    chosen = given or os.environ.get("JUJU_MODEL", "") or current_model()
    if not chosen:
        raise click.ClickException("no model is selected; make one with: paas-local add-model NAME")
    return short(chosen)


def short(model: str) -> str:
    """Leave out controller and owner: ``local:admin/demo`` is ``demo``."""
    return model.rpartition(":")[2].rpartition("/")[2]


def current_model() -> str:
    """Read the current model's name; empty when there is none."""
    file = folders.home() / CURRENT_MODEL
    return file.read_text().strip() if file.exists() else ""


def make_current(model: str) -> None:
    """Choose the model that later commands are about; an empty name chooses none."""
    file = folders.home() / CURRENT_MODEL
    new = file.with_name(f"{CURRENT_MODEL}.{os.getpid()}")
    new.write_text(model + "\n")
    new.replace(file)


def show(document: Any, shape: str) -> None:
    """Print a document."""
    click.echo(written(document, shape), nl=False)


def written(document: Any, shape: str) -> str:
    """Write a document as Juju does: keys in order, JSON on one line."""
    if shape == "json":
        return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n"
    return yaml.safe_dump(document, sort_keys=True, allow_unicode=True)


def say(words: str) -> None:
    """Tell the person something that is not the command's data."""
    click.echo(words, err=True)


def pairs(words: Sequence[str], *, what: str) -> dict[str, str]:
    """Split ``key=value`` words."""
    found: dict[str, str] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or not key:
            raise click.UsageError(f'expected {what} as key=value, got "{word}"')
        found[key] = value
    return found


def values(words: Sequence[str]) -> dict[str, str]:
    """Split the ``key=value`` words of options; ``key=@file`` is the file's text."""
    return {
        key: read(Path(value[1:])) if value.startswith("@") else value
        for key, value in pairs(words, what="options").items()
    }


def read(file: Path) -> str:
    """Read a text file that the person named."""
    try:
        return file.read_text()
    except OSError as error:
        raise click.ClickException(f"cannot read {file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise click.ClickException(f"cannot read {file}: it is not text") from error


def mapping(file: Path) -> dict[str, Any]:
    """Read a YAML file that has to hold a mapping."""
    return yaml_files.load(file)


def options_in(file: str, application: str) -> dict[str, str]:
    """Read options from a YAML file, with or without the application's name above them."""
    document = mapping(Path(file))
    options: dict[str, Any] = document.get(application, document)
    return {key: str(value).lower() if isinstance(value, bool) else str(value) for key, value in options.items()}


def seconds(duration: str, flag: str) -> float:
    """Read a duration as Go writes it: ``5s``, ``1m30s``."""
    parts = _DURATION.findall(duration)
    if not parts or "".join(number + unit for number, unit in parts) != duration:
        raise click.UsageError(f'invalid value "{duration}" for flag {flag}: a time is 30s or 1m30s')
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)


def comma_separated(words: Sequence[str]) -> list[str]:
    """Split lists at commas: ``a,b`` and ``a b`` are the same."""
    return [part for word in words for part in word.split(",") if part]


def _without_switch_values(command: click.Command, args: Sequence[str]) -> list[str]:
    switches = {
        name
        for parameter in command.params
        if isinstance(parameter, click.Option) and parameter.is_flag
        for name in parameter.opts
    }
    end = args.index("--") if "--" in args else len(args)
    kept: list[str] = []
    for arg in args[:end]:
        name, equals, value = arg.partition("=")
        if not equals or name not in switches:
            kept.append(arg)
        elif value.lower() in _TRUE:
            kept.append(name)
        elif value.lower() not in _FALSE:
            raise click.UsageError(f'invalid value "{value}" for flag {name}: it is true or false')
    return [*kept, *args[end:]]


def _words(error: click.ClickException) -> str:
    if isinstance(error, click.NoSuchOption):
        return f"option provided but not defined: {error.option_name}"
    message = error.format_message()
    return message[:1].lower() + message[1:].rstrip(".") if message.startswith("Missing") else message
