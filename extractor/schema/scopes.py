"""What references mean where a schema stands: in a caller's document, and on the wire."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from referencing.exceptions import Unresolvable
from referencing.jsonschema import specification_with

from extractor.schema.checks import WIRE
from extractor.schema.predicates import NotCompiled, compiled

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from extractor.records import Json, JsonObject
    from extractor.schema.predicates import Fits, Place


class LibraryScope:
    """A place in a caller's document. The library finds what is referred to, so both mean the same by a reference."""

    def __init__(self, validator: Callable[[], Any], resolver: Any = None) -> None:
        """`validator` is asked for only where a schema needs it: making one costs as much as a hundred records."""
        self._validator = validator
        self._resolver = resolver

    @property
    def address(self) -> str:
        return "" if self._resolver is None else str(self._resolver._base_uri)  # noqa: SLF001 - without a public name

    def within(self, schema: JsonObject) -> LibraryScope:
        return LibraryScope(self._validator, entered(self._standing(), schema))

    def find(self, reference: str) -> tuple[Json, LibraryScope]:
        try:
            found = self._standing()._resolver.lookup(reference)  # noqa: SLF001 - as the library's own does
        except (Unresolvable, LookupError, ValueError, TypeError, AttributeError):
            raise NotCompiled from None  # the library fails in its own way where a value meets the reference
        return found.contents, LibraryScope(self._validator, found.resolver)

    def ask(self, schema: Json) -> Fits:
        standing = self._standing()
        is_valid: Fits = standing.evolve(schema=schema, _resolver=standing._resolver).is_valid  # noqa: SLF001
        return is_valid

    def _standing(self) -> Any:
        validator = self._validator()
        return validator if self._resolver is None else validator.evolve(schema=True, _resolver=self._resolver)


def entered(validator: Any, schema: Json) -> Any:
    """Return the resolver of a part of what `validator` validates: the part may have an address of its own."""
    if not isinstance(schema, dict) or ("$id" not in schema and "id" not in schema):
        return validator._resolver  # noqa: SLF001
    specification = specification_with(validator.ID_OF(validator.META_SCHEMA))
    return validator._resolver.in_subresource(specification.create_resource(schema))  # noqa: SLF001


@dataclass(frozen=True, slots=True)
class WireScope:
    """The wire, whose references lead to its definitions and nowhere else."""

    _definitions: Mapping[str, JsonObject]

    @property
    def address(self) -> str:
        return ""

    def within(self, _schema: JsonObject) -> WireScope:
        return self

    def find(self, reference: str) -> tuple[Json, WireScope]:
        return self._definitions[reference.rsplit("/", 1)[1]], self

    def ask(self, _schema: Json) -> Fits:
        raise NotCompiled


def on_the_wire(definitions: Mapping[str, JsonObject]) -> Place:
    """Return a place whose tables tell whether values are valid under wire schemas. Formats are not checked."""
    return compiled({}, WIRE, WireScope(definitions))
