"""The arguments and options of the commands that look at a schema."""

from dataclasses import dataclass
from typing import Annotated, Literal

import typer

from extractor.cli.usual_arguments import Debug
from extractor.records import Options

_AS_EXTRACTED = Options()
_RECORD = "The record"


@dataclass(frozen=True, kw_only=True)
class SchemaArguments:
    """What every one of these commands takes. The defaults are those of an extraction."""

    schema: Annotated[
        str,
        typer.Argument(
            metavar="SCHEMA",
            help="What `extractor run --schema` takes: module:Class, file.py:Class, a .json file, or invoice | receipt "
            "| resume | contract | paper; - reads a JSON Schema from stdin.",
        ),
    ]
    absence: Annotated[
        Literal["say", "forbid"],
        typer.Option(
            metavar="say|forbid",
            help="say = a required value may be answered 'not stated'; forbid = it must be filled.",
            rich_help_panel=_RECORD,
        ),
    ] = _AS_EXTRACTED.absence
    nulls: Annotated[
        Literal["absent", "exact"],
        typer.Option(
            metavar="absent|exact",
            help="absent = null for an optional member means it is not there; exact = they stay apart.",
            rich_help_panel=_RECORD,
        ),
    ] = _AS_EXTRACTED.nulls
    open_objects: Annotated[
        Literal["drop", "keep"],
        typer.Option(
            metavar="drop|keep",
            help="drop = ask only for members that the schema names; keep = for others as well.",
            rich_help_panel=_RECORD,
        ),
    ] = _AS_EXTRACTED.open_objects
    records: Annotated[
        Literal["auto", "one", "many"],
        typer.Option(
            metavar="auto|one|many",
            help="many = as it is asked for a list of such records; one and auto = as it stands.",
            rich_help_panel=_RECORD,
        ),
    ] = _AS_EXTRACTED.records
    debug: Debug = False


@dataclass(frozen=True, kw_only=True)
class CheckArguments(SchemaArguments):
    """What was typed after `extractor schema check`."""

    as_json: Annotated[bool, typer.Option("--json", metavar="", help="Write JSON, for programs.")] = False


@dataclass(frozen=True, kw_only=True)
class LowerArguments(SchemaArguments):
    """What was typed after `extractor schema lower`."""

    dialect: Annotated[
        Literal["openai", "portable"],
        typer.Option(
            metavar="openai|portable",
            help="The subset to write it in: openai, as extractions ask; portable = what every provider takes.",
        ),
    ] = "openai"
