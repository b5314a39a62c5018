"""Whether two branches of a union may write different values alike.

A wire value that fits two branches is read by the first one whose reading satisfies the target. Where both would
read it alike, that does no harm; where not, a record may come back as another one. To find out, both branches are
walked at once, each by its wire schema and its codec.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from extractor import jsontext
from extractor.schema.codecs import KEY, SAME, VALUE, Boxed, Elements, Maybe, MaybeSet, Named, Table
from extractor.schema.free_form import AnyJson
from extractor.schema.object_codecs import Members, Pairs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from extractor.records import Json, JsonObject
    from extractor.schema.lifting import Codec
    from extractor.schema.wire_forms import Form, Forms

#: No wire value fits both; what fits both is read alike; something that fits both is read in two ways.
APART, ALIKE, CONFUSABLE = range(3)
#: Pairs of forms looked at for one lowering, some 9 µs each; the largest of 635 real schemas has 1,200.
#: What is left then counts as confusable, which is safe.
MAX_PAIRS: Final = 50_000
#: Levels below two branches that are looked at. What lies deeper counts likewise.
MAX_DEPTH: Final = 50

#: A part of the wire, and how it is read.
Way = tuple["JsonObject", "Codec"]
_Key = tuple[int, int, int, int]


class Likeness:
    """What is known about the likeness of parts of one wire schema."""

    def __init__(self, forms: Forms, *, is_null_exact: bool) -> None:
        self._forms = forms
        self._is_null_exact = is_null_exact
        self._left = MAX_PAIRS
        self._depth = 0
        #: Identities of two wires and their codecs -> how alike they are, which is never `ALIKE` here: that may have
        #: been found while something that they are part of was still being compared.
        self._known: dict[_Key, int] = {}
        #: What has been compared for one question, or is being compared and counts as `ALIKE` until that is done.
        self._met: set[_Key] = set()

    def forget(self) -> None:
        """Start anew: what has been compared may not live any more."""
        self._known.clear()
        self._forms.forget()

    def are_confusable(self, one: Way, other: Way) -> bool:
        """Return whether some wire value fits two branches and is read by each in its own way.

        What contains itself is compared once more if something in it turned out to be confusable meanwhile.
        """
        known = -1
        while known < len(self._known):
            known = len(self._known)
            self._met.clear()
            likeness = self._compare(one, other)
            if likeness != ALIKE:
                return likeness == CONFUSABLE
        return False

    def _compare(self, one: Way, other: Way) -> int:
        """Return how alike two parts of the wire are, each read by its own codec."""
        if _are_same(one, other):
            return ALIKE
        key = id(one[0]), id(one[1]), id(other[0]), id(other[1])
        if key in self._known:
            return self._known[key]
        if key in self._met:
            return ALIKE
        if self._depth >= MAX_DEPTH:
            return CONFUSABLE
        self._met.add(key)
        self._depth += 1
        likeness = APART
        others = self._forms.of(*other)
        for form in self._forms.of(*one):
            for another in others:
                if likeness != CONFUSABLE and _are_of_one_type(form, another):
                    likeness = max(likeness, self._compare_forms(form, another))
        self._depth -= 1
        if likeness != ALIKE:
            self._known[key] = likeness
        return likeness

    def _compare_forms(self, one: Form, other: Form) -> int:
        self._left -= 1
        if self._left < 0:
            return CONFUSABLE
        if one.kind == "object":
            return self._compare_objects(one, other)
        if one.kind == "array":
            return self._compare_lists(one, other)
        if one.kind == "string":
            return _compare_texts(one, other)
        if one.kind == "null":
            is_told = self._is_null_exact and _is_absence(one) != _is_absence(other)
            return CONFUSABLE if is_told else ALIKE
        return APART if _exclude_one_another(one.wire, other.wire) else ALIKE

    def _compare_objects(self, one: Form, other: Form) -> int:
        members, others = one.wire["properties"], other.wire["properties"]
        if any(_exclude_one_another(member, others[name]) for name, member in members.items()):
            return APART
        likeness = ALIKE
        codecs: tuple[Codec, Codec] = one.codec, other.codec
        if _structure(one.codec) != _structure(other.codec):
            likeness, codecs = CONFUSABLE, (SAME, SAME)
        for name, member in members.items():
            found = self._compare((member, _codec_of(name, codecs[0])), (others[name], _codec_of(name, codecs[1])))
            if found == APART:
                return APART
            likeness = max(likeness, found)
        return likeness

    def _compare_lists(self, one: Form, other: Form) -> int:
        least = max(form.wire.get("minItems", 0) for form in (one, other))
        if least > min(form.wire.get("maxItems", least) for form in (one, other)):
            return APART
        likeness = APART if least else ALIKE
        maps = [form.codec for form in (one, other) if isinstance(form.codec, Pairs)]
        items, others = one.wire["items"], other.wire["items"]
        if len(maps) == 1:
            return CONFUSABLE if not least or self._compare((items, SAME), (others, SAME)) != APART else APART
        if maps:
            return max(likeness, self._compare_pairs(items["properties"], others["properties"], maps))
        codecs, other_codecs = _by_position(one.codec), _by_position(other.codec)
        for position in range(max(len(codecs), len(other_codecs))):
            codec, other_codec = (found[min(position, len(found) - 1)] for found in (codecs, other_codecs))
            likeness = max(likeness, self._compare((items, codec), (others, other_codec)))
        return likeness

    def _compare_pairs(self, pair: JsonObject, other: JsonObject, maps: list[Pairs]) -> int:
        if self._compare((pair[KEY], SAME), (other[KEY], SAME)) == APART:
            return APART
        return self._compare((pair[VALUE], maps[0].value), (other[VALUE], maps[1].value))


def _are_same(one: Way, other: Way) -> bool:
    """Return whether two parts are one and the same, as far as that shows without a look inside."""
    codec, other_codec = one[1], other[1]
    if isinstance(codec, Named):
        return isinstance(other_codec, Named) and codec.name == other_codec.name
    if isinstance(codec, AnyJson):
        return isinstance(other_codec, AnyJson)
    return codec == other_codec and one[0] == other[0]


def _are_of_one_type(one: Form, other: Form) -> bool:
    """Return whether two forms are of one type and, where they are objects, have the same members."""
    if one.kind != "object" or other.kind != "object":
        return one.kind == other.kind
    return bool(one.wire["properties"].keys() == other.wire["properties"].keys())


def _is_absence(form: Form) -> bool:
    return isinstance(form.codec, (Maybe, MaybeSet))


def _structure(codec: Codec) -> tuple[bool, str | None]:
    """Return how an object on the wire becomes a value: whether it is a box, and which member holds all others."""
    return isinstance(codec, (Boxed, MaybeSet)), codec.extra if isinstance(codec, Members) else None


def _codec_of(name: str, codec: Codec) -> Codec:
    """Return how a member of an object on the wire is read."""
    if isinstance(codec, (Boxed, MaybeSet)):
        return codec.inner
    if isinstance(codec, Members):
        return codec.others if name == codec.extra else codec.declared[name]
    return SAME


def _by_position(codec: Codec) -> tuple[Codec, ...]:
    """Return how the items of a list are read; the last way is that of all further ones."""
    return (*codec.first, codec.rest) if isinstance(codec, Elements) else (SAME,)


def _exclude_one_another(one: JsonObject, other: JsonObject) -> bool:
    """Return whether two parts of the wire are enums without a common value."""
    return "enum" in one and "enum" in other and not any(value in other["enum"] for value in one["enum"])


def _compare_texts(one: Form, other: Form) -> int:
    texts, others = _texts(one), _texts(other)
    if texts is None or others is None:
        common = others if texts is None else texts
    else:
        common = [text for text in texts if text in others]
    if common is not None and not common:
        return APART
    if (one.codec is SAME) == (other.codec is SAME):
        return ALIKE  # as they stand, or both as JSON
    is_table = isinstance(one.codec, Table) or isinstance(other.codec, Table)
    return CONFUSABLE if common is None or is_table or any(map(_is_json, common)) else ALIKE


def _texts(form: Form) -> Iterable[Json] | None:
    """Return the strings that a form allows, None for any."""
    if isinstance(form.codec, Table):
        return form.codec.values
    return [text for text in form.wire["enum"] if isinstance(text, str)] if "enum" in form.wire else None


def _is_json(text: str) -> bool:
    try:
        jsontext.read(text)
    except jsontext.NotStrictJson:
        return False
    return True
