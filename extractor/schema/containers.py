"""Checks of lists and objects: which schema each of their parts has to satisfy, and how many there may be."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from extractor.schema.patterns import compile_pattern
from extractor.schema.predicates import NotCompiled, accept, on

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from extractor.records import Json, JsonObject
    from extractor.schema.predicates import Choose, Fits, Place, Table

#: Keywords that are compiled together, because each member of an object falls under some of them.
_OF_MEMBERS: Final = ("properties", "patternProperties", "additionalProperties")


_LISTS: Final = (list,)
_OBJECTS: Final = (dict,)


def _all_fit(table: Table, values: Iterable[Json]) -> bool:
    for value in values:
        check = table[type(value)]
        if check is not accept and not check(value):
            return False
    return True


def every_item(place: Place, keyword: str) -> Choose:
    """Compile a schema for every item."""
    table = place.table(place.schema[keyword])
    return on(_LISTS, lambda items: _all_fit(table, items))


def first_items(place: Place, keyword: str) -> Choose:
    """Compile a list of schemas, each for the item at its place."""
    schemas = place.schema[keyword]
    if not isinstance(schemas, list):
        raise NotCompiled
    tables = [place.table(schema) for schema in schemas]
    return on(_LISTS, lambda items: all(table.fits(item) for table, item in zip(tables, items, strict=False)))


def items_or_prefix(place: Place, keyword: str) -> Choose:
    """Compile `items` as it was until 2019-09: a schema for every item, or a list of schemas."""
    return (first_items if isinstance(place.schema[keyword], list) else every_item)(place, keyword)


def items_after(place: Place, keyword: str) -> Choose:
    """Compile `items` of 2020-12: a schema for the items that `prefixItems` does not reach."""
    prefix = place.schema.get("prefixItems", [])
    return _after(place, keyword, prefix) if prefix else every_item(place, keyword)


def additional_items(place: Place, keyword: str) -> Choose:
    """Compile a schema for the items that a list in `items` does not reach; without such a list it says nothing."""
    prefix = place.schema.get("items")
    return _after(place, keyword, prefix) if isinstance(prefix, list) else on((), accept)


def _after(place: Place, keyword: str, prefix: Json) -> Choose:
    if not isinstance(prefix, list):
        raise NotCompiled
    count, table = len(prefix), place.table(place.schema[keyword])
    return on(_LISTS, lambda items: _all_fit(table, islice(items, count, None)))


def some_items(place: Place, keyword: str) -> Choose:
    """Compile `contains` without bounds: at least one item."""
    table = place.table(place.schema[keyword])
    return on(_LISTS, lambda items: any(map(table.fits, items)))


def counted_items(place: Place, keyword: str) -> Choose:
    """Compile `contains` with `minContains` and `maxContains`."""
    least, most = place.number("minContains", 1), place.number("maxContains")
    table = place.table(place.schema[keyword])

    def check(items: list[Json]) -> bool:
        found = sum(map(table.fits, items))
        return found >= least and (most is None or found <= most)

    return on(_LISTS, check)


def members(place: Place, keyword: str) -> Choose:
    """Compile the three keywords of members together, under the first of them that the schema has."""
    schema = place.schema
    if keyword != next(name for name in _OF_MEMBERS if name in schema):
        return on((), accept)
    declared = {name: place.table(part) for name, part in _mapping(schema.get("properties", {})).items()}
    patterns = _patterns(place, schema.get("patternProperties", {}))
    others = schema.get("additionalProperties", True)
    if patterns:
        return on(_OBJECTS, _under_patterns(declared, patterns, None if others is True else place.table(others)))
    if others is True:
        return on(_OBJECTS, _open(declared))
    return on(_OBJECTS, _under_names(declared, place.table(others)))


def _open(declared: Mapping[str, Table]) -> Fits:
    def check(value: JsonObject) -> bool:
        for name, member in value.items():
            table = declared.get(name)
            if table is not None:
                fits = table[type(member)]
                if fits is not accept and not fits(member):
                    return False
        return True

    return check


def _under_names(declared: Mapping[str, Table], others: Table) -> Fits:
    find = declared.get

    def check(value: JsonObject) -> bool:
        for name, member in value.items():
            fits = find(name, others)[type(member)]
            if fits is not accept and not fits(member):
                return False
        return True

    return check


def _under_patterns(
    declared: Mapping[str, Table], patterns: list[tuple[Callable[[str], bool], Table]], others: Table | None
) -> Fits:
    def check(value: JsonObject) -> bool:
        for name, member in value.items():
            tables = [table for search, table in patterns if search(name)]
            if name in declared:
                tables.append(declared[name])
            elif not tables and others is not None:
                tables.append(others)
            for table in tables:
                if not table[type(member)](member):
                    return False
        return True

    return check


def _patterns(place: Place, schemas: Json) -> list[tuple[Callable[[str], bool], Table]]:
    return [(compile_pattern(pattern).search, place.table(part)) for pattern, part in _mapping(schemas).items()]


def names_fit(place: Place, keyword: str) -> Choose:
    """Compile a schema for the names of members."""
    table = place.table(place.schema[keyword])
    return on(_OBJECTS, lambda value: _all_fit(table, value))


def required(place: Place, keyword: str) -> Choose:
    """Compile a list of names that must be there."""
    names = _names(place.schema[keyword])
    return on(_OBJECTS, lambda value: names <= value.keys())


def needed_names(place: Place, keyword: str) -> Choose:
    """Compile names that must be there where another one is."""
    return on(_OBJECTS, _dependents(_mapping(place.schema[keyword]), lambda needed: _has(_names(needed))))


def needed_schemas(place: Place, keyword: str) -> Choose:
    """Compile schemas that must be satisfied where a name is given."""
    return on(_OBJECTS, _dependents(_mapping(place.schema[keyword]), lambda needed: place.table(needed).fits))


def dependencies(place: Place, keyword: str) -> Choose:
    """Compile the keyword that was both of these until draft 7."""
    return on(
        _OBJECTS,
        _dependents(
            _mapping(place.schema[keyword]),
            lambda needed: _has(_names(needed)) if isinstance(needed, list) else place.table(needed).fits,
        ),
    )


def _dependents(needs: Mapping[str, Json], meaning: Callable[[Json], Fits]) -> Fits:
    rules = [(name, meaning(needed)) for name, needed in needs.items()]
    return lambda value: all(rule(value) for name, rule in rules if name in value)


def _has(names: frozenset[str]) -> Fits:
    return lambda value: names <= value.keys()


def _names(value: Json) -> frozenset[str]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise NotCompiled
    return frozenset(value)


def _mapping(value: Json) -> JsonObject:
    if not isinstance(value, dict):
        raise NotCompiled
    return value
