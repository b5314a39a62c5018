"""Lists of objects: the table whose header names their members, else the entries under their heading."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extractor.model.offline import charges
from extractor.model.offline.coercion import coerce
from extractor.model.offline.entries import entries, split_list
from extractor.model.offline.labels import Labels, best_labels
from extractor.model.offline.pairs import COLON
from extractor.model.offline.tables import columns_of, rows_of
from extractor.model.offline.trades import is_known_trade
from extractor.model.offline.words import words

if TYPE_CHECKING:
    from collections.abc import Callable

    from extractor.model.offline.fields import Field
    from extractor.model.offline.lines import Line
    from extractor.model.offline.scope import Scope
    from extractor.records import JsonObject

    Fill = Callable[[Field, Scope], JsonObject]

#: Table headers compared with one list at most.
MOST_HEADERS = 400
#: Two columns that fit this well, together, make a table the list's own.
ENOUGH = 1.4
#: A heading must fit at least so well.
CERTAIN = 0.85
#: Records of one list at most that are read from text.
MOST_RECORDS = 1_000


def records_of(field: Field, scope: Scope, *, fill: Fill, is_only: bool) -> list[JsonObject]:
    """Return the objects of a list, in printed order; none when the document does not set them apart.

    Args:
        field: The list.
        scope: Where to look.
        fill: Reads one object from one entry of text.
        is_only: Whether the record is this list and nothing else, so that the document needs no heading for it.
    """
    item = field.item
    if item is None or not item.members:
        return []
    part = _section(field, scope)
    rows = (_table_rows(item, scope.part(part)) if part else []) or _table_rows(item, scope)
    if rows:
        return rows
    if named := _between_commas(field, item, scope) or (_charges(item, scope) if not part else []):
        return named
    if not part and (is_only or is_known_trade(item)):
        part = scope.lines
    found = [fill(item, scope.part(entry)) for entry in entries(part)[:MOST_RECORDS]]
    return [record for record in found if _says_enough(record, least=2)]


def _says_enough(record: JsonObject, *, least: int = 1) -> bool:
    return sum(value not in (None, []) for value in record.values()) >= min(least, len(record))


def _section(field: Field, scope: Scope) -> tuple[Line, ...]:
    """Return the lines under the heading of the list, () when it has none."""
    labels = best_labels([field], scope.labels).get(0, [])
    for fit, label in labels:
        for pair in scope.pairs[label]:
            is_heading = not pair.value and len(scope.lines[pair.line].segments) == 1
            if fit >= CERTAIN and is_heading and (lines := scope.section(pair)):
                return lines
    return ()


def _table_rows(item: Field, scope: Scope) -> list[JsonObject]:
    scored = [(columns_of(header, item.members, owner=item.title), header) for header in scope.headers[:MOST_HEADERS]]
    needed = min(ENOUGH, 0.8 * len(item.members))
    fitting = [(fit, -header.line, columns, header) for (fit, columns), header in scored if fit >= needed]
    if not fitting:
        return []
    best = max(fitting, key=lambda table: table[:2])
    records: list[JsonObject] = []
    end = 0
    for _, _, columns, header in sorted(fitting, key=lambda table: -table[1]):
        if header.labels == best[3].labels and header.line >= end:  # the same table goes on after a page break
            rows, end = rows_of(scope.lines, header)
            records += [_record(item, cells, columns=columns, scope=scope) for cells in rows]
    return [record for record in records if _says_enough(record)]


def _record(item: Field, cells: tuple[str, ...], *, columns: dict[int, int], scope: Scope) -> JsonObject:
    record: JsonObject = {member.name: [] if member.kind == "array" else None for member in item.members}
    for column, number in columns.items():
        member = item.members[number]
        if member.is_leaf:
            record[member.name] = coerce(cells[column], member, scope.habits)
        elif member.is_leaf_list and member.item is not None:
            values = [coerce(text, member.item, scope.habits) for text in split_list(cells[column])]
            record[member.name] = [value for value in values if value is not None]
    _split_unit(item, cells, columns=columns, record=record)
    return record


def _split_unit(item: Field, cells: tuple[str, ...], *, columns: dict[int, int], record: JsonObject) -> None:
    """Read `36.5 h` as a quantity and its unit, where the table has no column for units."""
    names = [words(member.name) for member in item.members]
    if ("unit",) not in names or ("quantity",) not in names or names.index(("unit",)) in columns.values():
        return
    column = next((column for column, number in columns.items() if names[number] == ("quantity",)), None)
    last = cells[column].split(" ")[-1] if column is not None else ""
    if last and last.isalpha() and last != cells[column or 0]:
        record[item.members[names.index(("unit",))].name] = last


def _charges(item: Field, scope: Scope) -> list[JsonObject]:
    """Read the lines of a receipt as the cells of a table whose header nobody printed."""
    labels = [words(label) for label in ("quantity", "description", "amount")]
    given = best_labels(item.members, Labels(labels))
    numbers = {found[0][1][0]: number for number, found in given.items() if found[0][0] >= CERTAIN}
    if not {"description", "amount"} <= numbers.keys():
        return []
    columns = {column: numbers[label[0]] for column, label in enumerate(labels) if label[0] in numbers}
    rows = [tuple(charge.get(label[0], "") for label in labels) for charge in charges.read(scope)]
    return [_record(item, row, columns=columns, scope=scope) for row in rows]


def _between_commas(field: Field, item: Field, scope: Scope) -> list[JsonObject]:
    """Read `Authors: A, B and C` as one object per name."""
    first = next((member for member in item.members if member.kind == "string" and not member.options), None)
    for fit, label in best_labels([field], scope.labels).get(0, []):
        for pair in scope.pairs[label]:
            if first is None or fit < CERTAIN or not pair.value or pair.surety < COLON:
                continue
            empty: JsonObject = {member.name: [] if member.kind == "array" else None for member in item.members}
            return [{**empty, first.name: coerce(text, first, scope.habits)} for text in split_list(pair.value)]
    return []
