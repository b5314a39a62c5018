"""The static limits of a schema: what passes here can be lowered and validated in bounded time and memory.

Everything is iterative, so that a hostile schema ends in a typed error and not in RecursionError. Every keyword that
lowering reads is of the right kind once a schema has passed, so lowering itself asks no more.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from extractor.errors import InvalidSchema, UnsupportedSchema
from extractor.schema.keywords import (
    COUNTS,
    DRAFT_4,
    DRAFTS,
    NUMBER,
    TYPES,
    mapping,
    names,
    of_draft,
    sequence,
    subschemas,
)
from extractor.schema.patterns import PatternRefused, compile_pattern
from extractor.schema.references import SIBLINGS_SINCE, Addresses, References

if TYPE_CHECKING:
    from collections.abc import Callable

    from extractor.records import Json, JsonObject

#: Containers inside one another. The deepest of 11,305 real schemas has 63.
MAX_DEPTH: Final = 64
#: JSON values in a schema. The 99.9th percentile of real schemas is 5,200.
MAX_NODES: Final = 20_000
#: Values of one enum. The largest real one has 5,383.
MAX_ENUM: Final = 5_500
#: Schemas that may apply to one place of an instance, references followed. 99.9 % of real schemas stay below.
MAX_EXPANDED: Final = 250_000
#: Schemas that apply to one place because each is a part of the one before, or what it refers to.
MAX_CHAIN: Final = 256
#: Keywords of a schema of which only the type has to be looked at.
_PLAIN: Final = frozenset({"type", "title", "description", "default", "examples", "deprecated"})
#: Keywords by which other parts may refer to a schema.
_NAMING: Final = frozenset({"$id", "id", "$anchor", "$dynamicAnchor"})


def admit(schema: Json) -> References:
    """Check `schema` against every static limit and return the reader of its references.

    Raises:
        InvalidSchema: it is not a schema at all.
        UnsupportedSchema: it is over a limit, or needs what is never done, such as fetching.
    """
    admit_json(schema)
    references = References(mapping(schema, ""))
    survey = _Survey(references)
    _refuse_endless(survey.together)
    references.localise(survey.moved, survey.addresses)
    return references


def admit_json(value: Json) -> None:
    """Check that `value` is JSON of bounded depth and size.

    Raises:
        InvalidSchema: it holds something that JSON has no word for.
        UnsupportedSchema: it is too deep or too large.
    """
    if hasattr(value, "model_json_schema"):
        raise InvalidSchema(
            "A class is given where its JSON Schema is needed: pass what its model_json_schema() returns."
        )
    level, depth, values = [value], 0, 0
    while level:
        depth += 1
        values += len(level)
        if depth > MAX_DEPTH:
            raise UnsupportedSchema("schema", at="", because=f"it is nested more than {MAX_DEPTH} levels deep")
        if values > MAX_NODES:
            raise UnsupportedSchema("schema", at="", because=f"it holds more than {MAX_NODES:,} values")
        below: list[Json] = []
        for node in level:
            if isinstance(node, dict):
                _admit_names(node)
                below += node.values()
            elif isinstance(node, list):
                below += node
            elif not isinstance(node, str) and not _is_scalar(node):
                raise InvalidSchema(f"The schema holds a {type(node).__name__} that JSON cannot express.")
        level = below


def _admit_names(node: JsonObject) -> None:
    for name in node:
        if not isinstance(name, str):
            raise InvalidSchema("The schema has a member whose name is not a string, which JSON does not allow.")


def _is_scalar(value: Json) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, int)


class _Survey:
    """One look at every schema of a document that can apply."""

    def __init__(self, references: References) -> None:
        self._references = references
        self._draft = references.draft
        self._checks = _CHECKS_OF[self._draft]
        #: Location -> locations of schemas that apply to the same instance.
        self.together: dict[str, list[str]] = {}
        #: Location of each schema whose reference is not the plain JSON Pointer of its target -> that target.
        self.moved: dict[str, str] = {}
        self._referring: list[tuple[str, str]] = []
        self._named: dict[str, JsonObject] = {}
        self._look([("", references.root)])
        #: The parts that have addresses. What only a reference leads to has none: nobody knows that it is a schema.
        self.addresses = Addresses(dict(self._named), self._draft)
        while self._referring:
            at, ref = self._referring.pop()
            self._follow(at, ref)

    def _look(self, open_schemas: list[tuple[str, Json]]) -> None:
        """Visit schemas and everything that their keywords hold."""
        while open_schemas:
            at, node = open_schemas.pop()
            if at in self.together:
                continue
            self.together[at] = applying = []
            self._references.note(at, node)
            if isinstance(node, bool) or _is_plain(node):
                continue
            for keyword, value in mapping(node, at).items():
                if keyword in self._checks:
                    self._checks[keyword](value, keyword, at)
            counts = "$ref" not in node or self._draft >= SIBLINGS_SINCE
            for below, part, applies_here in subschemas(node, at, self._draft):
                open_schemas.append((below, part))
                if applies_here and counts:
                    applying.append(below)
            if "$ref" in node:
                self._referring.append((at, node["$ref"]))
            if not _NAMING.isdisjoint(node):
                self._named[at] = node

    def _follow(self, at: str, ref: str) -> None:
        target = self.addresses.resolve(ref, at=at)
        found = self._references.at(target, named_at=f"{at}/$ref")
        if isinstance(found, bool) and self._draft == DRAFT_4:
            raise InvalidSchema(f"The schema refers at {at} to {target}, which is no schema in draft 4.", at=at)
        if self._references.locate(ref) != target:
            self.moved[at] = target
        self.together[at].append(target)
        self._look([(target, found)])


def _is_plain(node: Json) -> bool:
    """Return whether a schema names one type and nothing else that is to be looked at, as half of all do."""
    return (
        isinstance(node, dict)
        and node.keys() <= _PLAIN
        and isinstance(node.get("type", "null"), str)
        and node.get("type", "null") in TYPES
    )


def _number(value: Json, keyword: str, at: str) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise InvalidSchema(f"The schema's `{keyword}` at {at or 'its root'} is not a number.", at=f"{at}/{keyword}")


def _divisor(value: Json, keyword: str, at: str) -> None:
    _number(value, keyword, at)
    if value <= 0:
        raise InvalidSchema(f"The schema's `{keyword}` at {at or 'its root'} is not above zero.", at=f"{at}/{keyword}")


def _text(value: Json, keyword: str, at: str) -> None:
    if not isinstance(value, str):
        raise InvalidSchema(f"The schema's `{keyword}` at {at or 'its root'} is not a string.", at=f"{at}/{keyword}")


def _pattern(value: Json, keyword: str, at: str) -> None:
    _text(value, keyword, at)
    try:
        compile_pattern(value)
    except PatternRefused as refused:
        raise UnsupportedSchema(keyword, at=at, because=str(refused)) from None


def _patterns(value: Json, keyword: str, at: str) -> None:
    for pattern in mapping(value, f"{at}/{keyword}"):
        _pattern(pattern, keyword, at)


def _values(value: Json, keyword: str, at: str) -> None:
    if len(sequence(value, f"{at}/{keyword}")) > MAX_ENUM:
        raise UnsupportedSchema(keyword, at=at, because=f"it has more than {MAX_ENUM:,} values")


def _types(value: Json, keyword: str, at: str) -> None:
    listed = value if isinstance(value, list) else [value]
    if not listed or not all(name in TYPES for name in listed):
        raise InvalidSchema(
            f"The schema's `type` at {at or 'its root'} is not one of {', '.join(TYPES)}, or a list of some of them.",
            at=f"{at}/{keyword}",
        )


def _names(value: Json, keyword: str, at: str) -> None:
    names(value, f"{at}/{keyword}")


def _needs(value: Json, keyword: str, at: str) -> None:
    for needs in mapping(value, f"{at}/{keyword}").values():
        if keyword == "dependentRequired" or not isinstance(needs, (dict, bool)):
            names(needs, f"{at}/{keyword}")


def _refuse(_value: Json, keyword: str, at: str) -> None:
    raise UnsupportedSchema(keyword, at=at, because="its meaning depends on who refers to it")


#: Keyword -> the check of its value, which takes that, the keyword, and the location of the schema. The meta-schema
#: checks more, but not everybody asks it.
_CHECKS: Final[dict[str, Callable[[Json, str, str], None]]] = {
    **dict.fromkeys((*NUMBER, *COUNTS), _number),
    **dict.fromkeys(("$ref", "$id", "format"), _text),
    **dict.fromkeys(("$dynamicRef", "$recursiveRef"), _refuse),
    **dict.fromkeys(("dependentRequired", "dependencies"), _needs),
    "multipleOf": _divisor,
    "pattern": _pattern,
    "patternProperties": _patterns,
    "enum": _values,
    "type": _types,
    "required": _names,
}
#: Draft -> the same, of the keywords that it knows.
_CHECKS_OF: Final = {draft: of_draft(_CHECKS, draft) for draft in DRAFTS.values()}
_CHECKS_OF[DRAFT_4]["id"] = _text
for _keyword in ("exclusiveMinimum", "exclusiveMaximum"):
    del _CHECKS_OF[DRAFT_4][_keyword]


def _refuse_endless(together: dict[str, list[str]]) -> None:
    """Refuse schemas that apply to one place without end, or too often.

    `together` is the graph of schemas that apply to the same instance. A cycle in it is a schema that means
    nothing; a very large unfolding is one that takes exponential time.
    """
    sizes: dict[str, tuple[int, int]] = {at: (1, 1) for at, applying in together.items() if not applying}
    for start in together:
        if start not in sizes:
            _measure(start, together, sizes)
    longest = max(sizes, key=lambda at: sizes[at][1])
    if sizes[longest][1] > MAX_CHAIN:
        because = f"more than {MAX_CHAIN} schemas that only lead to one another apply to one place"
        raise UnsupportedSchema("$ref", at=longest, because=because)
    largest = max(sizes, key=sizes.__getitem__)
    if sizes[largest][0] > MAX_EXPANDED:
        raise UnsupportedSchema("$ref", at=largest, because="the schema is too large when its references are followed")


def _measure(start: str, together: dict[str, list[str]], sizes: dict[str, tuple[int, int]]) -> None:
    """Enter unfolded size and height of `start` and everything below it into `sizes`. Depth first, no recursion."""
    on_path: set[str] = set()
    path = [start]
    while path:
        at = path[-1]
        if at in sizes:
            path.pop()
            continue
        on_path.add(at)
        unknown = [below for below in together[at] if below not in sizes]
        if any(below in on_path for below in unknown):
            raise UnsupportedSchema("$ref", at=at, because="the schema refers to itself without going any deeper")
        if unknown:
            path.append(unknown[0])
            continue
        below_it = [sizes[below] for below in together[at]]
        sizes[at] = 1 + sum(size for size, _ in below_it), 1 + max(height for _, height in below_it)
        on_path.discard(at)
        path.pop()
