"""Everything that is wrong with a record under the caller's own schema, in words that help to put it right."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from extractor.records import Violation
from extractor.schema.pointers import short
from extractor.schema.sentences import keyword_meant, listed, sentence

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from jsonschema import ValidationError

    from extractor.records import Json
    from extractor.schema.rules import Rules

#: Violations reported of one record.
MAX_VIOLATIONS: Final = 50
#: Errors read from the library for one record; each may become several violations or none.
_MAX_ERRORS: Final = 200
#: Characters of one sentence, and of a name of a member in a pointer: a record may hold names of any length.
_MAX_SAYS: Final = 1_000
#: Unions inside one another that are searched for the branch that was meant.
_MAX_UNIONS: Final = 6


def violations_of(record: Json, rules: Rules) -> tuple[Violation, ...]:
    """Return what is wrong with `record`: nothing when it is valid, at most `MAX_VIOLATIONS` otherwise."""
    if rules.hold(record):
        return ()
    found: dict[Violation, None] = {}
    try:
        for violation in _told(record, rules):
            found[violation] = None
            if len(found) == MAX_VIOLATIONS:
                break
    except RecursionError:
        return (Violation(at="", rule="too_deep", says="Must not be nested this deeply."),)
    return tuple(found)


def _told(record: Json, rules: Rules) -> Iterator[Violation]:
    """Yield what is wrong, some of it more than once.

    The library reports each missing member by itself, and one such report tells of all that are missing there.
    """
    missing: set[tuple[str | int, ...]] = set()
    for error in islice(rules.failures(record), _MAX_ERRORS):
        if error.validator == "required":
            place = (*error.absolute_path, *error.absolute_schema_path)
            if place in missing:
                continue
            missing.add(place)
        yield from _violations(error, record)


def _violations(error: ValidationError, record: Json, unions: int = 0) -> Iterator[Violation]:
    keyword = keyword_meant(str(error.validator), error.schema)
    path = error.absolute_path
    if keyword in {"anyOf", "oneOf"} and error.context and unions < _MAX_UNIONS:
        yield from _of_meant_branch(error, record, unions)
    elif keyword == "oneOf" and _tag_name(error):
        yield _violation([*path, _tag_name(error)], keyword, says="Must say which of the forms is meant.")
    elif keyword == "required":
        for name in _missing(error.validator_value, error.instance):
            yield _violation([*path, name], keyword, says="Must be given.")
    elif keyword in {"additionalProperties", "unevaluatedProperties"}:
        yield _violation(path, keyword, says=_allowed_members(error.schema))
    elif keyword == "false":
        yield _violation(path, keyword, says="Must not be given.")
    else:
        yield _violation(path, keyword, says=sentence(keyword, error.validator_value))


def _violation(path: Iterable[str | int], rule: str, *, says: str) -> Violation:
    """Return a violation of bounded size."""
    if len(says) > _MAX_SAYS:
        says = says[: _MAX_SAYS - 1] + "…"
    return Violation(at=short(path), rule=rule, says=says)


def _tag_name(error: ValidationError) -> str:
    """Return the member that tells the forms of a union apart, "" where the schema names none."""
    discriminator = error.schema.get("discriminator") if isinstance(error.schema, dict) else None
    return str(discriminator.get("propertyName") or "") if isinstance(discriminator, dict) else ""


def _missing(required: Json, instance: Json) -> list[str]:
    return [name for name in required if name not in instance] if isinstance(required, list) else []


def _allowed_members(schema: Any) -> str:
    names = list(schema.get("properties", ())) if isinstance(schema, dict) else []
    return f"Only these members may be given: {listed(names)}." if names else sentence("additionalProperties", None)


def _of_meant_branch(error: ValidationError, record: Json, unions: int) -> Iterator[Violation]:
    """Report what is wrong with the branch that the value comes closest to, where one is closest.

    A branch that fails on the value's own type or on its tag was not meant.
    """
    branches: dict[int, list[ValidationError]] = {}
    for inner in error.context or ():
        branches.setdefault(int(inner.relative_schema_path[0]), []).append(inner)
    meant = [errors for errors in branches.values() if not any(_is_own_type(e) or _is_tag(e) for e in errors)]
    if meant:
        for inner in min(meant, key=len):
            yield from _violations(inner, record, unions + 1)
        return
    tags = [inner for errors in branches.values() for inner in errors if _is_tag(inner) and inner.relative_path]
    if tags:
        yield _wrong_tag(tags)
    else:
        yield _violation(error.absolute_path, str(error.validator), says=_forms(error, branches))


def _is_own_type(error: ValidationError) -> bool:
    return error.validator == "type" and not error.relative_path


def _is_tag(error: ValidationError) -> bool:
    return bool(_constant(error)) and len(error.relative_path) <= 1


def _constant(error: ValidationError) -> list[Json]:
    """Return the one value that the failed rule allows, in a list; an empty list when it allows several."""
    value: Any = error.validator_value
    if error.validator == "const":
        return [value]
    return list(value) if error.validator == "enum" and len(value) == 1 else []


def _wrong_tag(tags: list[ValidationError]) -> Violation:
    at = tags[0].absolute_path
    values = [value for tag in tags if tag.absolute_path == at for value in _constant(tag)]
    return _violation(at, "enum", says=sentence("enum", values))


def _forms(error: ValidationError, branches: dict[int, list[ValidationError]]) -> str:
    """Return what the branches ask for, by the rule that each of them fails on."""
    says = dict.fromkeys(
        sentence(str(inner.validator), inner.validator_value).removeprefix("Must be ").removesuffix(".")
        for errors in branches.values()
        for inner in errors[:1]
        if inner.validator in {"type", "enum", "const"}
    )
    return f"Must be {' or '.join(says)}." if says else sentence(str(error.validator), None)
