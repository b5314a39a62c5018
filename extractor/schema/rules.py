"""A caller's schema, ready to judge records: a compiled predicate, and the library that tells what is wrong."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from jsonschema.validators import extend
from referencing import Registry

from extractor.schema.authority import validator_class
from extractor.schema.checks import LANGUAGES
from extractor.schema.keywords import draft_of
from extractor.schema.predicates import compiled
from extractor.schema.scopes import LibraryScope, entered

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
        self._parts: dict[tuple[int, str], tuple[Json, Fits]] = {}

    def holds(self, schema: Json, value: Json) -> bool:
        """Return whether `value` satisfies a part of the schema, given as a schema of its own."""
        return _is_told(self._predicate(schema, None), value)

    def hold(self, value: Json) -> bool:
        """Return whether `value` satisfies the whole schema."""
        return _is_told(self._fits, value)

    def errors(self, value: Json) -> Iterator[ValidationError]:
        """Yield the library's errors, one by one. Their messages quote the instance: never show them."""
        errors: Iterator[ValidationError] = self._authority.iter_errors(value)
        return errors

    def failures(self, value: Json) -> Iterator[ValidationError]:
        """Yield the errors that `errors` yields, without looking into what is valid.

        Predicates find the one wrong item of a thousand; only that is left to the library, which takes 20 times as
        long for each schema that it evaluates.
        """
        validator = self._authority if self._is_dynamic else self._passing_over
        errors: Iterator[ValidationError] = validator.iter_errors(value)
        return errors

    def _predicate(self, part: Json, resolver: Any) -> Fits:
        """Return the predicate of a part where references mean what `resolver` says; None = what they mean at the root.

        With a resolver, the part's own address has been entered.
        """
        scope = LibraryScope(lambda: self._authority, resolver)
        key = (id(part), scope.address)
        if key not in self._parts:  # kept beside its predicate, so that nothing else takes its id
            if self._is_dynamic:
                fits = self._asked(part)
            elif resolver is None:
                fits = self._whole.table(part).fits
            else:
                fits = self._whole.table_at(part, scope).fits
            self._parts[key] = (part, fits)
        return self._parts[key][1]

    def _asked(self, schema: Json) -> Fits:
        return lambda value: bool(self._authority.evolve(schema=schema).is_valid(value))

    @cached_property
    def _authority(self) -> Any:
        cls = validator_class(self._draft, speaks_openapi=self._speaks_openapi)
        return cls(self._schema, registry=Registry())

    @cached_property
    def _passing_over(self) -> Any:
        """The authority, in a class of its own, because the library makes a validator of each part by its class."""
        base = type(self._authority)
        extended: Any = extend  # typed as untyped in its stubs
        cls = extended(base, {})

        def descend(validator: Any, instance: Json, schema: Json, **steps: Any) -> Iterator[ValidationError]:
            resolver = steps.get("resolver") or entered(validator, schema)
            if _is_told(self._predicate(schema, resolver), instance):
                return iter(())
            errors: Iterator[ValidationError] = base.descend(validator, instance, schema, **steps)
            return errors

        cls.evolve, cls.descend = base.evolve, descend
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
