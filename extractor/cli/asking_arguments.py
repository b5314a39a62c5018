"""The arguments and options of every command that extracts from files, wherever it is done."""

from dataclasses import dataclass, fields
from typing import Annotated, Any, Literal

import typer

from extractor.cli.provider_rules import policy_from
from extractor.cli.usual_arguments import ConfigFile, Debug
from extractor.records import DEFAULT_MODEL, OFFLINE_MODEL, Options

LIMITS_PANEL = "Limits"
_ASKING = "Asking the model"
_RECORD = "The record"


@dataclass(frozen=True, kw_only=True)
class AskingArguments:
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
    models: Annotated[
        list[str] | None,
        typer.Option(
            metavar="M",
            help="Model to ask where the one before fails, or its answers stay wrong. May be repeated. Default: none.",
        ),
    ] = None
    config: ConfigFile = None
    debug: Debug = False

    max_cost_usd: Annotated[
        float | None, typer.Option(metavar="USD", help="Cap for each document.", rich_help_panel=LIMITS_PANEL)
    ] = None
    max_attempts: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Answers asked for per document at most. Default: EXTRACTOR_MAX_ATTEMPTS, else 3.",
            rich_help_panel=LIMITS_PANEL,
        ),
    ] = None
    max_tokens: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Ceiling on output tokens, reasoning included. Default: estimated from the schema.",
            rich_help_panel=LIMITS_PANEL,
        ),
    ] = None

    enforcement: Annotated[
        Literal["auto", "required", "json_schema", "tool", "json_object", "prompt"] | None,
        typer.Option(
            metavar="RUNG",
            help="How the schema is enforced: auto (the strongest way the model takes), required (no record but from "
            "json_schema), or json_schema, tool, json_object, prompt and no other.",
            rich_help_panel=_ASKING,
        ),
    ] = None
    provider: Annotated[
        list[str] | None,
        typer.Option(
            metavar="RULE",
            help="Which of OpenRouter's providers may be used: zdr=true, data_collection=deny, order=A,B, only=A,B, "
            "ignore=A,B, max_price.prompt=USD, max_price.completion=USD (per million tokens). May be repeated.",
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

    repair_model: Annotated[
        str | None,
        typer.Option(
            metavar="M",
            help="Who is asked again for single values: same = the model itself, sibling = its variant that does not "
            "think, or a model. Default: the sibling where one is known, else the model itself.",
            rich_help_panel=_ASKING,
        ),
    ] = None

    records: Annotated[
        Literal["auto", "one", "many"] | None,
        typer.Option(
            metavar="auto|one|many",
            help="one = a document is one record; many = a list of them; auto = what the schema says (default).",
            rich_help_panel=_RECORD,
        ),
    ] = None
    on_invalid: Annotated[
        Literal["fail", "partial", "null"] | None,
        typer.Option(
            metavar="WHAT",
            help="What becomes of a document whose answers stay wrong: fail (default); partial = what is right is kept "
            "and the rest left out; null = the rest is null, a success where the schema takes it.",
            rich_help_panel=_RECORD,
        ),
    ] = None
    on_conflict: Annotated[
        Literal["evidence", "first", "last", "majority", "error", "ask"] | None,
        typer.Option(
            metavar="WHICH",
            help="The value that counts where parts of a long document state different ones: evidence (the first that "
            "stands in the document, else the most frequent; default), first, last, majority, error = none, ask = the "
            "model chooses.",
            rich_help_panel=_RECORD,
        ),
    ] = None
    repairs: Annotated[
        Literal["on", "off"] | None,
        typer.Option(
            metavar="on|off",
            help="on = slips that cannot change the meaning are mended and named (default); off = asked again.",
            rich_help_panel=_RECORD,
        ),
    ] = None
    unsupported: Annotated[
        Literal["flag", "reask"] | None,
        typer.Option(
            metavar="flag|reask",
            help="A value in neither the document nor the reasoning: flag = name it (default); reask = ask again.",
            rich_help_panel=_RECORD,
        ),
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

    def typed_options(self) -> dict[str, Any]:
        """Return the options that were typed, by their names in `records.Options`; None = not typed.

        Raises:
            InvalidRequest: a rule about providers cannot be read.
        """
        thinking = {
            "enabled": self.reasoning,
            "effort": self.reasoning_effort,
            "max_tokens": self.reasoning_tokens,
        }
        typed = {field.name: getattr(self, field.name, None) for field in fields(Options)}
        return typed | {
            "models": self.models or None,
            "provider": policy_from(self.provider or ()),
            "reasoning": thinking if any(value is not None for value in thinking.values()) else None,
        }
