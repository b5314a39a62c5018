"""The two ways between a record and its wire form, one small class per construct.

`embed` turns a record's value into its wire form, `lift` turns it back. Both are total: a value of an unexpected
kind passes unchanged, because telling what is wrong with it is the validator's work. Only what cannot be seen any
more after lifting (a key given twice, text that does not decode) is reported here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from extractor.schema.fitting import text_of
from extractor.schema.lifting import ABSENT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from extractor.records import Json
    from extractor.schema.lifting import Codec, Place

#: Names of the members that carry structure on the wire.
KEY, VALUE, SET, ENTRIES, RESULT, EXTRA = "key", "value", "set", "entries", "result", "_extra"


class Same:
    """The wire form is the value itself."""

    def embed(self, value: Json) -> Json:
        return value

    def lift(self, value: Json, place: Place) -> Json:  # noqa: ARG002 - the protocol's signature
        return value


#: The one instance: code compares with `is SAME` to skip work.
SAME: Final = Same()


@dataclass(slots=True)
class Nullable:
    """A value that may be null in the record and on the wire alike; an absent one is written as null."""

    inner: Codec

    def embed(self, value: Json) -> Json:
        return None if value is None or value is ABSENT else self.inner.embed(value)

    def lift(self, value: Json, place: Place) -> Json:
        return None if value is None else self.inner.lift(value, place)


@dataclass(slots=True)
class Stated:
    """A required leaf that the model may leave unstated: null on the wire, a violation in the record."""

    inner: Codec

    def embed(self, value: Json) -> Json:
        return None if value is None else self.inner.embed(value)

    def lift(self, value: Json, place: Place) -> Json:
        if value is None:
            place.report("not_stated", "A value is required here, and the answer says that none is stated.")
            return None
        return self.inner.lift(value, place)


@dataclass(slots=True)
class Maybe:
    """An optional member: null on the wire means that it is not there."""

    inner: Codec

    def embed(self, value: Json) -> Json:
        return None if value is ABSENT or value is None else self.inner.embed(value)

    def lift(self, value: Json, place: Place) -> Json:
        return ABSENT if value is None else self.inner.lift(value, place)


@dataclass(slots=True)
class MaybeSet:
    """An optional member that may also be null: `{"set": value}` when it is there, null when it is not."""

    inner: Codec

    def embed(self, value: Json) -> Json:
        return None if value is ABSENT else {SET: self.inner.embed(value)}

    def lift(self, value: Json, place: Place) -> Json:
        if value is None:
            return ABSENT
        return self.inner.lift(value[SET], place.inside(SET)) if is_box(value, SET) else self.inner.lift(value, place)


@dataclass(slots=True)
class Elements:
    """A list: the first items each in their own way, the others all alike."""

    first: tuple[Codec, ...]
    rest: Codec

    def embed(self, value: Json) -> Json:
        if not isinstance(value, list):
            return value
        return [self._codec(index).embed(item) for index, item in enumerate(value)]

    def lift(self, value: Json, place: Place) -> Json:
        if not isinstance(value, list):
            return value
        return [self._codec(index).lift(item, place.below(index)) for index, item in enumerate(value)]

    def _codec(self, index: int) -> Codec:
        return self.first[index] if index < len(self.first) else self.rest


@dataclass(slots=True)
class Boxed:
    """A value that is the one member of an object on the wire.

    So travel a root that is no object, `{"result": …}`, and a map, `{"entries": …}`, where a union holds another list
    that it could be taken for.
    """

    inner: Codec
    #: Name of the member.
    name: str

    def embed(self, value: Json) -> Json:
        return {self.name: self.inner.embed(value)}

    def lift(self, value: Json, place: Place) -> Json:
        boxed = is_box(value, self.name)
        lifted = self.inner.lift(value[self.name], place.inside(self.name)) if boxed else self.inner.lift(value, place)
        return None if lifted is ABSENT else lifted


@dataclass(slots=True)
class Table:
    """An enum whose values are not all scalars: each travels as its canonical JSON text."""

    #: Text on the wire -> value.
    values: Mapping[str, Json]

    def embed(self, value: Json) -> Json:
        return text_of(value).decode("utf-8", "surrogatepass")

    def lift(self, value: Json, place: Place) -> Json:
        place.is_written_as("choice of texts")
        return self.values.get(value, value) if isinstance(value, str) else value


@dataclass(slots=True)
class Named:
    """A definition, looked up when it is needed, so that definitions may contain themselves."""

    #: Definition name -> codec, filled while lowering.
    definitions: Mapping[str, Codec]
    name: str

    def embed(self, value: Json) -> Json:
        return self.definitions[self.name].embed(value)

    def lift(self, value: Json, place: Place) -> Json:
        return self.definitions[self.name].lift(value, place)


def is_box(value: Json, name: str) -> bool:
    """Return whether `value` is an object with the one member `name`."""
    return isinstance(value, dict) and len(value) == 1 and name in value
