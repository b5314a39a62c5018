"""What happens to a schema, field by field: what a grammar enforces, what is told in words, what a class checks."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final, Literal

from extractor.errors import UnsupportedSchema
from extractor.jsontext import dumps, tokens
from extractor.records.json import JsonObject  # noqa: TC001 - pydantic reads the annotations
from extractor.schema.advice import Hint  # noqa: TC001 - pydantic reads the annotations
from extractor.schema.class_checks import checks_of
from extractor.schema.fields import Field, Fields, fields_of
from extractor.schema.hints import hints_of

if TYPE_CHECKING:
    from extractor.records import Target
    from extractor.schema.contracts import Contract

#: The dialect that contracts are made for.
_DIALECT: Final = "openai"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRow:
    """One field of the record."""

    #: JSON Pointer into the record, `*` for every item of a list and every key of a map.
    at: str
    #: The same as names and indexes, None for every item or key: a member may itself be called `*`.
    path: tuple[str | int | None, ...]
    #: Which alternative of a union the field belongs to: `2`, or `2.1` where unions nest; "" for none.
    form: str
    #: What it is in the record, in one or two words: `string or null`, `list of object`.
    type: str
    #: Whether a valid record always has it.
    is_required: bool
    #: What null on the wire stands for: `absent`, `not stated`, `null`, or "" where a grammar allows none.
    null: str
    #: How the value travels, where not as itself: `set` in `{"set": …}`, apart from null; `text` as JSON text.
    written_as: tuple[Literal["set", "text"], ...]
    #: Keyword -> value, on the wire, so that a grammar enforces it; those of a map's keys with `key ` before them.
    on_wire: JsonObject
    #: Rules that are told in words and checked after the answer; "" for none.
    told: str
    #: Validators of the class.
    by_class: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A schema that can be used, and what becomes of it."""

    #: Name of the target.
    name: str
    #: The rows, in the order of the wire.
    fields: tuple[ReportRow, ...]
    #: Whether there are more fields than rows.
    is_cut: bool
    #: The subset that the wire is written in.
    dialect: str
    #: By what records are validated: `json_schema`, and `pydantic:NAME` where the class is known.
    validated_by: tuple[str, ...]
    #: `bounded` = answers are judged in place; `guarded` = in a child process with limits, because every level of
    #: an answer may double the work.
    cost: Literal["bounded", "guarded"]
    #: Bytes of the wire schema.
    wire_bytes: int
    #: Tokens that a record is expected to take.
    expected_tokens: int
    #: What is worth a second look, though nothing is wrong.
    hints: tuple[Hint, ...]

    @property
    def rules_on_wire(self) -> int:
        """Keywords that a grammar enforces, beyond types and names."""
        return sum(len(row.on_wire) for row in self.fields)

    @property
    def places_told(self) -> int:
        """Fields with rules in words."""
        return sum(bool(row.told) for row in self.fields)

    def as_json(self) -> JsonObject:
        """Return the report as JSON."""
        return asdict(self)


def report(target: Target, contract: Contract) -> Report:
    """Return what happens to `target` under the options that `contract` was made with. Pure.

    A schema that takes too long to be lowered in this process has no rows, and the report says that it is cut.
    """
    fields, told = _fields_and_rules(contract)
    checks = {} if target.model_class is None else checks_of(target.model_class)
    rows = [_row(field, told=told.pop(field.at, ""), by_class=checks.pop(field.at, ())) for field in fields.listed]
    plain = {field.at for field in fields.listed if field.is_item}
    rows = [row for row in rows if row.at not in plain or row.on_wire or row.told or row.by_class]
    if not fields.is_cut:
        rows += [_row(field, told=told[field.at], by_class=()) for field in _unlisted(told, fields.listed)]
    return Report(
        name=target.name,
        fields=tuple(rows),
        is_cut=fields.is_cut,
        dialect=_DIALECT,
        validated_by=contract.validated_by,
        cost=contract.cost.kind,
        wire_bytes=len(dumps(contract.shape.schema).encode()),
        expected_tokens=contract.shape.expected_tokens,
        hints=hints_of(target, fields),
    )


def _fields_and_rules(contract: Contract) -> tuple[Fields, dict[str, str]]:
    try:
        lowered = contract.lowered
    except UnsupportedSchema:
        return Fields(listed=(), is_cut=True, closed=(), members={}), {}
    return fields_of(lowered.wire, lowered.codec), dict(lowered.local)


def _row(field: Field, *, told: str, by_class: tuple[str, ...]) -> ReportRow:
    return ReportRow(
        at=field.at,
        path=field.path,
        form=field.form,
        type=field.type,
        is_required=field.is_required,
        null=field.null,
        written_as=(*(("set",) if field.is_set else ()), *(("text",) if field.is_text else ())),
        on_wire=field.on_wire,
        told=told,
        by_class=by_class,
    )


def _unlisted(told: dict[str, str], fields: tuple[Field, ...]) -> list[Field]:
    """Return the places with rules that are no fields of their own, such as one position of a list of scalars."""
    repeated = tuple(f"{field.at}/" for field in fields if field.is_repeated)
    return [
        Field(
            path=tuple(None if name == "*" else name for name in tokens(at)),
            form="",
            type="",
            is_required=False,
            null="",
            on_wire={},
        )
        for at in told
        if not at.startswith(repeated)
    ]
