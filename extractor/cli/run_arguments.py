"""The arguments and options of `extractor run`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer

from extractor.records import DEFAULT_MODEL, OFFLINE_MODEL

_OUTPUT = "Output"
_LIMITS = "Limits"
_ASKING = "Asking the model"
_RECORD = "The record"


@dataclass(frozen=True, kw_only=True)
class RunArguments:
    """What was typed. None = not typed: the settings, and then the engine, decide.

    The options of `records.Options` keep their names; `reasoning` is spelt as one option per member.
    """

    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATHS", help="Files, folders (with all that is in them, hidden files left out) and globs."
        ),
    ]
    schema: Annotated[
        str,
        typer.Option(
            metavar="S",
            help="module:Class, file.py:Class, a .json file, or invoice | receipt | resume | contract | paper.",
        ),
    ]
    model: Annotated[
        str | None,
        typer.Option(
            metavar="M",
            help=f"Model to ask; {OFFLINE_MODEL} = simple rules, no language model. Default: EXTRACTOR_MODEL, "
            f"else {DEFAULT_MODEL}.",
        ),
    ] = None
    config: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Configuration file (TOML) instead of the one in your configuration folder."),
    ] = None
    debug: Annotated[
        bool,
        typer.Option("--debug", metavar="", help="Show every log event, and the traceback of an unexpected error."),
    ] = False

    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Write one JSON line per document here. Default: stdout.", rich_help_panel=_OUTPUT
        ),
    ] = None
    append: Annotated[
        bool, typer.Option("--append", metavar="", help="Add to an existing --out.", rich_help_panel=_OUTPUT)
    ] = False
    force: Annotated[
        bool, typer.Option("--force", metavar="", help="Replace an existing --out.", rich_help_panel=_OUTPUT)
    ] = False
    quiet: Annotated[
        bool,
        typer.Option(
            "--quiet", "-q", metavar="", help="No progress and no summary; only errors.", rich_help_panel=_OUTPUT
        ),
    ] = False

    concurrency: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            max=1000,
            help="Documents in flight at once. Default: EXTRACTOR_CONCURRENCY, else 8.",
            rich_help_panel=_LIMITS,
        ),
    ] = None
    budget: Annotated[
        float | None,
        typer.Option(
            metavar="USD",
            min=0,
            help="Cap for the whole run; what comes after it fails with budget_exceeded and is not sent.",
            rich_help_panel=_LIMITS,
        ),
    ] = None
    max_cost_usd: Annotated[
        float | None, typer.Option(metavar="USD", help="Cap for each document.", rich_help_panel=_LIMITS)
    ] = None
    max_attempts: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Answers asked for per document at most. Default: EXTRACTOR_MAX_ATTEMPTS, else 3.",
            rich_help_panel=_LIMITS,
        ),
    ] = None
    max_tokens: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Ceiling on output tokens, reasoning included. Default: estimated from the schema.",
            rich_help_panel=_LIMITS,
        ),
    ] = None

    enforcement: Annotated[
        Literal["auto", "json_schema", "tool", "json_object", "prompt"] | None,
        typer.Option(
            metavar="RUNG",
            help="How the schema is enforced: auto (the strongest way the model takes), or json_schema, tool, "
            "json_object, prompt and no other.",
            rich_help_panel=_ASKING,
        ),
    ] = None
    temperature: Annotated[
        float | None, typer.Option(metavar="T", help="0 to 2. Default: 0.", rich_help_panel=_ASKING)
    ] = None
    top_p: Annotated[float | None, typer.Option(metavar="P", help="Above 0, up to 1.", rich_help_panel=_ASKING)] = None
    seed: Annotated[int | None, typer.Option(metavar="N", help="Default: a fixed one.", rich_help_panel=_ASKING)] = None
    presence_penalty: Annotated[float | None, typer.Option(metavar="X", help="-2 to 2.", rich_help_panel=_ASKING)] = (
        None
    )
    reasoning: Annotated[
        bool | None,
        typer.Option("--reasoning/--no-reasoning", metavar="", help="Thinking on or off.", rich_help_panel=_ASKING),
    ] = None
    reasoning_effort: Annotated[
        str | None,
        typer.Option(metavar="LEVEL", help="none, minimal, low, medium, high, xhigh or max.", rich_help_panel=_ASKING),
    ] = None
    reasoning_tokens: Annotated[
        int | None, typer.Option(metavar="N", help="Ceiling on reasoning tokens.", rich_help_panel=_ASKING)
    ] = None

    absence: Annotated[
        Literal["say", "forbid"] | None,
        typer.Option(
            metavar="say|forbid",
            help="say = a required value may be answered 'not stated' (default); forbid = it must be filled.",
            rich_help_panel=_RECORD,
        ),
    ] = None
    nulls: Annotated[
        Literal["absent", "exact"] | None,
        typer.Option(
            metavar="absent|exact",
            help="absent = null for an optional member means it is not there (default); exact = they stay apart.",
            rich_help_panel=_RECORD,
        ),
    ] = None
    open_objects: Annotated[
        Literal["drop", "keep"] | None,
        typer.Option(
            metavar="drop|keep",
            help="drop = ask only for members that the schema names (default); keep = for others as well.",
            rich_help_panel=_RECORD,
        ),
    ] = None
    evidence: Annotated[
        Literal["post", "off"] | None,
        typer.Option(
            metavar="post|off",
            help="post = look every value up in the document (default); off = do not.",
            rich_help_panel=_RECORD,
        ),
    ] = None
