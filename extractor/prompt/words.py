"""The wire schema as compact typed words, one field a line; `reading_words` reads them back.

    invoice: object "One invoice."
      number: string "As printed."
      total: number or null (>= 0)
      currency: string (one of ["EUR","USD"])
      lines: list (min items 1), each object
        sku: string rule "No two lines have the same."
      seller: @Party, or null
    @Party: object
      name: string

Two thirds of the characters of JSON Schema (618 real ones), and nearer to how people write types. Nothing is lost: a
part of the schema that has no words stands there as JSON after the word `schema`. The caller's own text (descriptions,
enums, patterns, names that are more than a plain word) is always a JSON string, so it can neither end its line nor
look like ours.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from extractor import jsontext
from extractor.prompt.fencing import quoted

if TYPE_CHECKING:
    from extractor.records import Json, JsonObject, Shape

INDENT = "  "
#: Before the only form of an `anyOf`, which a description keeps apart from its `$ref`.
ALONE = "a "
REFERENCE = "#/$defs/"
#: JSON Schema's word for a type -> ours. No `type` at all is `value`.
TYPES = {
    "string": "string",
    "number": "number",
    "integer": "integer",
    "boolean": "boolean",
    "null": "null",
    "object": "object",
    "array": "list",
}
#: Keyword -> the phrase before its value. A phrase never begins another one.
LIMITS = {
    "enum": "one of ",
    "const": "always ",
    "format": "format ",
    "pattern": "pattern ",
    "minLength": "min length ",
    "maxLength": "max length ",
    "minimum": ">= ",
    "maximum": "<= ",
    "exclusiveMinimum": "> ",
    "exclusiveMaximum": "< ",
    "multipleOf": "multiple of ",
    "minItems": "min items ",
    "maxItems": "max items ",
}
#: A name that needs no quotes.
PLAIN_NAME = re.compile(r"[^\W\d][\w-]*")

_REMARKS = frozenset({"title", "description"})
_OBJECT_KEYS = frozenset({"properties", "required", "additionalProperties"})


def render(shape: Shape) -> str:
    """Write the schema, its name and the rules told in words. `reading_words.read` gives all three back."""
    schema, shared = _without_shared_shapes(shape.schema)
    writer = _Writer(shape.told)
    writer.write(f"{_name(shape.name)}: ", schema, at="")
    for name, definition in shared.items():
        writer.write(f"@{_name(name)}: ", definition, at=None)
    for at, rule in writer.untold.items():
        writer.lines.append(f"rule at {quoted(at)} {quoted(rule)}")
    return "\n".join(writer.lines)


class _Writer:
    """The lines so far, and the rules that have not found their field yet."""

    def __init__(self, told: dict[str, str]) -> None:
        self.lines: list[str] = []
        self.untold = dict(told)

    def write(self, label: str, schema: Json, *, at: str | None, depth: int = 0) -> None:
        """Write the line of one field and the lines below it.

        Args:
            label: What stands before the type: `name: `, `@Shape: `, `(each) ` or `(or) `.
            schema: The field's schema.
            at: Pointer of its value in the record, `*` for any item; None inside a shared shape, which has many.
            depth: Levels of indentation.
        """
        phrase, deepest, below = self._phrase(schema, at)
        self.lines.append(f"{INDENT * depth}{label}{phrase}{self._remarks(schema, at)}")
        for child_label, child, child_at in _children(deepest, below):
            self.write(child_label, child, at=child_at, depth=depth + 1)

    def _phrase(self, schema: Json, at: str | None) -> tuple[str, Json, str | None]:
        """Return the type in words, and the schema, with its pointer, that the lines below belong to."""
        if isinstance(schema, dict) and "anyOf" in schema and has_words(schema):
            inline = self._inline_branches(schema["anyOf"], at)
            return (inline, None, None) if inline else ("any of", schema, at)
        return self._alternative(schema, at)

    def _alternative(self, schema: Json, at: str | None) -> tuple[str, Json, str | None]:
        if not has_words(schema):
            return "schema " + quoted(schema), None, None
        if "$ref" in schema:
            return "@" + _name(schema["$ref"].removeprefix(REFERENCE)), None, None
        phrase = _typed(schema)
        items_at = _items_at(at)
        if self._takes_items_inline(schema, items_at):
            inner, deepest, below = self._alternative(schema["items"], items_at)
            return f"{phrase}, each {inner}", deepest, below
        return phrase, schema, at

    def _inline_branches(self, branches: list[Json], at: str | None) -> str | None:
        """Return alternatives as `@Party, or null`, None when one of them needs lines of its own."""
        if not branches or not all(self._is_short(branch, at) for branch in branches):
            return None
        phrases = [self._alternative(branch, at)[0] for branch in branches]
        return ", or ".join(phrases) if phrases[1:] else ALONE + phrases[0]

    def _is_short(self, schema: Json, at: str | None) -> bool:
        if not has_words(schema) or schema.keys() & {*_REMARKS, "anyOf", "properties"}:
            return False
        items_at = _items_at(at)
        return "items" not in schema or (items_at not in self.untold and self._is_short(schema["items"], items_at))

    def _takes_items_inline(self, schema: JsonObject, items_at: str | None) -> bool:
        if "items" not in schema or "properties" in schema or items_at in self.untold:
            return False
        items = schema["items"]
        return not has_words(items) or not ("anyOf" in items or _REMARKS & items.keys())

    def _remarks(self, schema: Json, at: str | None) -> str:
        text = ""
        if has_words(schema):
            if "title" in schema:
                text += f" title {quoted(schema['title'])}"
            if "description" in schema:
                text += f" {quoted(schema['description'])}"
        if at is not None and at in self.untold:
            text += f" rule {quoted(self.untold.pop(at))}"
        return text


def has_words(schema: Json) -> bool:
    """Whether our words can say all of this schema's own keywords."""
    if not isinstance(schema, dict) or not all(isinstance(schema.get(key, ""), str) for key in _REMARKS):
        return False
    keys = schema.keys() - _REMARKS
    if "$ref" in keys:
        return keys == {"$ref"} and str(schema["$ref"]).startswith(REFERENCE)
    if "anyOf" in keys:
        return keys == {"anyOf"} and isinstance(schema["anyOf"], list)
    return _has_typed_words(schema, keys - LIMITS.keys())


def _has_typed_words(schema: JsonObject, keys: set[str]) -> bool:
    types = _types(schema)
    if types is None:
        return False
    expected = {"type"} if "type" in schema else set()
    if "object" in types:
        expected |= _OBJECT_KEYS
    if "array" in types:
        expected |= {"items"}
    return keys == expected and ("object" not in types or _is_closed(schema))


def _types(schema: JsonObject) -> list[str] | None:
    """Return the types as a list, None when they are not such as we have words for."""
    declared = schema.get("type", [])
    types = [declared] if isinstance(declared, str) else declared
    if not isinstance(types, list) or not all(isinstance(name, str) and name in TYPES for name in types):
        return None
    is_list_of_few = isinstance(declared, list) and "type" in schema and not declared[1:]
    return None if is_list_of_few or len(set(types)) < len(types) else types


def _is_closed(schema: JsonObject) -> bool:
    properties = schema["properties"]
    return (
        isinstance(properties, dict)
        and schema["required"] == list(properties)
        and schema["additionalProperties"] is False
    )


def _typed(schema: JsonObject) -> str:
    words = " or ".join(TYPES[name] for name in _types(schema) or ()) or "value"
    limits = [phrase + quoted(schema[keyword]) for keyword, phrase in LIMITS.items() if keyword in schema]
    return f"{words} ({', '.join(limits)})" if limits else words


def _children(schema: Json, at: str | None) -> list[tuple[str, Json, str | None]]:
    """Return label, schema and pointer of each line directly below a field whose type says it has some."""
    if schema is None:
        return []
    if "anyOf" in schema:
        return [("(or) ", branch, at) for branch in schema["anyOf"]]
    below = [
        (f"{_name(name)}: ", member, None if at is None else at + jsontext.pointer(name))
        for name, member in schema.get("properties", {}).items()
    ]
    if "items" in schema:
        below.append(("(each) ", schema["items"], _items_at(at)))
    return below


def _items_at(at: str | None) -> str | None:
    return None if at is None else at + "/*"


def _name(name: str) -> str:
    return name if PLAIN_NAME.fullmatch(name) else quoted(name)


def _without_shared_shapes(schema: JsonObject) -> tuple[JsonObject, JsonObject]:
    shared = schema.get("$defs")
    if not isinstance(shared, dict) or not shared:
        return schema, {}
    return {keyword: value for keyword, value in schema.items() if keyword != "$defs"}, shared
