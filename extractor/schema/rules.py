"""The authority on validity: jsonschema of the caller's draft, with the parts replaced that are unsafe or wrong.

Patterns run in linear time, `multipleOf` is exact, `uniqueItems` hashes, nothing outside the schema is ever looked
up, and OpenAPI's `nullable: true` means what its authors meant. Everything else is the library's.
"""

from __future__ import annotations

from functools import cache, cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Final

from jsonschema import (
    Draft4Validator,
    Draft6Validator,
    Draft7Validator,
    Draft201909Validator,
    Draft202012Validator,
    ValidationError,
)
from jsonschema.validators import extend
from referencing import Registry

from extractor.schema.checks import LANGUAGES
from extractor.schema.fitting import among, are_unique, frozen, multiple_of
from extractor.schema.formats import format_checker
from extractor.schema.keywords import draft_of
from extractor.schema.patterns import compile_pattern
from extractor.schema.predicates import REFUSING_NULL, compiled
from extractor.schema.scopes import LibraryScope, entered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from extractor.records import Json, JsonObject
    from extractor.schema.predicates import Fits

#: Draft -> the library's own validator.
BASES: Final[dict[int, Any]] = {
    4: Draft4Validator,
    6: Draft6Validator,
    7: Draft7Validator,
    2019: Draft201909Validator,
    2020: Draft202012Validator,
}
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
        cls = _validator_class(self._draft, speaks_openapi=self._speaks_openapi)
        return cls(self._schema, registry=Registry(), format_checker=format_checker())


def _is_told(fits: Fits, value: Json) -> bool:
    try:
        return fits(value)
    except RecursionError:
        return False


def _evolve(validator: Any, *, schema: Json, _resolver: Any = None) -> Any:
    """Return the validator of a part, with the rules of the whole.

    The library's own takes the stock class where a part states `$schema`, as a root that refers to itself does, and
    the address of the whole where `not`, `if` or `contains` hold a part with an address of its own.
    """
    return type(validator)(
        schema,
        registry=validator._registry,  # noqa: SLF001 - fields without a public name
        format_checker=validator.format_checker,
        _resolver=_resolver or entered(validator, schema),
    )


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


@cache
def _validator_class(draft: int, *, speaks_openapi: bool) -> Any:
    base = BASES[draft]
    replaced: dict[str, Callable[..., Any]] = {
        "enum": _enum,
        "pattern": _pattern,
        "patternProperties": _pattern_properties,
        "additionalProperties": _additional_properties,
        "multipleOf": _multiple_of,
        "uniqueItems": _unique_items,
    }
    if "additionalItems" in base.VALIDATORS:
        replaced["additionalItems"] = _additional_items
    if "const" in base.VALIDATORS:
        replaced["const"] = _const
    if speaks_openapi:
        checks = {**base.VALIDATORS, **replaced}
        replaced |= {name: _or_null(checks[name]) for name in REFUSING_NULL if name in checks}
    extended: Any = extend  # typed as untyped in its stubs
    cls = extended(base, replaced)
    cls.evolve = _evolve
    return cls


def _or_null(check: Callable[..., Any]) -> Callable[..., Any]:
    def check_unless_null(*arguments: Any) -> Any:
        _validator, _value, instance, schema = arguments
        if instance is None and schema.get("nullable") is True:
            return ()
        return check(*arguments) or ()

    return check_unless_null


class _Same:
    """A list, equal to itself alone, so that what is made of it can be kept."""

    def __init__(self, values: list[Json]) -> None:
        self.values = values

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.values is self.values

    def __hash__(self) -> int:
        return id(self.values)


@lru_cache(maxsize=64)
def _among(values: _Same) -> Callable[[Json], bool]:
    return among(values.values)


def _enum(_validator: Any, values: list[Json], instance: Json, _schema: Json) -> Iterator[ValidationError]:
    if not _among(_Same(values))(instance):
        yield ValidationError("enum")


def _const(_validator: Any, value: Json, instance: Json, _schema: Json) -> Iterator[ValidationError]:
    if frozen(instance) != frozen(value):
        yield ValidationError("const")


def _pattern(validator: Any, pattern: str, instance: Json, _schema: Json) -> Iterator[ValidationError]:
    if validator.is_type(instance, "string") and not compile_pattern(pattern).search(instance):
        yield ValidationError("pattern")


def _pattern_properties(
    validator: Any, patterns: JsonObject, instance: Json, _schema: Json
) -> Iterator[ValidationError]:
    if not validator.is_type(instance, "object"):
        return
    for pattern, subschema in patterns.items():
        matcher = compile_pattern(pattern)
        for name, member in instance.items():
            if matcher.search(name):
                yield from validator.descend(member, subschema, path=name, schema_path=pattern)


def _additional_properties(  # noqa: PLR0917 - the signature that jsonschema calls
    validator: Any, allowed: Json, instance: Json, schema: Json
) -> Iterator[ValidationError]:
    if not validator.is_type(instance, "object"):
        return
    declared = schema.get("properties", {})
    matchers = [compile_pattern(pattern) for pattern in schema.get("patternProperties", {})]
    extras = [
        name for name in instance if name not in declared and not any(matcher.search(name) for matcher in matchers)
    ]
    if validator.is_type(allowed, "object"):
        for name in extras:
            yield from validator.descend(instance[name], allowed, path=name)
    elif allowed is False and extras:
        yield ValidationError("additionalProperties")


def _multiple_of(validator: Any, of: Json, instance: Json, _schema: Json) -> Iterator[ValidationError]:
    if validator.is_type(instance, "number") and not multiple_of(of)(instance):
        yield ValidationError("multipleOf")


def _unique_items(validator: Any, wanted: Json, instance: Json, _schema: Json) -> Iterator[ValidationError]:
    if wanted and validator.is_type(instance, "array") and not are_unique(instance):
        yield ValidationError("uniqueItems")


def _additional_items(  # noqa: PLR0917 - the signature that jsonschema calls
    validator: Any, allowed: Json, instance: Json, schema: Json
) -> Iterator[ValidationError]:
    """Check what a list in `items` does not reach. The library's own fails where `items` is true or false."""
    prefix = schema.get("items")
    if validator.is_type(instance, "array") and isinstance(prefix, list):
        for index in range(len(prefix), len(instance)):
            yield from validator.descend(instance[index], allowed, path=index)
