"""A report on a schema for a person: a table of fields, figures, and what is worth a second look."""

from __future__ import annotations

import sys
import textwrap
from typing import TYPE_CHECKING

import typer
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table

from extractor.cli.wording import printable
from extractor.jsontext import dumps

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from extractor.records import Json
    from extractor.schema import Report, ReportRow

_COLUMNS = ("field", "type", "held by", "rule")
#: Cells between two columns.
_GAP = 2
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
        what = f"the first {len(report.fields):,} fields are listed" if lines else "it takes long to list them"
        _say(f"… and more fields: {what}.")
    typer.echo()
    for sentence in _legend(report, held_by={line[2] for line in lines}):
        _say(sentence)
    typer.echo()
    for sentence in _figures(report):
        _say(sentence)
    if report.hints:
        typer.echo("\nWorth a second look:")
    for hint in report.hints:
        more = f" and {hint.count - len(hint.at)} more" if hint.count > len(hint.at) else ""
        places = ", ".join(printable(at) or "the record" for at in hint.at)
        _say(f"- {places}{more}: {hint.says[0].lower()}{hint.says[1:]}")


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
    """Return how wide the columns are where all may have `room` cells; a field needs most, then its rules."""
    field, kind, held, rule = widths
    left = room - held
    if field + kind + rule <= left:
        return [field, kind, held, rule]
    kind = min(kind, max(10, left // 4))
    field = min(field, max(12, (left - kind) // 2, left - kind - rule))
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
    at = printable(row.at) or "(the record)"
    return f"{at} (form {row.form})" if row.form else at


def _type(row: ReportRow) -> str:
    return row.type if row.is_required or not row.type else f"{row.type}, optional"


def _rule(keyword: str, value: Json) -> str:
    says = ", ".join(map(dumps, value)) if isinstance(value, list) else value if keyword == "format" else dumps(value)
    return f"{keyword} {says if len(says) <= _MAX_VALUE else says[: _MAX_VALUE - 1] + '…'}"


def _legend(report: Report, *, held_by: set[str]) -> Iterator[str]:
    """Yield what the table leaves unsaid, as far as it occurs."""
    yield "The grammar holds names and types of all fields."
    yield from (says for word, says in _LEGEND.items() if word in held_by)
    nulls = {row.null for row in report.fields}
    if "absent" in nulls:
        yield "An optional field that is answered null is not in the record."
    if "not stated" in nulls:
        yield "A required value that is answered null is not stated by the document: it is asked for once more."


def _figures(report: Report) -> Iterator[str]:
    fields = len({row.at for row in report.fields if row.at})
    yield (
        f"{_count(fields, 'field')}; {_count(report.rules_on_wire, 'rule')} held by the grammar, "
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
