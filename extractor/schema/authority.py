"""The authority on validity: jsonschema of the caller's draft, with the parts replaced that are unsafe or wrong.

Patterns run in linear time, `multipleOf` is exact, `enum` and `uniqueItems` hash, nothing outside the schema is ever
looked up, and OpenAPI's `nullable: true` means what its authors meant. Where the library would write the record into
a message, which nobody may see, the check is ours and has none. Everything else is the library's.
"""

from __future__ import annotations

import operator
from functools import cache, lru_cache
from itertools import islice
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

from extractor.schema.fitting import among, are_unique, frozen, multiple_of
from extractor.schema.formats import FORMATS
from extractor.schema.patterns import compile_pattern
from extractor.schema.predicates import REFUSING_NULL
from extractor.schema.scopes import entered
from extractor.schema.unevaluated import evaluated_items, evaluated_members

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from extractor.records import Json, JsonObject

    Check = Callable[..., Any]

#: Draft -> the library's own validator.
BASES: Final[dict[int, Any]] = {
    4: Draft4Validator,
    6: Draft6Validator,
    7: Draft7Validator,
    2019: Draft201909Validator,
    2020: Draft202012Validator,
}
#: Errors read of one branch of a union.
_MAX_BRANCH: Final = 50


@cache
def validator_class(draft: int, *, speaks_openapi: bool) -> Any:
    """Return the validator of a draft, and of OpenAPI's dialect of it."""
    base = BASES[draft]
    checks = {**base.VALIDATORS, **{name: check for name, check in _CHECKS.items() if name in base.VALIDATORS}}
    if speaks_openapi:
        checks |= {name: _or_null(checks[name]) for name in REFUSING_NULL if name in checks}
    extended: Any = extend  # typed as untyped in its stubs
    cls = extended(base, checks)
    cls.evolve = _evolve
    cls.descend = _descending(cls.descend)
    return cls


def _evolve(validator: Any, *, schema: Json, _resolver: Any = None) -> Any:
    """Return the validator of a part, with the rules of the whole.

    The library's own takes the stock class where a part states `$schema`, as a root that refers to itself does, and
    the address of the whole where `not`, `if` or `contains` hold a part with an address of its own.
    """
    return type(validator)(
        schema,
        registry=validator._registry,  # noqa: SLF001 - fields without a public name
        _resolver=_resolver or entered(validator, schema),
    )


def _descending(descend: Check) -> Check:
    """Return the library's descent, but for `false`, of which it does not tell the place."""

    def descend_or_refuse(validator: Any, instance: Json, schema: Json, **steps: Any) -> Iterator[ValidationError]:
        if schema is not False:
            errors: Iterator[ValidationError] = descend(validator, instance, schema, **steps)
            return errors
        error = ValidationError("false", validator="false", validator_value=False, instance=instance, schema=False)
        for name, told in (("path", error.path), ("schema_path", error.schema_path)):
            if steps.get(name) is not None:
                told.appendleft(steps[name])
        return iter([error])

    return descend_or_refuse


def _or_null(check: Check) -> Check:
    def check_unless_null(*arguments: Any) -> Any:
        _validator, _value, instance, schema = arguments
        if instance is None and schema.get("nullable") is True:
            return ()
        return check(*arguments) or ()

    return check_unless_null


def _failing(keyword: str, *, holds: Callable[[Any, Any, Json], bool]) -> Check:
    """Return a check that fails without a word where a question about the validator, the rule and the value does."""

    def check(validator: Any, stated: Json, instance: Json, _schema: Json) -> Iterator[ValidationError]:
        if not holds(validator, stated, instance):
            yield ValidationError(keyword)

    return check


def _size(kind: str, compare: Callable[[int, Any], bool]) -> Callable[[Any, Any, Json], bool]:
    return lambda validator, limit, instance: not validator.is_type(instance, kind) or compare(len(instance), limit)


def _has_type(validator: Any, stated: Json, instance: Json) -> bool:
    return any(validator.is_type(instance, name) for name in ([stated] if isinstance(stated, str) else stated))


def _has_format(_validator: Any, name: Json, instance: Json) -> bool:
    has = FORMATS.get(name) if isinstance(name, str) else None
    return has is None or not isinstance(instance, str) or has(instance)


def _is_among(_validator: Any, values: list[Json], instance: Json) -> bool:
    return _among(_Same(values))(instance)


def _is_equal(_validator: Any, value: Json, instance: Json) -> bool:
    return bool(frozen(instance) == frozen(value))


def _is_matched(validator: Any, pattern: str, instance: Json) -> bool:
    return not validator.is_type(instance, "string") or compile_pattern(pattern).search(instance)


def _is_multiple(validator: Any, of: Json, instance: Json) -> bool:
    return not validator.is_type(instance, "number") or multiple_of(of)(instance)


def _has_unique(validator: Any, wanted: Json, instance: Json) -> bool:
    return not wanted or not validator.is_type(instance, "array") or are_unique(instance)


def _fits_not(validator: Any, schema: Json, instance: Json) -> bool:
    return not validator.evolve(schema=schema).is_valid(instance)


def _has_names(validator: Any, schema: Json, instance: Json) -> bool:
    return not validator.is_type(instance, "object") or all(map(validator.evolve(schema=schema).is_valid, instance))


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


def _union(keyword: str, *, most: int | None) -> Check:
    """Return the check of a union: one branch fits at least, and no more than `most` do."""

    def check(validator: Any, branches: list[Json], instance: Json, _schema: Json) -> Iterator[ValidationError]:
        found: list[ValidationError] = []
        fitting = 0
        for index, branch in enumerate(branches):
            errors = list(islice(validator.descend(instance, branch, schema_path=index), _MAX_BRANCH))
            fitting += not errors
            if fitting and most is None:
                return
            if most is not None and fitting > most:
                yield ValidationError(keyword)
                return
            found += errors
        if not fitting:
            yield ValidationError(keyword, context=found)

    return check


def _contains(  # noqa: PLR0917 - the signature that jsonschema calls
    validator: Any, contained: Json, instance: Json, schema: Json
) -> Iterator[ValidationError]:
    if not validator.is_type(instance, "array"):
        return
    is_counted = "dependentRequired" in validator.VALIDATORS  # since 2019-09, as the bounds are
    least, most = (schema.get("minContains", 1), schema.get("maxContains")) if is_counted else (1, None)
    found = sum(map(validator.evolve(schema=contained).is_valid, instance))
    if most is not None and found > most:
        yield ValidationError("maxContains", validator="maxContains", validator_value=most)
    elif found < least and found:
        yield ValidationError("minContains", validator="minContains", validator_value=least)
    elif found < least:
        yield ValidationError("contains")


def _pattern_properties(
    validator: Any, patterns: JsonObject, instance: Json, _schema: Json
) -> Iterator[ValidationError]:
    if not validator.is_type(instance, "object"):
        return
    for pattern, subschema in patterns.items():
        for name in filter(compile_pattern(pattern).search, instance):
            yield from validator.descend(instance[name], subschema, path=name, schema_path=pattern)


def _additional_properties(  # noqa: PLR0917 - the signature that jsonschema calls
    validator: Any, allowed: Json, instance: Json, schema: Json
) -> Iterator[ValidationError]:
    if not validator.is_type(instance, "object"):
        return
    declared = schema.get("properties", {})
    searches = [compile_pattern(pattern).search for pattern in schema.get("patternProperties", {})]
    extras = (name for name in instance if name not in declared and not any(search(name) for search in searches))
    if allowed is False:
        if any(True for _ in extras):
            yield ValidationError("additionalProperties")
        return
    for name in extras:
        yield from validator.descend(instance[name], allowed, path=name)


def _additional_items(  # noqa: PLR0917 - the signature that jsonschema calls
    validator: Any, allowed: Json, instance: Json, schema: Json
) -> Iterator[ValidationError]:
    """Check what a list in `items` does not reach. The library's own fails where `items` is true or false."""
    prefix = schema.get("items")
    if validator.is_type(instance, "array") and isinstance(prefix, list):
        for index in range(len(prefix), len(instance)):
            yield from validator.descend(instance[index], allowed, path=index)


def _unevaluated_members(validator: Any, _allowed: Json, instance: Json, schema: Json) -> Iterator[ValidationError]:
    if validator.is_type(instance, "object") and not instance.keys() <= evaluated_members(validator, instance, schema):
        yield ValidationError("unevaluatedProperties")


def _unevaluated_items(validator: Any, _allowed: Json, instance: Json, schema: Json) -> Iterator[ValidationError]:
    if validator.is_type(instance, "array") and len(evaluated_items(validator, instance, schema)) < len(instance):
        yield ValidationError("unevaluatedItems")


#: Keyword -> whether it holds, where nothing more can be told.
_QUESTIONS: Final[dict[str, Callable[[Any, Any, Json], bool]]] = {
    "type": _has_type,
    "enum": _is_among,
    "const": _is_equal,
    "format": _has_format,
    "pattern": _is_matched,
    "multipleOf": _is_multiple,
    "uniqueItems": _has_unique,
    "minLength": _size("string", operator.ge),
    "maxLength": _size("string", operator.le),
    "minItems": _size("array", operator.ge),
    "maxItems": _size("array", operator.le),
    "minProperties": _size("object", operator.ge),
    "maxProperties": _size("object", operator.le),
    "not": _fits_not,
    "propertyNames": _has_names,
}
#: Keyword -> check, in place of the library's where a draft has the keyword.
_CHECKS: Final[dict[str, Check]] = {
    **{keyword: _failing(keyword, holds=holds) for keyword, holds in _QUESTIONS.items()},
    "anyOf": _union("anyOf", most=None),
    "oneOf": _union("oneOf", most=1),
    "contains": _contains,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional_properties,
    "additionalItems": _additional_items,
    "unevaluatedProperties": _unevaluated_members,
    "unevaluatedItems": _unevaluated_items,
}
