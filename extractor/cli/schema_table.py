"""A report on a schema for a person: a table of fields, figures, and what is worth a second look."""

from __future__ import annotations

import json
import sys
import textwrap
from typing import TYPE_CHECKING

import typer
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table

from extractor.cli.wording import printable
from extractor.jsontext import dumps, pointer, tokens

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from extractor.records import Json
    from extractor.schema import Hint, Report, ReportRow

_COLUMNS = ("field", "type", "held by", "rule")
#: Cells between two columns.
_GAP = 2
#: Cells below which neither a field nor its type is squeezed: `string, optional`.
_MIN_TYPE = 16
#: Characters of one keyword's value.
_MAX_VALUE = 120
#: What the words of the third column mean, for those that occur.
_LEGEND = {
    "grammar": "grammar: the model cannot write anything else, where its provider enforces the wire schema.",
    "words": "words: told to the model, and checked on every answer.",
    "class": "class: a validator of the class, run on every record.",
}


def print_report(report: Report) -> None:
    """Print that a schema can be used, and what becomes of it. Lines end where the terminal does."""
    _say(f"{printable(report.name)} can be used.")
    typer.echo()
    lines = [line for row in report.fields for line in _lines(row)]
    if lines:
        _print_table(lines)
    if report.is_cut:
        _say("… and more fields." if lines else "It takes long to list its fields, so they are left out.")
    typer.echo()
    for sentence in _legend(report, held_by={line[2] for line in lines}):
        _say(sentence)
    typer.echo()
    for sentence in _figures(report):
        _say(sentence)
    if report.hints:
        typer.echo("\nWorth a second look:")
    for hint in report.hints:
        _say(_hint(hint))


def _hint(hint: Hint) -> str:
    """Write where a hint is and what it says, with an option as it is typed."""
    more = f" and {hint.count - len(hint.at):,} more" if hint.count > len(hint.at) else ""
    whole = f"the {hint.into}"
    places = ", ".join(_place(tuple(map(_wild, tokens(at)))) or whole for at in hint.at)
    says = printable(f"{hint.says[0].lower()}{hint.says[1:]}")
    if hint.suggests is not None:
        option = f"--{hint.suggests.option.replace('_', '-')} {hint.suggests.value}"
        says = f"{says.removesuffix('.')}; {option} {hint.suggests.does}."
    return f"- {places}{more}: {says}"


def _wild(token: str) -> str | None:
    return None if token == "*" else token  # noqa: S105 - a token of a pointer


def _place(path: Sequence[str | int | None]) -> str:
    """Write a path as a JSON Pointer, with names in quotation marks that could not be read or told from others."""
    return "".join(f"/{'*' if token is None else _name(str(token))}" for token in path)


def _name(token: str) -> str:
    escaped = pointer(token)[1:]
    is_plain = token == token.strip() and token not in {"", "*"} and token.isprintable() and '"' not in token
    return escaped if is_plain else printable(json.dumps(escaped, ensure_ascii=False))


def _say(text: str) -> None:
    if sys.stdout.isatty():
        text = textwrap.fill(text, Console().width, subsequent_indent="  " * text.startswith("- "))
    typer.echo(text)


def _print_table(lines: Sequence[tuple[str, ...]]) -> None:
    widths = [max(cell_len(line[number]) for line in (_COLUMNS, *lines)) for number in range(len(_COLUMNS))]
    if sys.stdout.isatty():
        widths = _fitted(widths, room=Console().width - _GAP * (len(widths) - 1))
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold")
    for name, width in zip(_COLUMNS, widths, strict=True):
        table.add_column(name, overflow="fold", min_width=width, max_width=width)
    for line in lines:
        table.add_row(*line)
    wide = Console(highlight=False, markup=False, width=sum(widths) + _GAP * len(widths))
    with wide.capture() as captured:
        wide.print(table)
    for text in captured.get().splitlines():
        typer.echo(text.rstrip(), color=True)


def _fitted(widths: Sequence[int], *, room: int) -> list[int]:
    """Return how wide the columns are where all may have `room` cells.

    A type stays on one line where it can, a field is broken only where both do not fit, and rules take what is left.
    """
    field, kind, held, rule = widths
    left = room - held
    if field + kind + rule <= left:
        return [field, kind, held, rule]
    kind = min(kind, max(_MIN_TYPE, left // 3))
    field = min(field, max(_MIN_TYPE, left - kind - rule, (left - kind) // 2))
    return [field, kind, held, max(left - kind - field, 10)]


def _lines(row: ReportRow) -> Iterator[tuple[str, ...]]:
    """Yield the lines of a field: one for each place where something about it is enforced, one at least."""
    rules = [("grammar", "; ".join(_rule(*rule) for rule in row.on_wire.items())), ("words", row.told)]
    rules.append(("class", ", ".join(row.by_class)))
    head = (_field(row), _type(row))
    for held_by, says in [rule for rule in rules if rule[1]] or [("", "")]:
        yield (*head, held_by, printable(says))
        head = ("", "")


def _field(row: ReportRow) -> str:
    at = _place(row.path) or "(the record)"
    return f"{at} (form {row.form})" if row.form else at


def _type(row: ReportRow) -> str:
    as_text = ", as text" if "text" in row.written_as else ""
    return f"{row.type}{as_text}" if row.is_required or not row.type else f"{row.type}{as_text}, optional"


def _rule(keyword: str, value: Json) -> str:
    says = ", ".join(map(dumps, value)) if isinstance(value, list) else value if keyword == "format" else dumps(value)
    return f"{keyword} {says if len(says) <= _MAX_VALUE else says[: _MAX_VALUE - 1] + '…'}"


def _legend(report: Report, *, held_by: set[str]) -> Iterator[str]:
    """Yield what the table leaves unsaid, as far as it occurs."""
    yield "The grammar holds names and types of all fields."
    yield from (says for word, says in _LEGEND.items() if word in held_by)
    if any(row.form for row in report.fields):
        yield "form: a field of one alternative of a union; 2.1 is the first alternative inside the second."
    written = {way for row in report.fields for way in row.written_as}
    if "text" in written:
        yield "as text: the model writes it as JSON text; the record has the value itself."
    nulls = {row.null for row in report.fields}
    if "absent" in nulls:
        yield "An optional field that is answered null is not in the record."
    if "set" in written:
        yield 'An optional field that may be null is answered {"set": value} when it is there, null or not.'
    if "not stated" in nulls:
        yield (
            "A required value that may not be null and is answered null is not stated by the document: it is asked "
            "for once more."
        )


def _figures(report: Report) -> Iterator[str]:
    fields = _count(len({row.path for row in report.fields if row.path}), "field")
    yield (
        f"{f'More than {fields}; of those listed:' if report.is_cut else f'{fields};'} "
        f"{_count(report.rules_on_wire, 'rule')} held by the grammar, "
        f"{_count(report.places_told, 'field')} with rules in words."
    )
    yield (
        f"The wire schema ({report.dialect}) has {report.wire_bytes:,} bytes; a record is expected to take up to "
        f"{report.expected_tokens:,} tokens."
    )
    yield f"Records are validated by {' and '.join(report.validated_by)}."
    if report.cost == "guarded":
        yield "Answers are judged in a child process with limits: each of their levels may double the work (guarded)."


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
