"""Whether a value fits a wire schema, compiled to closures.

The wire uses a dozen keywords, so this costs 20 µs where a general validator takes 500. Formats are not checked.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Final, TypeAlias

from extractor.jsontext import canonical
from extractor.schema.keywords import ANNOTATIONS
from extractor.schema.patterns import compile_pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from extractor.records import Json, JsonObject

    Fits: TypeAlias = Callable[[Json], bool]

_KINDS: Final = {
    str: ("string",),
    bool: ("boolean",),
    int: ("integer", "number"),
    float: ("number",),
    list: ("array",),
    dict: ("object",),
    type(None): ("null",),
}
#: JSON type -> types of Python whose every value has it.
TYPES: Final[dict[str, frozenset[type]]] = {
    "string": frozenset({str}),
    "boolean": frozenset({bool}),
    "integer": frozenset({int}),
    "number": frozenset({int, float}),
    "array": frozenset({list}),
    "object": frozenset({dict}),
    "null": frozenset({type(None)}),
}
#: A schema of these keywords alone says of what types a value may be, and nothing else.
_AT_SIGHT: Final = ANNOTATIONS | {"type", "anyOf"}


def sure_types(schema: Json) -> frozenset[type]:
    """Return types whose every value satisfies `schema`, so that it need not be looked into; none when unsure.

    Most members of most schemas are of a type and nothing more, and one look at that is 100 times cheaper than
    descending into them.
    """
    if not isinstance(schema, dict) or not schema.keys() <= _AT_SIGHT:
        return frozenset()
    branches, stated = schema.get("anyOf"), schema.get("type")
    if isinstance(branches, list) and stated is None:
        return frozenset().union(*map(sure_types, branches))
    names = [stated] if isinstance(stated, str) else stated
    if not isinstance(names, list) or branches is not None:
        return frozenset()
    return frozenset().union(*(TYPES.get(name, ()) for name in names if isinstance(name, str)))


def kinds(value: Json) -> tuple[str, ...]:
    """Return the JSON types of `value`: 1 and 1.0 are integers and numbers."""
    if isinstance(value, float) and value.is_integer():
        return ("integer", "number")
    return _KINDS.get(type(value), ())


def is_multiple(value: Json, of: Json) -> bool:
    """Return whether a number is a multiple of another as both are written: 19.99 is one of 0.01."""
    if not math.isfinite(value):
        return False
    return (Fraction(str(value)) / Fraction(str(of))).denominator == 1


class Grammar:
    """The wire's definitions, and predicates over them."""

    def __init__(self, definitions: Mapping[str, JsonObject]) -> None:
        self._definitions = definitions
        self._compiled: dict[str, Fits] = {}

    def compile(self, wire: JsonObject) -> Fits:
        """Return a predicate that tells whether a value is valid under `wire`."""
        if "$ref" in wire:
            return self._reference(wire["$ref"].rsplit("/", 1)[1])
        if "anyOf" in wire:
            branches = [self.compile(branch) for branch in wire["anyOf"]]
            return any_of(branches)
        stated = wire["type"]
        types = frozenset([stated] if isinstance(stated, str) else stated)
        checks = self._checks(wire)

        def fits(value: Json) -> bool:
            if types.isdisjoint(kinds(value)):
                return False
            for check in checks:  # noqa: SIM110 - all() over a generator costs twice as much
                if not check(value):
                    return False
            return True

        return fits

    def _reference(self, name: str) -> Fits:
        def fits(value: Json) -> bool:
            if name not in self._compiled:
                self._compiled[name] = self.compile(self._definitions[name])
            return self._compiled[name](value)

        return fits

    def _checks(self, wire: JsonObject) -> list[Fits]:
        checks: list[Fits] = [make(wire[keyword]) for keyword, make in CHECKS.items() if keyword in wire]
        if "properties" in wire:
            members = wire["properties"].items()
            checks.append(self._members({name: (sure_types(member), self.compile(member)) for name, member in members}))
        if "items" in wire:
            checks.append(items_are(self.compile(wire["items"])))
        return checks

    @staticmethod
    def _members(members: dict[str, tuple[frozenset[type], Fits]]) -> Fits:
        def fit(value: Json) -> bool:
            if not isinstance(value, dict):
                return True
            if value.keys() != members.keys():
                return False
            for name, (sure, fits) in members.items():
                if type(value[name]) not in sure and not fits(value[name]):
                    return False
            return True

        return fit


def any_of(branches: list[Fits]) -> Fits:
    """Return a predicate that tells whether a value is valid under one of some branches."""

    def fits(value: Json) -> bool:
        for branch in branches:  # noqa: SIM110 - any() over a generator costs twice as much
            if branch(value):
                return True
        return False

    return fits


def items_are(item: Fits) -> Fits:
    """Return a predicate that tells whether every item of a list is valid; of what is no list, it is true."""
    return lambda value: not isinstance(value, list) or all(map(item, value))


def _enum(values: Json) -> Fits:
    strings = frozenset(value for value in values if isinstance(value, str))
    others = {text_of(value) for value in values if not isinstance(value, str)}
    return lambda value: value in strings if isinstance(value, str) else text_of(value) in others


def text_of(value: Json) -> bytes:
    """Return the text by which values are compared: 1 and 1.0 are equal, 1 and true are not."""
    return canonical(_whole(value))


def _whole(value: Json) -> Json:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return {name: _whole(member) for name, member in value.items()} if isinstance(value, dict) else value


def _number(test: Callable[[Json, Json], bool]) -> Callable[[Json], Fits]:
    return lambda limit: lambda value: isinstance(value, (bool, str, list, dict, type(None))) or test(value, limit)


def _string(test: Callable[[str, Json], bool]) -> Callable[[Json], Fits]:
    return lambda limit: lambda value: not isinstance(value, str) or test(value, limit)


def _array(test: Callable[[list[Json], Json], bool]) -> Callable[[Json], Fits]:
    return lambda limit: lambda value: not isinstance(value, list) or test(value, limit)


#: Keyword -> maker of its check, which passes values of the types that the keyword says nothing of.
CHECKS: Final[dict[str, Callable[[Json], Fits]]] = {
    "enum": _enum,
    "minimum": _number(lambda value, limit: value >= limit),
    "maximum": _number(lambda value, limit: value <= limit),
    "exclusiveMinimum": _number(lambda value, limit: value > limit),
    "exclusiveMaximum": _number(lambda value, limit: value < limit),
    "multipleOf": _number(is_multiple),
    "minLength": _string(lambda value, limit: len(value) >= limit),
    "maxLength": _string(lambda value, limit: len(value) <= limit),
    "pattern": _string(lambda value, limit: compile_pattern(limit).search(value)),
    "minItems": _array(lambda value, limit: len(value) >= limit),
    "maxItems": _array(lambda value, limit: len(value) <= limit),
}
