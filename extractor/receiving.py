"""Results as they arrive: JSON back into records, and the caller's own class applied to them."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from extractor.errors import Unsatisfied
from extractor.records import (
    Attempt,
    Conflict,
    Coverage,
    Enforcement,
    Evidence,
    Failure,
    ReadingNote,
    Repair,
    Result,
    Stated,
    Timings,
    Usage,
    Violation,
)
from extractor.schema.class_rules import class_violations
from extractor.schema.many import class_for, instance_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import BaseModel

    from extractor.records import Json, JsonObject

T = TypeVar("T")

#: Violations quoted in a message.
_QUOTED = 3


def result_from_json(content: bytes | JsonObject) -> Result[Json]:
    """Return the result that `Result.as_json` wrote, every nested record included.

    Members that this version does not know are left out, so that a newer worker's result can be read; members that
    are not there have their defaults. orjson is not used: it turns an integer beyond 64 bits into a float.
    """
    members = json.loads(content) if isinstance(content, bytes) else content
    return _made(
        Result,
        members,
        source=members.get("source"),
        record=members["record"],
        json_record=members["record"],
        evidence={at: _evidence(found) for at, found in (members.get("evidence") or {}).items()},
        coverage=_each(Coverage, members.get("coverage")),
        repairs=_each(Repair, members.get("repairs")),
        unsupported=tuple(members.get("unsupported") or ()),
        states=members.get("states") or {},
        conflicts=tuple(_conflict(conflict) for conflict in members.get("conflicts") or ()),
        attempts=tuple(_attempt(attempt) for attempt in members.get("attempts") or ()),
        enforcement=_enforcement(members.get("enforcement") or {}),
        validated_by=tuple(members.get("validated_by") or ()),
        error=_failure(members.get("error")),
        engine=members.get("engine") or "",
        warnings=_each(ReadingNote, members.get("warnings")),
        timings=_made(Timings, members.get("timings") or {}),
    )


def as_instance(result: Result[Json], model_class: type[BaseModel]) -> Result[Any]:
    """Return a result whose record is an instance of `model_class`, or a list of them, where it succeeded.

    A worker knows the class's JSON Schema, and the class itself only where the operator has registered it. What the
    class refuses on top becomes a failed result with the code `unsatisfied`; its record stays as plain JSON.
    """
    if result.status != "succeeded":
        return result
    violations = class_violations(result.json_record, class_for(result.json_record, model_class))
    if violations:
        return replace(result, status="failed", validated_by=(), error=_refused(violations, model_class))
    validated_by = tuple(dict.fromkeys((*result.validated_by, f"pydantic:{model_class.__name__}")))
    return replace(result, record=instance_of(result.json_record, model_class), validated_by=validated_by)


def _refused(violations: tuple[Violation, ...], model_class: type[BaseModel]) -> Failure:
    quoted = " ".join(f"{violation.at or 'the record'}: {violation.says}" for violation in violations[:_QUOTED])
    more = f" And {len(violations) - _QUOTED} more." if len(violations) > _QUOTED else ""
    paths = tuple(dict.fromkeys(violation.at for violation in violations))
    message = f"The record satisfies the JSON Schema, but the class {model_class.__name__} refuses it. {quoted}{more}"
    return Unsatisfied(message, paths=paths).as_failure()


@cache
def _names(record: Any) -> frozenset[str]:
    return frozenset(field.name for field in fields(record))


def _made(record: type[T], members: Mapping[str, Json], /, **parts: object) -> T:
    known = _names(record)  # type: ignore[arg-type] # mypy takes a class for unhashable here
    return record(**({name: value for name, value in members.items() if name in known} | parts))


def _each(record: type[T], found: list[JsonObject] | None) -> tuple[T, ...]:
    return tuple(_made(record, members) for members in found or ())


def _failure(members: JsonObject | None) -> Failure | None:
    return None if members is None else _made(Failure, members, paths=tuple(members.get("paths") or ()))


def _evidence(members: JsonObject) -> Evidence:
    box = members.get("box")
    alternatives = tuple((start, end) for start, end in members.get("alternatives") or ())
    return _made(Evidence, members, box=None if box is None else tuple(box), alternatives=alternatives)


def _conflict(members: JsonObject) -> Conflict:
    stated = tuple(
        Stated(value=each["value"], evidence=None if each.get("evidence") is None else _evidence(each["evidence"]))
        for each in members.get("stated") or ()
    )
    return _made(Conflict, members, stated=stated)


def _attempt(members: JsonObject) -> Attempt:
    return _made(
        Attempt,
        members,
        opened=None if members.get("opened") is None else tuple(members["opened"]),
        violations=_each(Violation, members.get("violations")),
        repairs=_each(Repair, members.get("repairs")),
        unsupported=tuple(members.get("unsupported") or ()),
        usage=_made(Usage, members.get("usage") or {}),
        error=_failure(members.get("error")),
    )


def _enforcement(members: JsonObject) -> Enforcement:
    asked = members.get("asked") or ""
    return _made(Enforcement, members, asked=asked, sent=tuple(members.get("sent") or ()))
