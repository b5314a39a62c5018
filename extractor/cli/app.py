"""The program `extractor`: its commands, and how every way of ending is told."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from extractor.cli.dev_command import dev
from extractor.cli.exits import ExitCode, exit_code_of
from extractor.cli.queue_commands import cancel, queue, result, retry, status, submit, watch
from extractor.cli.run_command import run
from extractor.cli.schema_commands import schema
from extractor.cli.serve_command import serve
from extractor.cli.simulate_command import simulate
from extractor.cli.wording import error_line
from extractor.cli.worker_command import worker
from extractor.errors import ExtractionError, InvalidRequest

app = typer.Typer(
    add_completion=False,  # typer parses options without a default by pydantic, 60 ms: its two for completion have none
    context_settings={"default_map": {"help": False}},  # nor has its --help; so `extractor run --help` stays light
    pretty_exceptions_enable=False,  # `exit_code` tells what happened
    pretty_exceptions_show_locals=False,  # variables hold keys and documents
)
app.command()(run)
for _command in (submit, status, result, cancel, retry, watch):
    app.command()(_command)
app.add_typer(queue, name="queue")
app.add_typer(schema, name="schema")
app.command()(serve)
app.command()(worker)
app.command()(dev)
app.command()(simulate)


def _print_version(is_wanted: bool) -> None:  # noqa: FBT001 - the signature that typer calls
    if is_wanted:
        from importlib.metadata import version  # command start-up: 40 ms that no other command needs

        typer.echo(f"extractor {version('extractor')}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def extractor(
    context: typer.Context,
    *,
    _version: Annotated[
        bool,
        typer.Option(
            "--version", help="Show the version and exit.", metavar="", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Structured extraction: documents and a schema in, validated records with their evidence out."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(ExitCode.USAGE)


def main() -> None:
    """Run the command line and exit."""
    sys.exit(exit_code())


def exit_code() -> int:
    """Run the command line; say on stderr what went wrong, in one sentence with its code."""
    try:
        return int(app(standalone_mode=False) or ExitCode.SUCCEEDED)
    except typer.TyperException as error:
        return _say_usage(error)
    except ExtractionError as error:
        typer.echo(error_line(error.code, error.message), err=True)
        return exit_code_of(error)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told in a sentence
        from extractor.cli.crash import describe  # command start-up: wanted only after a crash

        typer.echo(describe(error, in_full="--debug" in sys.argv), err=True)
        return ExitCode.COULD_NOT_START


def _say_usage(error: typer.TyperException) -> int:
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "extractor"
    typer.echo(error_line(InvalidRequest.code, _what_was_wrong(error)), err=True)
    typer.echo(f"Try '{command} --help'.", err=True)
    return ExitCode.USAGE


def _what_was_wrong(error: typer.TyperException) -> str:
    """Return what typer says, but of a misspelt option the one that is like it; the dashes are no likeness."""
    wrong = getattr(error, "option_name", None)
    if wrong is None or not hasattr(error, "possibilities"):
        return error.format_message()
    from difflib import get_close_matches  # command start-up: wanted only after a mistake

    said = f"No such option: {wrong}."
    names = {option.lstrip("-"): option for option in error.possibilities or ()}
    nearest = get_close_matches(wrong.lstrip("-"), names, n=1)
    return f"{said} Did you mean {names[nearest[0]]}?" if nearest else said
