"""How long a record is expected to be: by its schema alone, and by what a document holds to fill it with."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from extractor.identity import Itself
from extractor.schema.items import FEWEST, Kind, items_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from extractor.records import JsonObject
    from extractor.schema.items import Items

#: Tokens of one leaf: its name, its value, its punctuation.
LEAF_TOKENS: Final = 16
#: Items that a list is expected to have.
ITEMS: Final = 20
#: Tokens that every record may take.
LEAST: Final = 1_024
#: Tokens beyond which no record is expected to go; lists in lists would multiply without end.
MOST: Final = 32_768
#: Bytes of JSON that make one token: fewer than of prose, because names, figures and punctuation are short.
ANSWER_BYTES_PER_TOKEN: Final = 3.8
#: Items of a list of single values, and of a list of objects in a text without anything that looks like one.
FEW: Final = 5
#: Bytes around a member: the quotes of its name, the colon, the comma. Around a string: its quotes.
AROUND: Final = 4
QUOTES: Final = 2
#: Bytes of a value by its type, and of one that is written out.
VALUE_BYTES: Final = {"null": 4, "boolean": 5, "integer": 3, "number": 6}
STRING_BYTES: Final = 20
#: Share of a text that its record repeats, as is expected and at most. Escapes and dates written in full add to it.
REPEATED: Final = 0.8
REPEATED_AT_MOST: Final = 1.3
#: Bytes of a text that an item of one value takes at least.
LEAST_ITEM: Final = 6


class Part(NamedTuple):
    """Bytes of an answer."""

    #: Names and punctuation, which are written whatever the document states.
    names: float = 0.0
    #: Values, which are copied from the document.
    values: float = 0.0

    def plus(self, other: Part, *, times: float = 1.0) -> Part:
        """Return this and `times` the other."""
        return Part(self.names + times * other.names, self.values + times * other.values)


_NOTHING: Final = Part()


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """Bytes of an answer, by what they are multiplied with."""

    #: Written once.
    once: Part = _NOTHING
    #: Of one item of its lists of single values, all such lists together.
    each_value: Part = _NOTHING
    #: Of one item of the longest list of objects, without the lists inside.
    each_row: Part = _NOTHING
    #: Of one item of a list around that list.
    each_group: Part = _NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """Tokens of an answer."""

    #: As many as it probably has; neither a floor nor a ceiling is put on it.
    likely: int
    #: As many as the document can fill, if every line of it were an item.
    most: int


def expected_answer(wire: JsonObject, text: str) -> Expected:
    """Return the tokens that the record of one document is expected to take.

    Lists are as long as there are rows, points or paragraphs in the text; values cannot be longer than the text that
    they are copied from. Thoughts are not counted. Linear in the text, 0.2 s for 1,000,000 characters at most.

    Args:
        wire: The wire schema.
        text: The document, or a part of it.
    """
    extent = _extent_of(Itself(wire))
    items = items_in(text)
    likely = _likely(extent, items)
    most = _most(extent, items)
    return Expected(likely=_tokens(likely), most=max(_tokens(most), _tokens(likely)))


def _tokens(size: float) -> int:
    return max(1, round(size / ANSWER_BYTES_PER_TOKEN))


def _likely(extent: Extent, items: Items) -> float:
    kind = _items_of(items)
    groups = max(1, min(items.tables, kind.number))
    rows = Part().plus(extent.each_row, times=kind.number)
    part = extent.once.plus(extent.each_value, times=FEW).plus(extent.each_group, times=groups)
    values = min(part.values + min(rows.values, kind.size), REPEATED * items.size)
    return part.names + rows.names + values


def _items_of(items: Items) -> Kind:
    """Return the objects of the longest list: the first kind of item that a text has."""
    for kind in (items.rows, items.points, items.figures):
        if kind.number >= FEWEST:
            return kind
    return Kind(min(items.paragraphs, FEW), items.size)


def _most(extent: Extent, items: Items) -> float:
    inner = extent.each_row.plus(extent.each_group)
    lines = max(items.lines, items.size // STRING_BYTES)
    rows = min(items.size // (LEAST_ITEM + inner.values / STRING_BYTES), lines)
    single = items.size // LEAST_ITEM if extent.each_value.values else 0
    names = extent.once.names + max(rows * inner.names, single * extent.each_value.names)
    return names + REPEATED_AT_MOST * items.size + extent.once.values


@lru_cache(maxsize=64)
def _extent_of(wire: Itself[JsonObject]) -> Extent:
    definitions: dict[str, JsonObject] = wire.value.get("$defs", {})
    known: dict[str, Extent] = {}
    for name in _inner_first(definitions):
        known[name] = _extent(definitions[name], known)
    return _extent(wire.value, known)


def _extent(node: JsonObject, known: Mapping[str, Extent]) -> Extent:
    """Return the bytes of one part. A definition inside itself counts as a leaf."""
    if "$ref" in node:
        return known.get(_name_in(node["$ref"]), _leaf({}))
    if "anyOf" in node:
        return max((_extent(branch, known) for branch in node["anyOf"]), key=_weight)
    if "properties" in node:
        return _object([(name, _extent(member, known)) for name, member in node["properties"].items()])
    if "items" in node:
        return _list(_extent(node["items"], known), most=node.get("maxItems", ITEMS + 1))
    return _leaf(node)


def _object(members: list[tuple[str, Extent]]) -> Extent:
    once, each_value = Part(names=2), _NOTHING
    for name, member in members:
        once = once.plus(member.once).plus(Part(names=len(name.encode("utf-8", "surrogatepass")) + AROUND))
        each_value = each_value.plus(member.each_value)
    longest = max((member for _, member in members), key=lambda member: sum(member.each_row), default=Extent())
    return Extent(once=once, each_value=each_value, each_row=longest.each_row, each_group=longest.each_group)


def _list(item: Extent, *, most: int) -> Extent:
    """Return the bytes of a list. One that may be only short is counted at its full length, as if written once."""
    brackets = Part(names=2)
    whole = item.once.plus(item.each_value, times=FEW).plus(Part(names=1))
    if any(item.each_row):
        return Extent(once=brackets, each_row=item.each_row, each_group=item.each_group.plus(whole))
    if most <= ITEMS:
        return Extent(once=brackets.plus(whole, times=most))
    if item.once.names <= QUOTES:
        return Extent(once=brackets, each_value=whole)
    return Extent(once=brackets, each_row=whole)


def _leaf(node: JsonObject) -> Extent:
    choices = node.get("enum") or ([node["const"]] if "const" in node else [])
    if choices:
        return Extent(once=Part(names=QUOTES, values=sum(len(str(choice)) for choice in choices) / len(choices)))
    kinds = node.get("type", "string")
    sizes = [VALUE_BYTES.get(kind, STRING_BYTES) for kind in ([kinds] if isinstance(kinds, str) else kinds)]
    quotes = QUOTES if "string" in kinds else 0
    return Extent(once=Part(names=quotes, values=min(max(sizes), node.get("maxLength", STRING_BYTES))))


def _weight(extent: Extent) -> float:
    parts = (extent.once, extent.each_value, extent.each_row, extent.each_group)
    return sum(part.names + part.values for part in parts)


def expected_tokens(wire: JsonObject, *, least: int = LEAST) -> int:
    """Return the tokens that a record of this wire schema is expected to take, `least` to `MOST`."""
    definitions: dict[str, JsonObject] = wire.get("$defs", {})
    measured: dict[str, int] = {}
    for name in _inner_first(definitions):
        measured[name] = _measure(definitions[name], measured)
    return min(max(_measure(wire, measured), least), MOST)


def _measure(node: JsonObject, measured: Mapping[str, int]) -> int:
    """Return the tokens of one part. A definition inside itself counts as a leaf."""
    if "$ref" in node:
        return measured.get(_name_in(node["$ref"]), LEAF_TOKENS)
    if "anyOf" in node:
        return max(_measure(branch, measured) for branch in node["anyOf"])
    if "properties" in node:
        return min(sum(_measure(member, measured) for member in node["properties"].values()), MOST)
    if "items" in node:
        items: int = min(ITEMS, node.get("maxItems", ITEMS))
        return min(_measure(node["items"], measured) * items, MOST)
    return LEAF_TOKENS


def _inner_first(definitions: Mapping[str, JsonObject]) -> Iterator[str]:
    """Yield every definition behind those that it refers to, as far as they do not refer to one another."""
    met: set[str] = set()
    for first in definitions:
        path = [(first, iter(_referred_to(definitions[first])))] if first not in met else []
        met.add(first)
        while path:
            name, ahead = path[-1]
            below = next((other for other in ahead if other not in met), None)
            if below is None:
                yield name
                path.pop()
            else:
                met.add(below)
                path.append((below, iter(_referred_to(definitions[below]))))


def _referred_to(node: JsonObject) -> Iterator[str]:
    """Yield the definitions that a part refers to."""
    open_nodes = [node]
    while open_nodes:
        part = open_nodes.pop()
        if "$ref" in part:
            yield _name_in(part["$ref"])
        open_nodes += part.get("anyOf", ())
        open_nodes += part.get("properties", {}).values()
        if "items" in part:
            open_nodes.append(part["items"])


def _name_in(reference: str) -> str:
    return reference.rsplit("/", 1)[1]
