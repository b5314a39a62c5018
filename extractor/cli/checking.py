"""What `extractor schema check`, `lower` and `show` do."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from extractor import log
from extractor.cli.exits import ExitCode
from extractor.cli.schema_places import line_of
from extractor.cli.schema_table import print_report
from extractor.cli.schema_words import ARGUMENT_TAKES, file_of, load_target
from extractor.cli.stdout import on_stdout
from extractor.cli.wording import printable
from extractor.errors import ExtractionError, InvalidSchema, UnsupportedSchema
from extractor.jsontext import dumps
from extractor.prompt import words
from extractor.schema import asked_for, contract_for, report, target_from
from extractor.schema import lower as lower_schema

if TYPE_CHECKING:
    from extractor.cli.schema_arguments import CheckArguments, LowerArguments, SchemaArguments
    from extractor.records import Target
    from extractor.schema import Contract

_STDIN = Path("/dev/stdin")


def check_schema(arguments: CheckArguments) -> int:
    """Write what happens to a schema, as tables or as one line of JSON; return the exit code.

    As JSON a refusal is written as well, besides what every command says of its errors.

    Raises:
        InvalidSchema: it is not a schema, or not there.
        UnsupportedSchema: it cannot be used.
    """
    try:
        found = report(*_load(arguments))
    except ExtractionError as error:
        if arguments.as_json:
            refusal = {"ok": False, "code": error.code, "message": error.message, "at": getattr(error, "at", None)}
            _write(dumps(refusal))
        raise
    if arguments.as_json:
        _write(dumps({"ok": True, **found.as_json()}))
    else:
        with on_stdout():
            print_report(found)
    return ExitCode.SUCCEEDED


def write_wire_schema(arguments: LowerArguments) -> int:
    """Write the wire schema and nothing else; return the exit code.

    Raises:
        InvalidSchema: it is not a schema, or not there.
        UnsupportedSchema: it cannot be used.
    """
    target, contract = _load(arguments)
    wire = contract.shape.schema
    if arguments.dialect != "openai":
        wire = lower_schema(
            target.schema,
            dialect=arguments.dialect,
            open_objects=arguments.open_objects,
            nulls=arguments.nulls,
            absence=arguments.absence,
        ).wire
    _write(json.dumps(wire, indent=2, ensure_ascii=False))
    return ExitCode.SUCCEEDED


def write_words(arguments: SchemaArguments) -> int:
    """Write the schema block of a question, without the tags round it; return the exit code.

    Raises:
        InvalidSchema: it is not a schema, or not there.
        UnsupportedSchema: it cannot be used.
    """
    _, contract = _load(arguments)
    _write(words.render(contract.shape))
    return ExitCode.SUCCEEDED


def _load(arguments: SchemaArguments) -> tuple[Target, Contract]:
    log.configure("DEBUG" if arguments.debug else "WARNING")
    try:
        is_piped = arguments.schema == "-"
        target = target_from(_STDIN) if is_piped else load_target(arguments.schema, takes=ARGUMENT_TAKES)
        contract = _contract(target, arguments)
    except (InvalidSchema, UnsupportedSchema) as error:
        _say_line(file_of(arguments.schema), error)
        raise
    many = asked_for(target, arguments.records)  # after the schema itself, whose places are those of the file
    return many, contract if many is target else _contract(many, arguments)


def _contract(target: Target, arguments: SchemaArguments) -> Contract:
    return contract_for(target, open_objects=arguments.open_objects, nulls=arguments.nulls, absence=arguments.absence)


def _say_line(path: Path | None, error: InvalidSchema | UnsupportedSchema) -> None:
    """Say in which line of a JSON file the place is that an error names."""
    line = error.line if isinstance(error, InvalidSchema) else None
    if path is None or path.suffix.lower() != ".json" or not (line or error.at):
        return
    line = line or line_of(path.read_text("utf-8-sig", "replace"), error.at or "")
    if line:
        typer.echo(f"{printable(str(path))}:{line}:", err=True)


def _write(text: str) -> None:
    r"""Write text as it is, but spell out on a terminal what it would obey: `\u009b` is the same in JSON."""
    with on_stdout():
        if sys.stdout.isatty():
            text = "\n".join(map(printable, text.split("\n")))
        typer.echo(text.encode("utf-8", "surrogatepass"))
