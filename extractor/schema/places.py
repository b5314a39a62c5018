"""The places of a schema: which of its parts look at one and the same value, and where names and indices lead.

A place is a schema that stands for the root, a member or an item, together with everything that applies to the same
value: what it refers to, `allOf`, the branches of its unions. Parts count as often as they are evaluated there.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from extractor.schema.keywords import ANNOTATIONS, COUNTS, NUMBER, SCALARS, known, subschemas
from extractor.schema.patterns import compile_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from extractor.records import Json, JsonObject
    from extractor.schema.references import References

#: Steps of this analysis. A schema of 20,000 values takes some 30,000, unless everything refers to everything.
MAX_STEPS: Final = 100_000
#: A place where everything below a value is looked at: it is compared, or its items must differ.
EVERYTHING: Final = "everything"
#: A place where a member's name is compared with a pattern.
NAME: Final = "name"
#: The place of every schema that says nothing of what is inside a value, and is known to take one evaluation.
LEAF: Final = "leaf"
_OF_LEAVES: Final = ANNOTATIONS | {"type", "format", *NUMBER, *COUNTS}
#: Before the location of a part that is searched for the members and items it has evaluated.
_SEARCH: Final = "search "
_SEARCHING: Final = frozenset({"unevaluatedProperties", "unevaluatedItems"})
#: What a search evaluates again.
_SEARCHED: Final = frozenset({"contains", "unevaluatedItems"})
_DEFINITIONS: Final = frozenset({"$defs", "definitions"})
#: Keywords whose schemas stand for one name or index each, where they hold several.
_BY_NAME: Final = frozenset({"properties", "prefixItems", "items"})
#: Keywords of objects; those of arrays lead to items.
_OF_MEMBERS: Final = frozenset({
    "properties", "additionalProperties", "patternProperties", "propertyNames", "unevaluatedProperties",
})  # fmt: skip
#: Keywords that list something, and how many entries cost as much as evaluating one schema.
_LISTING: Final = ("properties", "required", "enum", "dependentRequired", "dependencies")
_ENTRIES: Final = 100


class TooManyPlaces(Exception):
    """The analysis takes too long; nothing is known."""


@dataclass(slots=True)
class Steps:
    """Where names lead, or indices: place -> how often it is evaluated."""

    #: For every name that is not in `named`.
    rest: dict[str, int] = field(default_factory=dict)
    #: Name -> what differs from the rest.
    named: dict[str, dict[str, int]] = field(default_factory=dict)

    def enter(self, place: str, times: int) -> None:
        """Let every name lead to a place so many times more."""
        self.rest[place] = self.rest.get(place, 0) + times

    def enter_for(self, name: str, place: str, times: int) -> None:
        """Let one name lead to a place so many times more than the rest."""
        found = self.named.setdefault(name, {})
        found[place] = found.get(place, 0) + times


@dataclass(slots=True)
class Place:
    """What happens at one value."""

    #: Schemas evaluated.
    evaluations: int = 0
    #: Instructions of patterns that run over one character.
    instructions: int = 0
    #: Unions that read the value by trial.
    unions: int = 0
    #: To its members, if it is an object.
    members: Steps = field(default_factory=Steps)
    #: To its items, if it is a list.
    items: Steps = field(default_factory=Steps)

    #: The places one step away.
    leads_to: frozenset[str] = frozenset()


def places_of(references: References) -> dict[str, Place]:
    """Return every place that a value can come to: location of its schema -> place; "" is the root.

    Args:
        references: Of a schema that admission took: its references lead somewhere, and never in a circle.

    Raises:
        TooManyPlaces: after `MAX_STEPS`.
    """
    return _Survey(references).run()


@dataclass(slots=True)
class _Part:
    """One schema of the document, taken apart once."""

    #: Its keywords, as far as its draft knows them; empty where the schema is true or false.
    node: JsonObject
    #: Locations of what it applies to the same value.
    applied: list[str] = field(default_factory=list)
    #: Keyword, name or index ("" where the keyword has one schema), and location of what it applies elsewhere.
    leads: list[tuple[str, str, str]] = field(default_factory=list)


class _Survey:
    """The state of one `places_of`."""

    def __init__(self, references: References) -> None:
        self._references = references
        self._left = MAX_STEPS
        self._parts: dict[str, _Part] = {}
        self._nodes: dict[str, Json] = {"": references.root}
        self._unions: dict[tuple[str | None, ...], str] = {}

    def run(self) -> dict[str, Place]:
        found = {EVERYTHING: _everything(), NAME: Place(evaluations=1), LEAF: Place(evaluations=1)}
        waiting = [""]
        while waiting:
            at = waiting.pop()
            if at not in found:
                found[at] = place = self._place(at)
                waiting += place.leads_to
        return found

    def _place(self, at: str) -> Place:
        place = Place()
        whole = self._part(at)
        if not whole.applied:
            place.evaluations = 1
            _enter(place, whole.node, times=1)
            self._lead(place, whole, whole.leads, times=1)
        else:
            self._gather(place, at)
        sides = (place.members, place.items)
        place.leads_to = frozenset().union(*(counts for side in sides for counts in (side.rest, *side.named.values())))
        return place

    def _gather(self, place: Place, at: str) -> None:
        """Enter everything that applies at a place, as often as it does."""
        counts = Counter({at: 1})
        applied: dict[str, list[str]] = {}
        for name in self._in_order(at, applied):
            times = counts[name]
            place.evaluations += times
            for below in applied[name]:
                counts[below] += times
            location = name.removeprefix(_SEARCH)
            part = self._part(location)
            if name == location:
                _enter(place, part.node, times=times)
                self._lead(place, part, part.leads, times=times)
            else:
                self._lead(place, part, [lead for lead in part.leads if lead[0] in _SEARCHED], times=times)

    def _in_order(self, at: str, applied: dict[str, list[str]]) -> list[str]:
        """Return every part that applies at a place, each behind all that it applies through."""
        order: dict[str, None] = {}
        path = [at]
        while path:
            name = path[-1]
            if name not in applied:
                applied[name] = self._applied(name)
                self._step(1 + len(applied[name]))
                path += [below for below in applied[name] if below not in applied]
            else:
                order.setdefault(path.pop())
        return list(order)[::-1]

    def _applied(self, name: str) -> list[str]:
        """Return what a part applies to the same value, and what is searched for it."""
        location = name.removeprefix(_SEARCH)
        part = self._part(location)
        if name == location and _SEARCHING.isdisjoint(part.node):
            return part.applied
        if name == location:
            return [*part.applied, _SEARCH + location]
        return part.applied + [_SEARCH + below for below in part.applied]

    def _part(self, location: str) -> _Part:
        if location not in self._parts:
            self._parts[location] = self._taken_apart(location)
        return self._parts[location]

    def _taken_apart(self, location: str) -> _Part:
        if location not in self._nodes:
            self._nodes[location] = self._references.at(location)
        node = self._nodes[location]
        if not isinstance(node, dict):
            return _Part({})
        part = _Part(known(node, self._references.draft))
        for at, schema, applies_here in subschemas(node, location, self._references.draft):
            if applies_here:
                self._nodes[at] = schema
                part.applied.append(at)
                continue
            keyword, _, name = at[len(location) + 1 :].partition("/")
            if keyword not in _DEFINITIONS:
                part.leads.append((keyword, name, self._shared(schema, at)))
        if "$ref" in node:
            part.applied.append(self._references.locate(node["$ref"]))
        return part

    def _shared(self, schema: Json, at: str) -> str:
        """Return the place of the schema at `at`: the same for leaves, for references, and for equal unions of both."""
        self._nodes[at] = schema
        known_place = self._without_own_place(schema)
        if known_place is not None:
            return known_place
        branches = schema.get("anyOf") if isinstance(schema, dict) else None
        if not isinstance(branches, list) or schema.keys() - ANNOTATIONS != {"anyOf"}:
            return at
        forms = tuple(self._without_own_place(branch) for branch in branches)
        return at if None in forms else self._unions.setdefault(forms, at)

    def _without_own_place(self, schema: Json) -> str | None:
        """Return the place that a leaf, or a mere reference, stands for; None of other schemas."""
        if not isinstance(schema, dict) or schema.keys() <= _OF_LEAVES:
            return LEAF
        if "$ref" in schema and schema.keys() - ANNOTATIONS == {"$ref"}:
            return self._references.locate(schema["$ref"])
        return None

    def _lead(self, place: Place, part: _Part, leads: Iterable[tuple[str, str, str]], *, times: int) -> None:
        """Enter where the part's names and indices lead."""
        for keyword, name, at in leads:
            self._step(1)
            side = place.members if keyword in _OF_MEMBERS else place.items
            if name and keyword in _BY_NAME:
                side.enter_for(name, at, times)
                continue
            side.enter(at, times)
            for other in _excepted(part, keyword):
                self._step(1)
                side.enter_for(other, at, -times)

    def _step(self, count: int) -> None:
        self._left -= count
        if self._left < 0:
            raise TooManyPlaces


def _excepted(part: _Part, keyword: str) -> Iterator[str]:
    """Yield the names and indices that have schemas of their own, so that this keyword does not apply to them."""
    if keyword == "additionalProperties":
        return (name for own, name, _ in part.leads if own == "properties")
    if keyword in {"additionalItems", "items"}:
        return (name for own, name, _ in part.leads if name and own in {"prefixItems", "items"})
    return iter(())


def _everything() -> Place:
    steps = Steps({EVERYTHING: 1})
    return Place(1, members=steps, items=steps, leads_to=frozenset({EVERYTHING}))


def _enter(place: Place, node: JsonObject, *, times: int) -> None:
    """Enter what a part does itself, without the schemas in it."""
    patterns = list(node.get("patternProperties", ()))
    place.evaluations += times * (sum(_length(node[keyword]) for keyword in _LISTING if keyword in node) // _ENTRIES)
    if patterns:
        place.members.enter(NAME, times * len(patterns))
    if isinstance(node.get("pattern"), str):
        patterns.append(node["pattern"])
    place.instructions += times * sum(compile_pattern(pattern).instructions for pattern in patterns)
    place.unions += sum(_is_union(node[keyword]) for keyword in ("anyOf", "oneOf") if keyword in node)
    compared = (*node.get("enum", ()), node.get("const"))
    if any(isinstance(value, (dict, list)) for value in compared):
        place.members.enter(EVERYTHING, times)
        place.items.enter(EVERYTHING, times)
    if node.get("uniqueItems") is True:
        place.items.enter(EVERYTHING, times)


def _length(value: Json) -> int:
    return len(value) if isinstance(value, (dict, list)) else 0


def _is_union(branches: Json) -> bool:
    """Return whether values of several branches may be objects or lists, so that they are told apart by trial."""
    return isinstance(branches, list) and sum(not _is_scalar(branch) for branch in branches) > 1


def _is_scalar(schema: Json) -> bool:
    stated = schema.get("type") if isinstance(schema, dict) else None
    types = [stated] if isinstance(stated, str) else stated
    return isinstance(types, list) and all(name in SCALARS for name in types)
