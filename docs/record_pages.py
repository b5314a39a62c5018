"""The reference pages of what goes in and what comes out, made from the records and the comments on their fields."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import re
from decimal import Decimal
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin, get_type_hints

from extractor import records
from extractor.options import LIMITS
from extractor.records import (
    Attempt,
    Conflict,
    Coverage,
    Enforcement,
    Evidence,
    Failure,
    Options,
    PriceCeiling,
    ProviderPolicy,
    ReadingNote,
    Reasoning,
    Repair,
    Result,
    Stated,
    Timings,
    Usage,
    Violation,
    results,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROW = "| {} |"
#: What a reader calls the types of Python.
NAMES = {str: "text", int: "whole number", float: "number", bool: "true or false", NoneType: "null", Any: "any JSON"}
#: Records inside a result, in the order in which one meets them.
INSIDE = (
    Evidence,
    Coverage,
    Conflict,
    Stated,
    Attempt,
    Violation,
    Repair,
    Enforcement,
    Usage,
    Failure,
    ReadingNote,
    Timings,
)
#: Members of a result that are computed from others -> their type.
COMPUTED = {"usage": "[Usage](#usage)", "cost_usd": "number"}


def options_page() -> str:
    """Return the page of all options: one row per field of `Options`, and of the records inside it."""
    head = ("option", "type", "default", "limits", "what it is")
    lines = [
        "# Options",
        "Generated from `extractor/records/inputs.py` by `docs/generate.py`; do not edit.",
        "",
        "How a caller wants an extraction done: one closed list, the same at every door. In Python each is a keyword",
        "of `extract` and of the methods of `Queue`; over HTTP and Celery a member of `options`. On the command line",
        "it is a flag with dashes for underscores, but `reasoning` is a flag for each of its members, `provider` one",
        "for each rule, and `tools` and `tool_choice` have none. In process `priority` makes no difference.",
        "",
        *_table(head, _option_rows()),
        "",
        "`model`, `models` and a model that `repair_model` names must be among `EXTRACTOR_MODELS` of the queue.",
        "How a list of records is asked for is told in [schemas](../schemas.md#many-records-in-one-document).",
    ]
    for record in (Reasoning, ProviderPolicy, PriceCeiling):
        lines += ["", *_section(record)]
    return "\n".join(lines).replace("None = ", "Unset = ") + "\n"


def results_page() -> str:
    """Return the page of results: one row per member of their JSON, and of the records inside."""
    of_results = inspect.getsource(results)
    lines = [
        "# Results",
        "Generated from `extractor/records/` by `docs/generate.py`; do not edit.",
        "",
        "What `extract` and `Queue.wait` return, a line of `extractor run`, the body of `GET /v1/extractions/{id}` and",
        "the result of the Celery task. Every pointer is a JSON Pointer into the record, every offset a count of code",
        "points into the document's text.",
        "",
        *_table(("member", "type", "what it is"), _result_rows()),
        "",
        f"`states`: {_says(of_results, ast.parse(of_results).body)['FieldState']}",
    ]
    for record in INSIDE:
        lines += ["", *_section(record)]
    return re.sub(r"\bNone\b", "null", "\n".join(lines)) + "\n"


def _option_rows() -> Iterator[Sequence[str]]:
    comments, types = _comments(Options), _types(Options)
    for field in dataclasses.fields(Options):
        least, most = LIMITS.get(field.name, (None, None))
        limits = "" if least is None else f"≥ {_decimal(least)}, ≤ {_decimal(most)}"
        yield f"`{field.name}`", _kind(types[field.name]), _default(field), limits, comments[field.name]


def _default(field: dataclasses.Field[Any]) -> str:
    return "unset" if field.default is None or field.default == () else f"`{field.default}`"


def _decimal(limit: float) -> str:
    """Write a limit without an exponent."""
    return f"{int(limit):,}" if limit == int(limit) else f"{Decimal(str(limit)):f}"


def _result_rows() -> Iterator[Sequence[str]]:
    comments, types = _comments(Result), _types(Result)
    members = Result(id="", source=None, status="queued", record=None, enforcement=Enforcement(asked=""), engine="")
    for name in members.members():
        if name in COMPUTED:
            yield f"`{name}`", COMPUTED[name], _first_line(getattr(Result, name))
        else:
            kind = "any JSON" if name == "record" else _kind(types[name])
            yield f"`{name}`", kind, comments[name]


def _section(record: type[Any]) -> list[str]:
    comments, types = _comments(record), _types(record)
    rows = ((f"`{name}`", _kind(types[name]), says) for name, says in comments.items())
    return [f"## {record.__name__}", _first_line(record), "", *_table(("member", "type", "what it is"), rows)]


def _comments(record: type[Any]) -> dict[str, str]:
    """Return what the comments on each field of a record say."""
    source = inspect.getsource(record)
    (definition,) = ast.parse(source).body
    return _says(source, definition.body) if isinstance(definition, ast.ClassDef) else {}


def _says(source: str, nodes: Sequence[ast.stmt]) -> dict[str, str]:
    """Return name -> what the lines `#: …` above its declaration say."""
    lines = source.splitlines()
    found = {}
    for node in nodes:
        if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name):
            continue
        above = []
        for line in reversed(lines[: node.lineno - 1]):
            if not line.strip().startswith("#:"):
                break
            above.append(line.strip().removeprefix("#:").strip())
        if above:
            found[node.target.id] = " ".join(reversed(above))
    return found


def _types(record: type[Any]) -> dict[str, Any]:
    return get_type_hints(record, localns=vars(records))


def _kind(annotation: Any) -> str:
    """Return a type in words."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return ", ".join(f"`{value}`" for value in arguments)
    if origin in {Union, UnionType}:
        stated = [part for part in arguments if part is not NoneType]
        are_words = all(get_origin(part) is Literal for part in stated)
        return (", " if are_words else " or ").join(_kind(part) for part in stated)
    if origin is tuple:
        return f"list of {_kind(arguments[0])}"
    if origin is dict:
        return "object" if arguments[1] is Any else f"object of {_kind(arguments[1])}"
    if dataclasses.is_dataclass(annotation) and isinstance(annotation, type):
        return f"[{annotation.__name__}](#{annotation.__name__.lower()})"
    return NAMES[annotation]


def _first_line(documented: Any) -> str:
    return " ".join((inspect.getdoc(documented) or "").split("\n\n")[0].split())


def _table(head: Sequence[str], rows: Iterator[Sequence[str]]) -> list[str]:
    rule = ["---"] * len(head)
    return [ROW.format(" | ".join(cell.replace("|", "\\|") for cell in row)) for row in (head, rule, *rows)]
