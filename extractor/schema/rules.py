"""The authority on validity: jsonschema of the caller's draft, with the parts replaced that are unsafe or wrong.

Patterns run in linear time, `multipleOf` is exact, `uniqueItems` hashes, nothing outside the schema is ever looked
up, and OpenAPI's `nullable: true` means what its authors meant. Everything else is the library's.
"""

from __future__ import annotations

from functools import cache
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
from referencing.exceptions import Unresolvable

from extractor.schema.certainty import Certainty, never
from extractor.schema.fitting import is_multiple, sure_types
from extractor.schema.formats import format_checker
from extractor.schema.keywords import draft_of
from extractor.schema.patterns import compile_pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from extractor.records import Json, JsonObject

_BASES: Final = {
    4: Draft4Validator,
    6: Draft6Validator,
    7: Draft7Validator,
    2019: Draft201909Validator,
    2020: Draft202012Validator,
}
#: Keywords that say no to a null which `nullable: true` allows.
_REFUSING_NULL: Final = ("type", "enum", "const", "$ref", "allOf", "anyOf", "oneOf")
#: The draft in which `exclusiveMinimum` is true or false.
_BOOLEAN_LIMITS: Final = 4
#: Keywords that give a part of a schema an address of its own.
_RENAMING: Final = ("$id", "id", "$anchor", "$dynamicAnchor", "$recursiveAnchor")


class Rules:
    """A compiled schema."""

    def __init__(self, schema: JsonObject) -> None:
        draft, speaks_openapi, renames_itself = draft_of(schema), _mentions_nullable(schema), _renames_itself(schema)
        base = _validator_class(draft, speaks_openapi=speaks_openapi)
        quick = {"properties": _properties_at_sight(schema)}
        if not (speaks_openapi or renames_itself):
            quick["$ref"] = _references_kept(base.VALIDATORS["$ref"])
        extended: Any = extend  # typed as untyped in its stubs
        cls = extended(base, quick)
        cls.evolve = _evolve
        self._validator: Any = cls(schema, registry=Registry(), format_checker=format_checker())
        self._is_certain = never if draft == _BOOLEAN_LIMITS or renames_itself else Certainty(schema).of(schema)

    def holds(self, schema: Json, value: Json) -> bool:
        """Return whether `value` satisfies a part of the schema, given as a schema of its own."""
        return self._is_valid(self._validator.evolve(schema=schema), value)

    def hold(self, value: Json) -> bool:
        """Return whether `value` satisfies the whole schema."""
        try:
            return self._is_certain(value) or self._is_valid(self._validator, value)
        except RecursionError:
            return False

    def errors(self, value: Json) -> Iterator[ValidationError]:
        """Yield the library's errors, one by one. Their messages quote the instance: never show them."""
        errors: Iterator[ValidationError] = self._validator.iter_errors(value)
        return errors

    @staticmethod
    def _is_valid(validator: Any, value: Json) -> bool:
        try:
            return bool(validator.is_valid(value))
        except RecursionError:
            return False


def _evolve(validator: Any, *, schema: Json, _resolver: Any = None) -> Any:
    """Return the validator of a part, with the rules of the whole.

    The library's own takes the stock class where a part states `$schema`, as a root that refers to itself does.
    """
    return type(validator)(
        schema,
        registry=validator._registry,  # noqa: SLF001 - fields without a public name
        format_checker=validator.format_checker,
        _resolver=_resolver or validator._resolver,  # noqa: SLF001
    )


def _mentions_nullable(schema: Json) -> bool:
    return any(node.get("nullable") is True for node in _objects(schema))


def _renames_itself(schema: Json) -> bool:
    """Whether a part may have an address of its own, so that one reference means different things in two places."""
    return any(isinstance(node.get(name), str) for node in _objects(schema) for name in _RENAMING)


def _objects(schema: Json) -> Iterator[JsonObject]:
    open_nodes = [schema]
    while open_nodes:
        node = open_nodes.pop()
        if isinstance(node, dict):
            yield node
            open_nodes += node.values()
        elif isinstance(node, list):
            open_nodes += node


def _properties_at_sight(schema: JsonObject) -> Callable[..., Any]:
    """Return a check of `properties` that descends only into members whose type does not settle the matter."""
    # By identity: the schema is kept by whoever keeps the check, so no other object can take an id of its parts.
    sure = {id(node): types for node in _objects(schema) if (types := sure_types(node))}
    unsure: frozenset[type] = frozenset()

    def check(validator: Any, members: JsonObject, instance: Json, _schema: Json) -> Iterator[ValidationError]:
        if not validator.is_type(instance, "object"):
            return
        for name, subschema in members.items():
            if name in instance and type(instance[name]) not in sure.get(id(subschema), unsure):
                yield from validator.descend(instance[name], subschema, path=name, schema_path=name)

    return check


def _references_kept(library_check: Callable[..., Any]) -> Callable[..., Any]:
    """Return a check of `$ref` that looks each up once: a look-up costs as much as validating a small object."""
    kept: dict[str, Any] = {}

    def check(  # noqa: PLR0917 - the signature that jsonschema calls
        validator: Any, reference: str, instance: Json, schema: Json
    ) -> Any:
        if reference not in kept:
            try:
                kept[reference] = validator._resolver.lookup(reference)  # noqa: SLF001 - as the library's own does
            except Unresolvable:
                return library_check(validator, reference, instance, schema)
        found = kept[reference]
        return validator.descend(instance, found.contents, resolver=found.resolver)

    return check


@cache
def _validator_class(draft: int, *, speaks_openapi: bool) -> Any:
    base = _BASES[draft]
    replaced: dict[str, Callable[..., Any]] = {
        "pattern": _pattern,
        "patternProperties": _pattern_properties,
        "additionalProperties": _additional_properties,
        "multipleOf": _multiple_of,
        "uniqueItems": _unique_items,
    }
    if speaks_openapi:
        replaced |= {name: _or_null(base.VALIDATORS[name]) for name in _REFUSING_NULL if name in base.VALIDATORS}
    extended: Any = extend
    return extended(base, replaced)  # typed as untyped in its stubs


def _or_null(check: Callable[..., Any]) -> Callable[..., Any]:
    def check_unless_null(*arguments: Any) -> Any:
        _validator, _value, instance, schema = arguments
        if instance is None and schema.get("nullable") is True:
            return ()
        return check(*arguments) or ()

    return check_unless_null


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
    if validator.is_type(instance, "number") and not is_multiple(instance, of):
        yield ValidationError("multipleOf")


def _unique_items(validator: Any, wanted: Json, instance: Json, _schema: Json) -> Iterator[ValidationError]:
    if wanted and validator.is_type(instance, "array") and len({_frozen(item) for item in instance}) < len(instance):
        yield ValidationError("uniqueItems")


def _frozen(value: Json) -> Any:
    """Return a hashable stand-in that is equal for equal JSON: 1 and 1.0 are, 1 and true are not."""
    if isinstance(value, dict):
        return ("object", frozenset((name, _frozen(member)) for name, member in value.items()))
    if isinstance(value, list):
        return ("array", tuple(_frozen(item) for item in value))
    return (isinstance(value, bool), value)
