"""The wire schema out of its words again: the inverse of `words.render`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from extractor import jsontext
from extractor.prompt.words import ALONE, INDENT, LIMITS, PLAIN_NAME, REFERENCE, TYPES
from extractor.records import Shape

if TYPE_CHECKING:
    from extractor.records import Json, JsonObject

_TYPES_BY_WORD = {word: name for name, word in TYPES.items()}
_JSON = json.JSONDecoder()


def read(text: str) -> Shape:
    """Return the shape that `words.render` wrote as `text`. Its `expected_tokens` is not told and has its default.

    Raises:
        ValueError: `text` was not written by `words.render`.
    """
    reader = _Reader(text)
    name = reader.line.name()
    schema = reader.field(reader.line.after(": "), at="", depth=0)
    shared: JsonObject = {}
    while reader.starts("@"):
        shape_name = reader.line.after("@").name()
        shared[shape_name] = reader.field(reader.line.after(": "), at=None, depth=0)
    while reader.starts("rule at "):
        at = reader.line.after("rule at ").json()
        reader.told[at] = reader.line.after(" ").json()
        reader.advance()
    if reader.has_more:
        raise ValueError("a line stands where none can")
    return Shape(schema=schema | ({"$defs": shared} if shared else {}), name=name, told=reader.told)


class _Line:
    """One line, read from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def starts(self, literal: str) -> bool:
        return self.text.startswith(literal, self.at)

    def took(self, literal: str) -> bool:
        """Step over `literal` if it stands here, and say whether it did."""
        if not self.starts(literal):
            return False
        self.at += len(literal)
        return True

    def after(self, literal: str) -> _Line:
        """Step over `literal`, which must stand here."""
        if not self.took(literal):
            raise ValueError(f"expected {literal!r} at column {self.at}")
        return self

    def json(self) -> Json:
        value, self.at = _JSON.raw_decode(self.text, self.at)
        return value

    def name(self) -> str:
        plain = PLAIN_NAME.match(self.text, self.at)
        if plain is None:
            return str(self.json())
        self.at = plain.end()
        return plain[0]

    def one_of(self, words: dict[str, str]) -> str:
        """Step over the first of `words` (word -> meaning) that stands here and return its meaning."""
        for word, meaning in words.items():
            if self.took(word):
                return meaning
        raise ValueError(f"unknown word at column {self.at}")


class _Reader:
    """All lines, the one being read, and the rules found beside fields."""

    def __init__(self, text: str) -> None:
        self._lines = text.split("\n")
        self._next = 0
        self.line = _Line(self._lines[0])
        self.told: dict[str, str] = {}

    @property
    def has_more(self) -> bool:
        return self._next < len(self._lines)

    def starts(self, literal: str) -> bool:
        return self.has_more and self.line.starts(literal)

    def advance(self) -> None:
        self._next += 1
        self.line = _Line(self._lines[self._next] if self.has_more else "")

    def field(self, line: _Line, *, at: str | None, depth: int) -> Json:
        """Read a field from after its label to the last line below it."""
        schema, deepest, below = _phrase(line, at)
        if line.took(" title "):
            schema["title"] = line.json()
        if line.starts(' "'):
            schema["description"] = line.after(" ").json()
        if line.took(" rule ") and at is not None:
            self.told[at] = line.json()
        self.advance()
        self._fill(deepest, at=below, depth=depth + 1)
        return schema

    def _fill(self, schema: JsonObject, *, at: str | None, depth: int) -> None:
        indent = INDENT * depth
        while self.starts(indent):
            line = self.line.after(indent)
            if line.took("(or) "):
                schema["anyOf"].append(self.field(line, at=at, depth=depth))
            elif line.took("(each) "):
                schema["items"] = self.field(line, at=None if at is None else at + "/*", depth=depth)
            else:
                name = line.name()
                member_at = None if at is None else at + jsontext.pointer(name)
                schema["required"].append(name)
                schema["properties"][name] = self.field(line.after(": "), at=member_at, depth=depth)


def _phrase(line: _Line, at: str | None) -> tuple[Json, JsonObject, str | None]:
    """Read a type; return its schema, and the schema, with its pointer, that the lines below belong to."""
    if line.took("any of"):
        union: JsonObject = {"anyOf": []}
        return union, union, at
    if line.took(ALONE):
        return {"anyOf": [_alternative(line, at)[0]]}, {}, None
    schema, deepest, below = _alternative(line, at)
    if not line.starts(", or "):
        return schema, deepest, below
    branches = [schema]
    while line.took(", or "):
        branches.append(_alternative(line, at)[0])
    return {"anyOf": branches}, {}, None


def _alternative(line: _Line, at: str | None) -> tuple[Json, JsonObject, str | None]:
    if line.took("schema "):
        return line.json(), {}, None
    schema = _reference_or_type(line)
    if not line.took(", each "):
        return schema, schema, at
    schema["items"], deepest, below = _alternative(line, None if at is None else at + "/*")
    return schema, deepest, below


def _reference_or_type(line: _Line) -> JsonObject:
    if line.took("@"):
        return {"$ref": REFERENCE + line.name()}
    schema = {} if line.took("value") else _typed(line)
    if line.took(" ("):
        keyword = line.one_of({phrase: keyword for keyword, phrase in LIMITS.items()})
        schema[keyword] = line.json()
        while line.took(", "):
            keyword = line.one_of({phrase: keyword for keyword, phrase in LIMITS.items()})
            schema[keyword] = line.json()
        line.after(")")
    return schema


def _typed(line: _Line) -> JsonObject:
    types = [line.one_of(_TYPES_BY_WORD)]
    while line.took(" or "):
        types.append(line.one_of(_TYPES_BY_WORD))
    schema: JsonObject = {"type": types if len(types) > 1 else types[0]}
    if "object" in types:
        schema |= {"properties": {}, "required": [], "additionalProperties": False}
    return schema
