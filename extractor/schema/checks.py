"""The keywords of JSON Schema as checks of values, and a table of them for each draft.

A maker turns a keyword of one schema into checks by type of value. It knows the keyword exactly as the library reads
it or raises `NotCompiled`, so that no schema is judged by half.
"""

from __future__ import annotations

import operator
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from extractor.schema import containers
from extractor.schema.fitting import among, are_unique, frozen_number, multiple_of
from extractor.schema.formats import FORMATS
from extractor.schema.patterns import compile_pattern
from extractor.schema.predicates import (
    KINDS,
    Language,
    NotCompiled,
    accept,
    all_of,
    any_of,
    negated,
    on,
    one_of,
    refuse,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from extractor.records import Json
    from extractor.schema.predicates import Choose, Fits, Maker, Place

_NULL: Final = type(None)
_STRINGS: Final = (str,)
_NUMBERS: Final = (int, float)
#: JSON type -> checks of the types of Python whose values may have it.
_TYPES: Final[dict[str, dict[type, Fits]]] = {
    "string": {str: accept},
    "boolean": {bool: accept},
    "integer": {int: accept, float: float.is_integer},
    "number": {int: accept, float: accept},
    "array": {list: accept},
    "object": {dict: accept},
    "null": {_NULL: accept},
}
#: The same in draft 4, where 1.0 is no integer.
_TYPES_OF_DRAFT_4: Final[dict[str, dict[type, Fits]]] = {**_TYPES, "integer": {int: accept}}


def _type(types: Mapping[str, dict[type, Fits]]) -> Maker:
    def make(place: Place, keyword: str) -> Choose:
        stated = place.schema[keyword]
        names = [stated] if isinstance(stated, str) else stated
        if not isinstance(names, list) or not all(isinstance(name, str) and name in types for name in names):
            raise NotCompiled
        allowed: dict[type, Fits] = dict.fromkeys(KINDS, refuse)
        for name in sorted(names):  # number after integer, which allows less
            allowed.update(types[name])
        return allowed.__getitem__

    return make


def _enum(place: Place, keyword: str) -> Choose:
    if not isinstance(place.schema[keyword], list):
        raise NotCompiled
    return _one_of(place.schema[keyword])


def _const(place: Place, keyword: str) -> Choose:
    return _one_of([place.schema[keyword]])


def _one_of(values: list[Json]) -> Choose:
    """Return checks against some values: of strings and numbers, which are most, without a call of ours."""
    by_kind: dict[type, list[Json]] = {kind: [] for kind in KINDS}
    for value in values:
        by_kind[type(value)].append(value)
    numbers = [*by_kind[int], *by_kind[float]]
    made: dict[type, Fits] = {kind: among(some) if some else refuse for kind, some in by_kind.items()}
    if all(frozen_number(number) == number for number in numbers):
        made[int] = made[float] = frozenset(numbers).__contains__ if numbers else refuse
    else:
        made[int] = made[float] = among(numbers)
    if by_kind[str]:
        made[str] = frozenset(by_kind[str]).__contains__
    return made.__getitem__


def _limit(kinds: tuple[type, ...], holds: Callable[[Any, Any], bool]) -> Maker:
    """Return the maker of a keyword that is a number, and a question about it and values."""
    return lambda place, keyword: on(kinds, partial(holds, place.number(keyword)))


def _limit_of_draft_4(
    holds: Callable[[Any, Any], bool], *, exclusive: str, instead: Callable[[Any, Any], bool]
) -> Maker:
    including, excluding = _limit(_NUMBERS, holds), _limit(_NUMBERS, instead)
    return lambda place, keyword: (excluding if place.schema.get(exclusive) else including)(place, keyword)


def _multiple_of(place: Place, keyword: str) -> Choose:
    divisor = place.number(keyword)
    if not divisor:
        raise NotCompiled
    return on(_NUMBERS, multiple_of(divisor))


def _pattern(place: Place, keyword: str) -> Choose:
    return on(_STRINGS, compile_pattern(place.schema[keyword]).search)


def _format(place: Place, keyword: str) -> Choose:
    name = place.schema[keyword]
    return on(_STRINGS, place.language.formats.get(name, accept) if isinstance(name, str) else accept)


def _unique(place: Place, keyword: str) -> Choose:
    return on((list,), are_unique if place.schema[keyword] else accept)


def _joined(join: Callable[[list[Fits]], Fits]) -> Maker:
    """Return the maker of a keyword that is a list of schemas for the value itself."""

    def make(place: Place, keyword: str) -> Choose:
        if not isinstance(place.schema[keyword], list):
            raise NotCompiled
        branches = [place.table(branch) for branch in place.schema[keyword]]
        return lambda kind: join([branch[kind] for branch in branches])

    return make


def _not(place: Place, keyword: str) -> Choose:
    table = place.table(place.schema[keyword])
    return lambda kind: negated(table[kind])


def _if(place: Place, keyword: str) -> Choose:
    tables = [place.table(place.schema.get(name, True)) for name in (keyword, "then", "else")]
    return lambda kind: _either(*(table[kind] for table in tables))


def _either(condition: Fits, holding: Fits, failing: Fits) -> Fits:
    if holding is failing or condition is accept or condition is refuse:
        return failing if condition is refuse else holding
    return lambda value: holding(value) if condition(value) else failing(value)


def _reference(place: Place, keyword: str) -> Choose:
    return place.target(place.schema[keyword]).__getitem__


def left_to_library(_place: Place, _keyword: str) -> Choose:
    """Compile nothing: what the keyword means depends on more than its schema."""
    raise NotCompiled


_EVERY_DRAFT: Final[dict[str, Maker]] = {
    "$ref": _reference,
    "type": _type(_TYPES),
    "enum": _enum,
    "minimum": _limit(_NUMBERS, operator.le),
    "maximum": _limit(_NUMBERS, operator.ge),
    "multipleOf": _multiple_of,
    "minLength": _limit(_STRINGS, lambda least, value: len(value) >= least),
    "maxLength": _limit(_STRINGS, lambda most, value: len(value) <= most),
    "pattern": _pattern,
    "format": _format,
    "minItems": _limit((list,), lambda least, value: len(value) >= least),
    "maxItems": _limit((list,), lambda most, value: len(value) <= most),
    "uniqueItems": _unique,
    "minProperties": _limit((dict,), lambda least, value: len(value) >= least),
    "maxProperties": _limit((dict,), lambda most, value: len(value) <= most),
    "required": containers.required,
    "properties": containers.members,
    "patternProperties": containers.members,
    "additionalProperties": containers.members,
    "allOf": _joined(all_of),
    "anyOf": _joined(any_of),
    "oneOf": _joined(one_of),
    "not": _not,
}
_UNTIL_DRAFT_7: Final[dict[str, Maker]] = {
    "items": containers.items_or_prefix,
    "additionalItems": containers.additional_items,
    "dependencies": containers.dependencies,
}
_SINCE_DRAFT_6: Final[dict[str, Maker]] = {
    "const": _const,
    "exclusiveMinimum": _limit(_NUMBERS, operator.lt),
    "exclusiveMaximum": _limit(_NUMBERS, operator.gt),
    "propertyNames": containers.names_fit,
}
_SINCE_2019: Final[dict[str, Maker]] = {
    "if": _if,
    "contains": containers.counted_items,
    "dependentRequired": containers.needed_names,
    "dependentSchemas": containers.needed_schemas,
    "unevaluatedItems": left_to_library,
    "unevaluatedProperties": left_to_library,
}
_DRAFT_4: Final[dict[str, Maker]] = {
    **_EVERY_DRAFT,
    **_UNTIL_DRAFT_7,
    "type": _type(_TYPES_OF_DRAFT_4),
    "minimum": _limit_of_draft_4(operator.le, exclusive="exclusiveMinimum", instead=operator.lt),
    "maximum": _limit_of_draft_4(operator.ge, exclusive="exclusiveMaximum", instead=operator.gt),
}
_DRAFT_6: Final[dict[str, Maker]] = {
    **_EVERY_DRAFT,
    **_UNTIL_DRAFT_7,
    **_SINCE_DRAFT_6,
    "contains": containers.some_items,
}
_DRAFT_2019: Final[dict[str, Maker]] = {
    **_EVERY_DRAFT,
    **_SINCE_DRAFT_6,
    **_SINCE_2019,
    "items": containers.items_or_prefix,
    "additionalItems": containers.additional_items,
    "$recursiveRef": left_to_library,
}
_DRAFT_2020: Final[dict[str, Maker]] = {
    **_EVERY_DRAFT,
    **_SINCE_DRAFT_6,
    **_SINCE_2019,
    "prefixItems": containers.first_items,
    "items": containers.items_after,
    "$dynamicRef": left_to_library,
}
#: What schemas of each draft are made of.
LANGUAGES: Final[dict[int, Language]] = {
    4: Language(_DRAFT_4, FORMATS, reference_stands_alone=True),
    6: Language(_DRAFT_6, FORMATS, reference_stands_alone=True),
    7: Language({**_DRAFT_6, "if": _if}, FORMATS, reference_stands_alone=True),
    2019: Language(_DRAFT_2019, FORMATS),
    2020: Language(_DRAFT_2020, FORMATS),
}
#: What the wire is made of: formats are told to the model there, and checked in the record.
WIRE: Final = Language(_DRAFT_2020, {})
