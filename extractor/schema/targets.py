"""What a caller may hand in as the schema, and the `Target` it becomes."""

from __future__ import annotations

import copy
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel, create_model
from pydantic.errors import PydanticErrorMixin, PydanticUserError

from extractor.errors import InvalidSchema
from extractor.jsontext import MAX_DEPTH, MAX_DIGITS, NotStrictJson, canonical, digest, dumps, parse
from extractor.records import Target
from extractor.schema.admission import admit_json
from extractor.schema.keywords import ARRAY, NUMBER, OBJECT, STRING, draft_of
from extractor.schema.metaschema import check_schema
from extractor.schema.wrappers import instead_of

if TYPE_CHECKING:
    from extractor.records import Json, JsonObject

#: Bytes of a schema. The 99.9th percentile of 11,305 real schemas is 166 kB.
MAX_BYTES: Final = 256 * 1024
_STDIN: Final = Path("/dev/stdin")
#: Characters of a target's name.
_MAX_NAME: Final = 64
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9_-]+")
#: Keywords of which the root of a schema needs at least one to ask for anything.
_RULES: Final = frozenset((
    *OBJECT, *ARRAY, *STRING, *NUMBER, "type", "enum", "const", "$ref", "allOf", "anyOf", "oneOf", "not", "if",
))  # fmt: skip
#: Characters of what pydantic says.
_MAX_SAID: Final = 300
#: What pydantic raises for a class that has no JSON Schema.
_NO_SCHEMA: Final = (PydanticUserError, NameError, RecursionError, KeyError, TypeError, ValueError)
#: Reason of `NotStrictJson` -> what is said.
_NOT_STRICT: Final = {
    "not_a_number": "NaN and Infinity are no numbers of JSON",
    "huge_number": f"a number does not fit a double, or has more than {MAX_DIGITS} characters",
    "too_deep": f"it is nested too deep, more than {MAX_DEPTH} levels",
}
#: Digests of the schemas of classes that their meta-schema accepted.
_checked: set[str] = set()
#: Digests remembered before the memory starts anew.
_MAX_CHECKED: Final = 10_000


def target_from(schema: type[BaseModel] | JsonObject | os.PathLike[str]) -> Target:
    """Return the target that a pydantic class, a JSON Schema or the path of a `.json` file stands for.

    A class is code of this process, so its schema is checked against the meta-schema here. Any other schema may be
    hostile: here it is only measured, and `contracts.contract_for` has it checked where it can do no harm.

    Raises:
        InvalidSchema: it is none of these, the file cannot be read, or what it holds is not a JSON Schema.
        UnsupportedSchema: the schema is too deep or too large, or of an unknown draft.
    """
    if schema is not BaseModel and isinstance(schema, type) and issubclass(schema, BaseModel):
        return _target(_schema_of(schema), name=schema.__name__, model_class=schema)
    if isinstance(schema, dict):
        return _target(schema, name=_title(schema, "record"))
    if isinstance(schema, os.PathLike):
        path = Path(schema)
        loaded = _load(path)
        return _target(loaded, name=_title(loaded, path.stem.removesuffix(".schema")))
    raise InvalidSchema("A schema is a pydantic class with fields, a dict, or a Path (not a string) of a .json file.")


def key_of(schema: type[BaseModel] | JsonObject | os.PathLike[str]) -> type[BaseModel] | str | None:
    """Return what tells one schema from another, None where that is not known before it is read."""
    if isinstance(schema, type):
        return schema
    try:
        return dumps(schema) if isinstance(schema, dict) else None
    except (TypeError, ValueError, RecursionError):  # no JSON: `target_from` says so
        return None


def _schema_of(model_class: type[BaseModel]) -> JsonObject:
    try:
        return model_class.model_json_schema(mode="validation", by_alias=True)
    except _NO_SCHEMA as error:
        raise InvalidSchema(
            f"The class {model_class.__name__} has no JSON Schema{_field_at_fault(model_class)}: {_first_line(error)} "
            "Define every type that it refers to, and use types that JSON can express."
        ) from error


def _field_at_fault(model_class: type[BaseModel]) -> str:
    """Return which field alone has no schema either, in words; "" where none is found."""
    for name, field in model_class.model_fields.items():
        alone: Any = {name: (field.annotation, field)}
        try:
            create_model(model_class.__name__, __config__=model_class.model_config, **alone).model_json_schema()
        except _NO_SCHEMA:
            return f", because of its field {name!r}"
    return ""


def _first_line(error: Exception) -> str:
    says = error.message if isinstance(error, PydanticErrorMixin) else f"{type(error).__name__}: {error}"
    return says.partition("\n")[0][:_MAX_SAID].rstrip(". ") + "."


def _load(path: Path) -> Json:
    what = "The schema on stdin" if path == _STDIN else f"The schema file {path}"
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InvalidSchema(f"{what} cannot be read: {error.strerror}.") from error
    _refuse_large(content)
    if not content.strip():
        raise InvalidSchema(f"{what} is empty.")
    try:
        return parse(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise InvalidSchema(f"{what} is not UTF-8 text.") from error
    except NotStrictJson as error:
        says = _say_why_not_strict(error)
        raise InvalidSchema(f"{what} is not strict JSON: {says}.", line=error.line or None) from error


def _say_why_not_strict(error: NotStrictJson) -> str:
    if error.reason == "syntax":
        return f"there is a mistake in line {error.line}, column {error.column}"
    if error.reason == "duplicate_key":
        return f"one object has the key {dumps(error.key[:_MAX_NAME])} twice, with different values"
    return _NOT_STRICT[error.reason]


def _refuse_large(content: bytes) -> None:
    if len(content) > MAX_BYTES:
        raise InvalidSchema(f"The schema is larger than {MAX_BYTES // 1024} KiB.")


def _title(schema: Json, otherwise: str) -> str:
    title = schema.get("title") if isinstance(schema, dict) else None
    return title if isinstance(title, str) else otherwise


def _target(schema: Json, *, name: str, model_class: type[BaseModel] | None = None) -> Target:
    if not isinstance(schema, dict):
        raise InvalidSchema('A schema is a JSON object, such as {"type": "object", "properties": {…}}.')
    if (instead := instead_of(schema)) is not None:
        raise InvalidSchema(instead)
    admit_json(schema)
    try:
        _refuse_large(canonical(schema))
    except ValueError:  # the interpreter writes no more than 4,300 digits
        raise InvalidSchema("The schema holds a number that is too large.") from None
    if not _RULES.intersection(schema):
        raise InvalidSchema(
            'The schema states no rule, so anything would satisfy it. Give it "type" and, for an object, "properties".'
        )
    fingerprint = digest(schema)
    draft_of(schema)
    if model_class is not None and fingerprint not in _checked:
        check_schema(schema)
        if len(_checked) >= _MAX_CHECKED:
            _checked.clear()
        _checked.add(fingerprint)
    slug = _UNSAFE.sub("_", name).strip("_")[:_MAX_NAME] or "record"
    return Target(schema=copy.deepcopy(schema), name=slug, digest=fingerprint, model_class=model_class)
