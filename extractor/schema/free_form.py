"""Free-form JSON on the wire: as a recursive definition, or as text where a dialect has no recursion."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extractor import jsontext
from extractor.schema.codecs import ENTRIES, KEY, VALUE, is_box
from extractor.schema.object_codecs import Pairs
from extractor.schema.pieces import Piece
from extractor.schema.sentences import quoted

if TYPE_CHECKING:
    from extractor.records import Json
    from extractor.schema.lifting import Place


class JsonText:
    """Free-form JSON as text, where the dialect has no recursion."""

    def embed(self, value: Json) -> Json:
        return jsontext.canonical(value).decode("utf-8", "surrogatepass")

    def lift(self, value: Json, place: Place) -> Json:
        if not isinstance(value, str):
            return value
        place.is_written_as("text")
        try:
            read, notes = jsontext.read(value)
        except jsontext.NotStrictJson:
            place.report("not_json", "The text here must be one JSON value.")
            return value
        for note in notes:
            place.repair(note.name, below=note.at)
        return read


class AnyJson:
    """Free-form JSON. Objects travel as `{"entries": [{key, value} …]}`, everything else as itself."""

    def embed(self, value: Json) -> Json:
        if isinstance(value, dict):
            return {ENTRIES: [{KEY: key, VALUE: self.embed(member)} for key, member in value.items()]}
        return [self.embed(item) for item in value] if isinstance(value, list) else value

    def lift(self, value: Json, place: Place) -> Json:
        if isinstance(value, list):
            return [self.lift(item, place.below(index)) for index, item in enumerate(value)]
        if isinstance(value, dict):
            is_boxed = is_box(value, ENTRIES)
            return (
                Pairs(self).lift(value[ENTRIES], place.inside(ENTRIES)) if is_boxed else Pairs(self).lift(value, place)
            )
        return value


def as_text(schema: Json) -> Piece:
    """Return the piece for a value as JSON text; `schema` is quoted, because nothing else shows what it holds."""
    rules = "Written as JSON text." if schema is True else f"Written as JSON text that fits {quoted(schema)}."
    return Piece({"type": "string", "description": rules}, JsonText(), rules=rules, allows_null=True)
