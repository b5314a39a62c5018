"""A record from a document, by rules: labels first, then tables and sections, then what a trade prints unlabelled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extractor.model.offline.coercion import coerce
from extractor.model.offline.fields import Field, field_from
from extractor.model.offline.guesses import guess
from extractor.model.offline.labels import Labels, best_labels, wanted
from extractor.model.offline.lines import lines_of
from extractor.model.offline.records_in_lists import records_of
from extractor.model.offline.scope import Scope
from extractor.model.offline.sections import scope_of
from extractor.model.offline.tables import headers_of
from extractor.model.offline.trades import facts_for
from extractor.model.offline.values import list_of, value_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from extractor.model.offline.words import Words
    from extractor.records import Json, JsonObject

#: Characters of a document that are read; the product refuses longer ones before.
MOST_CHARACTERS = 4_000_000
#: A fact of a trade must fit a field at least so well: its label was never printed.
CERTAIN = 0.85


def fill(schema: Json, document: str, *, context: Sequence[str] = ()) -> Json:
    """Answer `schema` from `document`. What is not found is null, or an empty list.

    Args:
        schema: The wire schema.
        document: The text of the window.
        context: What stands above it. Of this only the header of a table counts that the window begins inside, as
            the names of columns.
    """
    root = field_from(schema)
    header = f"{context[-1]}\n" if context and headers_of(lines_of(context[-1])) else ""
    scope = Scope.of((header + document)[:MOST_CHARACTERS], known=frozenset(_headings(root, is_root=True)))
    return _answer(root, scope)


def _headings(field: Field, *, is_root: bool = False) -> Iterator[Words]:
    """Yield the labels that end what stands before them: of the record's own members, lists and objects inside."""
    for member in field.members if is_root else ():
        yield from (phrase for phrase, _ in wanted(member).phrases)
    for member in (*field.members, *([field.item] if field.item else [])):
        if not member.is_leaf and member.name:
            yield from (phrase for phrase, _ in wanted(member).phrases)
        yield from _headings(member)


def _answer(field: Field, scope: Scope, owner: str = "") -> Json:
    if field.kind == "object":
        return fill_object(field, scope, owner=owner or field.title)
    if field.kind == "array":
        only = Field(kind="object", members=(field,))
        return fill_object(only, scope, owner=owner)[field.name]
    return None if field.kind == "nothing" else coerce(scope.text, field, scope.habits)


def fill_object(field: Field, scope: Scope, *, owner: str = "", is_part: bool = False) -> JsonObject:
    """Answer the members of an object.

    Args:
        field: The object.
        scope: Where to look.
        owner: What the object is called.
        is_part: Whether the scope is this object's own stretch of the document, and not the whole.
    """
    record: JsonObject = {member.name: [] if member.kind == "array" else None for member in field.members}
    _fill_from_labels(field, scope, record, owner=owner)
    _fill_lists(field, scope, record)
    _fill_objects(field, scope, record)
    _fill_from_trades(field, scope, record, is_part=is_part)
    _fill_from_looks(field, scope, record, is_part=is_part)
    return record


def _fill_from_labels(field: Field, scope: Scope, record: JsonObject, *, owner: str) -> None:
    given = best_labels(field.members, scope.labels, owner=owner)
    for number, labels in given.items():
        member = field.members[number]
        if member.is_leaf:
            record[member.name] = value_of(member, labels, scope)
        elif member.is_leaf_list:
            record[member.name] = list_of(member, labels, scope)


def _fill_lists(field: Field, scope: Scope, record: JsonObject) -> None:
    for member in field.members:
        if member.kind == "array" and member.item is not None and member.item.kind == "object":
            record[member.name] = records_of(member, scope, fill=_fill_entry, is_only=len(field.members) == 1)


def _fill_entry(item: Field, scope: Scope) -> JsonObject:
    return fill_object(item, scope, owner=item.title, is_part=True)


def _fill_objects(field: Field, scope: Scope, record: JsonObject) -> None:
    for member in field.members:
        if member.kind == "object":
            own = scope_of(member, scope, siblings=field.members)
            filled = fill_object(member, own, owner=member.name, is_part=own is not scope) if own.lines else {}
            record[member.name] = filled if any(value not in (None, []) for value in filled.values()) else None


def _fill_from_trades(field: Field, scope: Scope, record: JsonObject, *, is_part: bool) -> None:
    facts = facts_for(field, scope, is_part=is_part)
    for number, labels in best_labels(field.members, Labels(facts)).items():
        member = field.members[number]
        if labels[0][0] < CERTAIN or record[member.name] not in (None, []):
            continue
        texts = facts[labels[0][1]]
        if member.is_leaf:
            record[member.name] = coerce(texts[0], member, scope.habits)
        elif member.is_leaf_list and member.item is not None:
            record[member.name] = [coerce(text, member.item, scope.habits) for text in texts]


def _fill_from_looks(field: Field, scope: Scope, record: JsonObject, *, is_part: bool) -> None:
    for member in field.members:
        if member.is_leaf and record[member.name] is None:
            record[member.name] = guess(member, scope, is_part=is_part)
