"""Click with Juju's rules for flags, errors and exit statuses.

Juju's flags differ from click's in two ways that scripts rely on: a switch may have a value (``--trust=false``), and
an error is one line, ``ERROR ...``, with exit status 2 for invalid usage.
"""

import json
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn, TypeVar

import click
from typing_extensions import override

from paas_local import folders
from paas_local.build.errors import ProjectError
from paas_local.cli import client, left_out
from paas_local.cli.output import say, warn_ignored
from paas_local.juju import go_values, names

_INTERRUPTED = 130
_SURROGATE = re.compile("[\ud800-\udfff]")

Function = TypeVar("Function", bound=Callable[..., Any])


class IgnoredOption(click.Option):
    """A flag of Juju without effect on one machine: scripts may use it, a warning and ``--help`` name it."""

    def __init__(self, declarations: Sequence[str], **attributes: Any) -> None:
        super().__init__(declarations, hidden=True, expose_value=False, callback=_warn_ignored, **attributes)


class JujuCommand(click.Command):
    """One command; flags may come anywhere before ``--``, and switches may have a value."""

    @override
    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_epilog(ctx, formatter)
        if ignored := [option.opts[0] for option in self.params if isinstance(option, IgnoredOption)]:
            formatter.write_paragraph()
            formatter.write_text(f"Accepted for Juju's scripts, without effect here: {', '.join(sorted(ignored))}.")

    @override
    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.allow_extra_args = True
        super().parse_args(ctx, _without_switch_values(self, args))
        if ctx.args:
            raise click.UsageError(f"unrecognized args: {json.dumps(ctx.args)}")
        return ctx.args


class JujuGroup(click.Group):
    """The group of commands, which prints each error and chooses the exit status."""

    command_class = JujuCommand
    sections: Mapping[str, Sequence[str]] = {}
    """The names of the commands below each heading of ``--help``."""

    @override
    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if self.get_command(ctx, args[0]) is None:
            program = ctx.info_name
            if text := left_out.refusal_of(args[0]):
                raise click.ClickException(text)
            raise click.UsageError(
                f'{program}: "{args[0]}" is not a {program} command. See "{program} --help"'
                f"{names.did_you_mean(args[0], self.list_commands(ctx)) or '.'}"
            )
        return super().resolve_command(ctx, args)

    @override
    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        width = max(map(len, self.list_commands(ctx)))
        for heading, members in self.sections.items():
            commands = ((name, self.get_command(ctx, name)) for name in members)
            with formatter.section(heading):
                formatter.write_dl(
                    [(name.ljust(width), each.get_short_help_str(formatter.width)) for name, each in commands if each]
                )

    @override
    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        # Python decodes invalid bytes to surrogates. A value may be a secret: only its key is printed.
        if word := next((word for word in args if _SURROGATE.search(word)), None):
            key = word.partition("=")[0].encode(errors="surrogateescape").decode(errors="replace")
            raise click.UsageError(f"{key}: not UTF-8 text")
        return super().parse_args(ctx, args)

    @override
    def main(self, *args: Any, **extra: Any) -> NoReturn:
        extra["standalone_mode"] = False
        try:
            code = super().main(*args, **extra)
        except (click.exceptions.NoArgsIsHelpError, click.exceptions.Exit) as end:
            if isinstance(end, click.ClickException):
                end.show()
            sys.exit(end.exit_code)
        except click.ClickException as error:
            say(f"ERROR {_message(error)}")
            sys.exit(error.exit_code)
        except client.ClientError as error:
            say(f"ERROR {error}")
            sys.exit(error.code)
        except (folders.FolderError, ProjectError) as error:
            say(f"ERROR {error}")
            sys.exit(1)
        except (click.Abort, KeyboardInterrupt):
            sys.exit(_INTERRUPTED)
        except BrokenPipeError:
            # the reader of the output has closed it
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(1)
        sys.exit(code if isinstance(code, int) else 0)


def juju_command(function: Callable[..., int | None]) -> click.Command:
    """Make a function the command that is named as its module: ``add_model`` is ``add-model``."""
    name = function.__module__.rpartition(".")[2].replace("_", "-")
    return click.command(name, cls=JujuCommand)(function)


def ignored_options(*declarations: str, is_flag: bool = False) -> Callable[[Function], Function]:
    """Accept flags of Juju that have no effect here, each as ``--name`` or ``--name/-n``."""

    def decorate(function: Function) -> Function:
        for declaration in declarations:
            names_of_flag = declaration.split("/")
            function = click.option(*names_of_flag, cls=IgnoredOption, is_flag=is_flag, multiple=not is_flag)(function)
        return function

    return decorate


def model_option(function: Function) -> Function:
    """Add ``-m``/``--model``."""
    return click.option("-m", "--model", "model", default="", help="The model, if not the current one.")(function)


def format_option(*formats: str) -> Callable[[Function], Function]:
    """Add ``--format``; the first format is the default."""
    return click.option(
        "--format",
        "output_format",
        type=click.Choice(formats),
        default=formats[0],
        show_default=True,
        help="The format of the output.",
    )


def _without_switch_values(command: click.Command, args: Sequence[str]) -> list[str]:
    # the flag for false, if a missing flag is something else
    switches = {
        name: parameter.secondary_opts[:1]
        for parameter in command.params
        if isinstance(parameter, click.Option) and parameter.is_flag
        for name in parameter.opts
    }
    end = args.index("--") if "--" in args else len(args)
    kept: list[str] = []
    for arg in args[:end]:
        name, equals, text = arg.partition("=")
        if not equals or name not in switches:
            kept.append(arg)
            continue
        value = go_values.boolean(text)
        if value is None:
            raise click.UsageError(f'invalid value "{text}" for flag {name}: expected true or false')
        kept += [name] if value else switches[name]
    return [*kept, *args[end:]]


def _warn_ignored(context: click.Context, option: click.Parameter, value: object) -> None:
    del context
    if value:
        warn_ignored(option.opts[0])


def _message(error: click.ClickException) -> str:
    if isinstance(error, click.NoSuchOption):
        known = error.possibilities or ()
        return f"option provided but not defined: {error.option_name}{names.did_you_mean(error.option_name, known)}"
    message = error.format_message()
    return message[:1].lower() + message[1:].rstrip(".") if message.startswith("Missing") else message
