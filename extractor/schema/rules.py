"""A caller's schema, ready to judge records: a compiled predicate, and the library that tells what is wrong."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from referencing import Registry

from extractor.schema.authority import validator_class
from extractor.schema.checks import LANGUAGES
from extractor.schema.keywords import draft_of
from extractor.schema.predicates import compiled
from extractor.schema.scopes import LibraryScope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jsonschema import ValidationError

    from extractor.records import Json, JsonObject
    from extractor.schema.predicates import Fits

#: Keywords whose meaning depends on who refers to the schema that they stand in.
_DYNAMIC: Final = frozenset({"$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$recursiveAnchor"})


class Rules:
    """A compiled schema."""

    def __init__(self, schema: JsonObject) -> None:
        self._schema = schema
        self._draft = draft_of(schema)
        self._whole = compiled(schema, LANGUAGES[self._draft], LibraryScope(lambda: self._authority))
        mentioned = _keywords_in(schema)
        self._is_dynamic = not _DYNAMIC.isdisjoint(mentioned)
        self._speaks_openapi = "nullable" in mentioned
        self._fits = self._asked(schema) if self._is_dynamic else self._whole.compiled().fits
        self._parts: dict[int, tuple[Json, Fits]] = {}

    def holds(self, schema: Json, value: Json) -> bool:
        """Return whether `value` satisfies a part of the schema, given as a schema of its own."""
        if id(schema) not in self._parts:  # kept beside its predicate, so that nothing else takes its id
            fits = self._asked(schema) if self._is_dynamic else self._whole.table(schema).fits
            self._parts[id(schema)] = (schema, fits)
        return _is_told(self._parts[id(schema)][1], value)

    def hold(self, value: Json) -> bool:
        """Return whether `value` satisfies the whole schema."""
        return _is_told(self._fits, value)

    def errors(self, value: Json) -> Iterator[ValidationError]:
        """Yield the library's errors, one by one. Their messages quote the instance: never show them."""
        errors: Iterator[ValidationError] = self._authority.iter_errors(value)
        return errors

    def _asked(self, schema: Json) -> Fits:
        return lambda value: bool(self._authority.evolve(schema=schema).is_valid(value))

    @cached_property
    def _authority(self) -> Any:
        cls = validator_class(self._draft, speaks_openapi=self._speaks_openapi)
        return cls(self._schema, registry=Registry())


def _is_told(fits: Fits, value: Json) -> bool:
    try:
        return fits(value)
    except RecursionError:
        return False


def _keywords_in(schema: Json) -> set[str]:
    """Return every name of a member anywhere in a schema, the names of properties among them."""
    found: set[str] = set()
    open_nodes = [schema]
    while open_nodes:
        node = open_nodes.pop()
        if isinstance(node, dict):
            found.update(node)
            open_nodes += node.values()
        elif isinstance(node, list):
            open_nodes += node
    return found
