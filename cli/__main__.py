"""Starts the command line: ``python -m cli``; ``cli/youthcity`` is the same as a program of its own.

Lives here: the group of all commands, and how a run ends: with a status and a sentence. Not here: the meaning of each status
(``exits``).
"""

from __future__ import annotations

import json
import logging
import os
import sys
from typing import Any

import click

from cli import exits, language
from cli.city.commands import city
from cli.clients import clients
from cli.dead import dead
from cli.events import events
from cli.imports import imports
from cli.language import say
from cli.queues import queues
from cli.trace import trace
from gateway.auth.clients import ClientProblem

PROGRAM = "youthcity"
COMPLETE = "_YOUTHCITY_COMPLETE"


def _choose_language(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
    if value is not None:
        language.choose(value)
        language.translate_help(main)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option(
    "--lang",
    type=click.Choice(language.LANGUAGES),
    expose_value=False,
    is_eager=True,
    callback=_choose_language,
    help="Language; else YOUTHCITY_LANG, else LANG.",
)
def main() -> None:
    """Youth City at the command line: rosters over HTTP for departments, databases and broker for on call.

    Uses the platform the environment names, else the one running in this checkout.
    Exit status: 0 done, 1 refused or failed, 2 wrongly called or not set up, 3 not reachable or busy, 130 Ctrl-C.
    """


for command in (imports, clients, queues, dead, events, trace, city):
    main.add_command(command)


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
    if isinstance(problem, ClientProblem):
        message = language.pick(problem.zh, problem.en)
    if "--json" in sys.argv:
        code = getattr(failure, "code", "usage" if failure.exit_code == exits.USAGE else "refused")
        click.echo(json.dumps({"error": code, "message": message}, ensure_ascii=False), err=True)
        return failure.exit_code
    if isinstance(failure, click.UsageError) and failure.ctx is not None:
        click.echo(failure.ctx.get_usage(), err=True)
    click.echo(say("Error: {message}", message=language.of_click(message)), err=True)
    return failure.exit_code


if __name__ == "__main__":
    sys.exit(run())
