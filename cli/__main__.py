"""Starts the command line: ``python -m cli``; ``cli/youthcity`` is the same as a program of its own.

Lives here: the group of all commands, and how a run ends: with a status and a sentence. Not here: the meaning of each status
(``exits``).
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import sys
from typing import Any

import click
from click.shell_completion import CompletionItem

from cli import VERSION, exits, language
from cli.language import say

PROGRAM = "youthcity"
COMPLETE = "_YOUTHCITY_COMPLETE"
#: Command → its line in the list of commands. Its module, of the same name, is imported when it is called, and not before.
COMMANDS = {
    "imports": "Rosters and registers: send a file, see the result of each row.",
    "clients": "Registered clients: departments' systems that may request tokens.",
    "city": "A city's pack: its programmes, sets, schemes and messages as files.",
    "report": "The city's progress report: every programme with its figures, as text.",
    "queues": "Every queue: messages, unacknowledged, consumers, lane; and which are missing, or belong to no one (orphan).",
    "dead": "Messages that were given up on, of every service.",
    "events": "What the services announce.",
    "trace": (
        "One timeline of ID: of a trace, a request (X-Request-Id), an event, a dead letter, an import, a message, a delivery."
    ),
    "environment": 'Print the variables of this checkout\'s platform, for a shell: eval "$(python -m cli environment)".',
}


class _Commands(click.Group):
    """The commands above; what a shell completes, and the list in --help, load none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, in the chosen language."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module("cli.city.commands" if cmd_name == "city" else f"cli.{cmd_name}")
        command: click.Command = getattr(module, cmd_name)
        language.translate_help(command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list in --help."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, language.translated(text)) for name, text in COMMANDS.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """What begins so."""
        names = [name for name in COMMANDS if name.startswith(incomplete)]
        found = [CompletionItem(name, help=language.translated(COMMANDS[name])) for name in names]
        return [*found, *click.Command.shell_complete(self, ctx, incomplete)]


def _choose_language(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
    if value is not None:
        language.choose(value)
        language.translate_help(main)


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.option(
    "--lang",
    type=click.Choice(language.LANGUAGES),
    expose_value=False,
    is_eager=True,
    callback=_choose_language,
    help="Language; else YOUTHCITY_LANG, else LANG.",
)
@click.version_option(VERSION, message="youth-city %(version)s", help="Show the version and exit.")
def main() -> None:
    """Youth City at the command line: rosters over HTTP for departments, databases and broker for on call.

    Uses the platform the environment names, else the one running in this checkout.
    Exit status: 0 done, 1 refused or failed, 2 wrongly called or not set up, 3 not reachable or busy, 130 Ctrl-C.
    """


def run() -> int:
    """Run the command of this process and return its exit status."""
    click.Context.formatter_class = language.Formatter
    language.choose(language.of_environment(os.environ))
    language.translate_help(main)
    logging.getLogger().addHandler(logging.NullHandler())  # log lines of libraries are no output
    name = PROGRAM if os.environ.get("YOUTHCITY_PROGRAM") else "python -m cli"
    try:
        status: Any = main.main(prog_name=name, complete_var=COMPLETE, standalone_mode=False)
        return status if isinstance(status, int) else exits.DONE
    except click.exceptions.NoArgsIsHelpError as nothing:
        click.echo(nothing.format_message(), err=True)
        return exits.USAGE
    except click.ClickException as failure:
        return _report_failure(failure)
    except click.Abort:
        click.echo(say("Stopped."), err=True)
        return exits.INTERRUPTED
    except Exception as error:
        if os.environ.get("YOUTHCITY_DEBUG"):
            raise
        return _report_failure(exits.explained(error))


def _report_failure(failure: click.ClickException) -> int:
    """Print the reason on standard error, as JSON for scripts; returns the exit status."""
    problem = failure.__cause__
    message = failure.format_message()
    if (zh := getattr(problem, "zh", None)) is not None:  # a ClientProblem of the gateway
        message = language.pick(zh, str(problem))
    if "--json" in sys.argv:
        code = getattr(failure, "code", "usage" if failure.exit_code == exits.USAGE else "refused")
        found = {"error": code, "message": message, **getattr(failure, "details", {})}
        click.echo(json.dumps(found, ensure_ascii=False), err=True)
        return failure.exit_code
    if isinstance(failure, click.UsageError) and failure.ctx is not None:
        click.echo(failure.ctx.get_usage(), err=True)
    click.echo(say("Error: {message}", message=language.of_click(message)), err=True)
    for hint in getattr(failure, "hints", ()):
        click.echo(hint, err=True)
    return failure.exit_code


if __name__ == "__main__":
    sys.exit(run())
